"""Untrained networks whose weights depend on a seed alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from .._require import require_int, require_one_of
from .dense import Perceptron
from .networks import ConvNet, LeNet5, LeNet300, ResNet8
from .transformer import VisionTransformer

NETWORKS: dict[str, type[nn.Module]] = {
    "LeNet300": LeNet300,
    "LeNet5": LeNet5,
    "ConvNet": ConvNet,
    "ResNet8": ResNet8,
}


def build(name: str, *, seed: int = 0, width: float = 1.0) -> nn.Module:
    """Build an untrained network whose weights depend on the seed alone.

    name : a key of `NETWORKS`
    seed : >= 0; torch's global generator is left as it was
    width : times every number of hidden neurons or channels, >= 0; a layer
        keeps at least one
    returns : the network in training mode, with `trained_on` None

    >>> sum(p.numel() for p in build("LeNet300").parameters())
    266610
    >>> build("LeNet300", width=0.1).classifier[1]
    Linear(in_features=784, out_features=30, bias=True)
    """
    require_one_of("name", name, NETWORKS)
    with _seeded(seed):
        return NETWORKS[name](width=width)


def perceptron(
    *widths: int,
    seed: int = 0,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
) -> Perceptron:
    """Build an untrained perceptron whose weights depend on the seed alone.

    widths, dropout, input_dropout : as for `Perceptron`
    seed : >= 0; torch's global generator is left as it was

    >>> student = perceptron(800, 800)
    >>> sum(p.numel() for p in student.parameters())
    1276810
    """
    with _seeded(seed):
        return Perceptron(*widths, dropout=dropout, input_dropout=input_dropout)


def vision_transformer(
    *, width: int = 48, depth: int = 2, heads: int = 4, seed: int = 0
) -> VisionTransformer:
    """Build an untrained transformer whose weights depend on the seed alone.

    width, depth, heads : as for `VisionTransformer`
    seed : >= 0; torch's global generator is left as it was

    >>> vision_transformer(depth=1)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    with _seeded(seed):
        return VisionTransformer(width=width, depth=depth, heads=heads)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draw first weights by a seed, then go on as if none had been drawn."""
    require_int("seed", seed, 0)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
