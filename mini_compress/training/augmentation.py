"""Training images that are changed a little, each time anew."""

import torch
from torch import Tensor

from .._require import require_int
from .steps import Transform


def random_shifts(pixels: int) -> Transform:
    """Return a transform for `train` that moves each image at random.

    pixels : the farthest, >= 0. Each image is moved by a whole number of
        pixels in -pixels..pixels, of its own down and to the right; what
        comes in from outside is 0.

    >>> move = random_shifts(1)
    >>> images = torch.zeros(200, 1, 3, 3)
    >>> images[:, :, 1, 1] = 1
    >>> moved = move(images, torch.Generator().manual_seed(0))
    >>> moved.sum().item(), (moved.mean(dim=0) > 0).all().item()
    (200.0, True)

    See [hinton2015distilling], section 3, with 2 pixels.
    """
    require_int("pixels", pixels, 0)

    def transform(images: Tensor, generator: torch.Generator) -> Tensor:
        n, channels, height, width = images.shape
        down, right = torch.randint(
            -pixels, pixels + 1, (2, n, 1), generator=generator
        ).to(images.device)
        rows = torch.arange(height, device=images.device) - down  # (n, height)
        cols = torch.arange(width, device=images.device) - right  # (n, width)
        inside = _within(rows, height).unsqueeze(2) & _within(
            cols, width
        ).unsqueeze(1)  # (n, height, width)
        # one axis after the other: gather reads along one axis alone
        shape = (n, channels, height, width)
        moved = images.gather(
            2, rows.clamp(0, height - 1)[:, None, :, None].expand(shape)
        ).gather(3, cols.clamp(0, width - 1)[:, None, None, :].expand(shape))
        return moved * inside.unsqueeze(1)

    return transform


def _within(places: Tensor, size: int) -> Tensor:
    return (places >= 0) & (places < size)
