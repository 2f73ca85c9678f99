"""Where a network looks: maps of energy, and attention between patches."""

import torch
from torch import Tensor

from .._require import require_equal, require_number, require_one_of

FORMS = ("norm", "squares")


def attention_map(features: Tensor) -> Tensor:
    """Say where in an image a layer's energy is.

    features : (n, channels, h, w) floats
    returns : (n, h, w): the mean over the channels of their squares, divided
        by the map's own norm; a map without energy stays 0

    >>> features = torch.tensor([[[[1.0, 2], [0, 1]], [[3, 0], [0, 1]]]])
    >>> attention_map(features)
    tensor([[[0.9129, 0.3651],
             [0.0000, 0.1826]]])

    See [zagoruyko2017paying], section 3.1, and
    `kernels.soft_targets.attention_map`.
    """
    if features.ndim != 4:
        raise ValueError(
            "features must be (n, channels, h, w), got shape "
            f"{tuple(features.shape)}"
        )
    energy = features.square().mean(dim=1)
    return torch.nn.functional.normalize(energy.flatten(1)).view_as(energy)


def attention_loss(
    student: Tensor, teacher: Tensor, *, form: str = "squares"
) -> Tensor:
    """Compare where two layers look.

    student, teacher : (n, channels, h, w) floats, channels of their own each
    form : "norm", as the paper writes it: the norm of the difference of the
        two maps; its gradient does not fade as the maps come closer.
        "squares", as its authors' code and most others have it: the square of
        that, over the h * w positions.
    returns : the mean over images

    >>> one = torch.tensor([[[[3.0, 0.0]]]])
    >>> other = torch.tensor([[[[0.0, 1.0]], [[0.0, 2.0]]]])  # two channels
    >>> round(attention_loss(one, other, form="norm").item(), 4)
    1.4142
    >>> attention_loss(one, other).item()  # 2 over 2 positions
    1.0

    See [zagoruyko2017paying], equation 2.
    """
    require_one_of("form", form, FORMS)
    ours, theirs = attention_map(student), attention_map(teacher.detach())
    require_equal("shape of the teacher's maps", ours.shape, theirs.shape)
    difference = (ours - theirs).flatten(1)  # (n, h * w)
    if form == "squares":
        return difference.square().mean()
    return difference.norm(dim=1).mean()


def matrix_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Compare what the patches of an image attend to, in nats.

    student, teacher : (n, heads, tokens, tokens) attention matrices of a
        transformer, whose rows add up to 1; the heads are averaged, so that
        their numbers may differ
    returns : the mean over images and rows of KL(teacher, student)

    >>> even = torch.full((1, 1, 2, 2), 0.5)
    >>> matrix_loss(even, torch.eye(2).expand(1, 3, 2, 2)).item()  # ln 2
    0.6931471824645996

    See [wang2020minilm], section 3.1, which compares the last layer, head by
    head.
    """
    ours, theirs = student.mean(dim=1), teacher.detach().mean(dim=1)
    require_equal("shape of the teacher's matrices", ours.shape, theirs.shape)
    possible = theirs > 0  # what the teacher does not look at adds nothing
    floor = torch.finfo(ours.dtype).tiny
    ratio = torch.where(possible, theirs, 1).log() - ours.clamp(min=floor).log()
    return (theirs * ratio).sum(dim=2).mean()


def mass_on_ink(
    maps: Tensor, images: Tensor, *, threshold: float = 0.5
) -> Tensor:
    """Return the share of each map's mass that lies on ink.

    maps : (n, h, w) floats >= 0, with h and w divisors of the image's
    images : (n, 1, height, width), of which a map's cell covers a patch
    threshold : a cell is ink if its brightest pixel reaches this, in [0, 1)
    returns : (n,); 0 for a map without mass

    A layer that looks nowhere in particular gets the share of cells that are
    ink: compare with that, and with a network that has not been trained.

    >>> image = torch.zeros(1, 1, 4, 4)
    >>> image[..., 0, 0] = 1.0
    >>> mass_on_ink(torch.tensor([[[3.0, 1.0], [0.0, 0.0]]]), image)
    tensor([0.7500])
    """
    require_number("threshold", threshold, 0, 1)
    n, h, w = maps.shape
    if images.ndim != 4 or images.shape[2] % h or images.shape[3] % w:
        raise ValueError(
            f"maps of {h} by {w} cells must divide the images, got shape "
            f"{tuple(images.shape)}"
        )
    require_equal("number of images", n, len(images))
    brightest = torch.nn.functional.adaptive_max_pool2d(images, (h, w))
    ink = brightest.amax(dim=1) >= threshold  # (n, h, w)
    total = maps.sum(dim=(1, 2))
    on_ink = (maps * ink).sum(dim=(1, 2))
    return on_ink / torch.where(total > 0, total, 1)
