"""What calling a layer takes, however little it computes: its overhead.

A layer of a few numbers has next to no arithmetic and next to no bytes. Its
time is that of the call: Python and the library choose a kernel, check shapes
and make room for the result. Between a chain of one such layer and a chain of
many only calls differ, so their times give the overhead of one call.
"""

import statistics
from collections.abc import Callable
from types import MappingProxyType

import torch
from torch import Tensor, nn

from .._require import require_int, require_one_of
from .timing import measure_model_ms

FEW, MANY = 1, 33  # layers of the two chains
_SIDE = 4  # channels and pixels: enough for a kernel of 3 by 3

# kind -> one layer, whose output is as large as its input (1, 4, 4, 4)
KINDS: MappingProxyType[str, Callable[[], nn.Module]] = MappingProxyType(
    {
        "linear": lambda: nn.Linear(_SIDE, _SIDE),
        "convolution": lambda: nn.Conv2d(_SIDE, _SIDE, 3, padding=1),
        "ReLU": nn.ReLU,
        "max pooling": lambda: nn.MaxPool2d(1),
    }
)


def tiny_layers(kind: str, calls: int) -> tuple[nn.Sequential, Tensor]:
    """Make a chain of layers that compute next to nothing, and its input.

    kind : "linear", "convolution", "ReLU" or "max pooling"
    returns : the layers, and a blank (1, 4) float32 where they are linear,
        else (1, 4, 4, 4)

    >>> layers, image = tiny_layers("convolution", 3)
    >>> len(layers), layers(image).shape == image.shape
    (3, True)
    """
    require_one_of("kind", kind, KINDS)
    require_int("calls", calls, 1)
    sides = 1 if kind == "linear" else 3
    layers = nn.Sequential(*(KINDS[kind]() for _ in range(calls)))
    return layers.eval(), torch.zeros(1, *sides * (_SIDE,))


def overhead_of(few_ms: float, many_ms: float) -> float:
    """Return seconds per call from the times of the two chains.

    >>> f"{overhead_of(0.010, 0.170):.1e}"
    '5.0e-06'
    """
    return (many_ms - few_ms) / (MANY - FEW) / 1e3


def measure_overhead(*, repeats: int = 101) -> float:
    """Measure the seconds that torch takes to call a layer, on one thread.

    repeats : calls of each chain, of which the fastest counts: others on the
        machine only make them longer
    returns : the mean over the kinds of layer

    >>> 0 < measure_overhead(repeats=3) < 1
    True
    """
    return statistics.mean(
        overhead_of(*(_chain_ms(kind, calls, repeats) for calls in (FEW, MANY)))
        for kind in KINDS
    )


def _chain_ms(kind: str, calls: int, repeats: int) -> float:
    return measure_model_ms(*tiny_layers(kind, calls), repeats=repeats).min_ms
