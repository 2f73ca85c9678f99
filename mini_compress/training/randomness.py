"""The random numbers of a training, each kind from a generator of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from .steps import Transform

# added to the seed, so that augmenting does not change the order of images
AUGMENTING = 1 << 30
# added to the seed, for dropout to draw other numbers than the shuffling;
# of a seed, torch's generator on the CPU reads 32 bits
DROPPING = 1 << 31


def seed_transform(
    transform: Transform | None, seed: int
) -> Callable[[Tensor], Tensor]:
    """Give a transform its own random numbers; without one, images stay."""
    if transform is None:
        return lambda images: images
    generator = torch.Generator().manual_seed(AUGMENTING + seed)
    return lambda images: transform(images, generator)


@contextmanager
def seed_dropout(seed: int, device: torch.device) -> Iterator[None]:
    """Let dropout, which asks torch's own generator, depend on a seed.

    device : on which the network runs; its generator and that of the CPU are
        put back afterwards
    """
    others = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=others):
        torch.default_generator.manual_seed(DROPPING + seed)
        for other in others:
            with torch.cuda.device(other):
                torch.cuda.manual_seed(DROPPING + seed)
        yield
