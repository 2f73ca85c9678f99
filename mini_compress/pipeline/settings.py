"""Which values a setting may have: known by its name, checked before any work.

In this package one name means one thing throughout, so one list does for all
steps; where it does not, the step's entry says so. What depends on several
settings at once, or on the network, is checked by the method itself when its
turn comes.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .._require import (
    require_bool,
    require_int,
    require_number,
    require_one_of,
    require_share,
    require_text,
)
from ..kernels.block_formats import FORMATS
from ..kernels.second_order import ORDERS
from ..layers.grids import ROUNDINGS
from ..pruning import CRITERIA
from ..quantization.calibration import METHODS as RANGES

Check = Callable[[str, Any], Any]


def whole(low: int, high: int | None = None) -> Check:
    """Return a check for whole numbers in [low, high]."""
    return lambda name, value: require_int(name, value, low, high)


def one_of(*choices: str) -> Check:
    """Return a check for one of some names."""
    return lambda name, value: require_one_of(name, value, choices)


def below(high: float) -> Check:
    """Return a check for numbers in [0, high)."""
    return lambda name, value: require_number(name, value, 0, high)


def positive(name: str, value: Any) -> None:
    """Refuse anything but a number above 0."""
    if require_number(name, value, 0) == 0:
        raise ValueError(f"{name} must be > 0, got {value}")


def names(name: str, value: Any) -> None:
    """Refuse anything but a list of names that is not empty."""
    if not isinstance(value, list) or not value:
        raise TypeError(f"{name} must be a list of names, got {value!r}")
    for entry in value:
        require_text(f"each of {name}", entry)


def table(name: str, value: Any) -> None:
    """Refuse anything but a table that is not empty."""
    if not isinstance(value, Mapping) or not value:
        raise TypeError(f"{name} must be a table of layers, got {value!r}")


def weight(name: str, value: Any) -> None:
    """Refuse anything but a number in [0, 1]."""
    if value != 0 or isinstance(value, bool):
        require_share(name, value, all_too=True)


share = partial(require_share, all_too=True)
inner_share = partial(require_share, all_too=False)

CHECKS: dict[str, Check] = {
    # how much
    "sparsity": below(1),
    "channel_ratio": below(1),
    "share": inner_share,
    "energy": share,
    "floor": whole(1),
    "budget": positive,
    "unit": one_of("weights", "macs", "bytes"),
    "ranks": table,
    "max_bytes": whole(1),
    # of numbers
    "bits": whole(1, 8),
    "weight_bits": whole(1, 8),
    "activation_bits": whole(2, 8),
    "granularity": one_of("tensor", "channel", "group"),
    "group_size": whole(1),
    "format": one_of(*FORMATS),
    "rotate": require_bool,
    "huffman": require_bool,
    "rounding": one_of(*ROUNDINGS),
    "ranges": one_of(*RANGES),
    "damping": positive,
    "order": one_of(*ORDERS),
    "relu": require_bool,
    "steps": whole(1),
    # where, and by what
    "layers": names,
    "scope": one_of("layer", "global"),
    "criterion": one_of(*CRITERIA),
    "output_aware": require_bool,
    "num_images": whole(1),
    # of a training
    "epochs": whole(1),
    "learning_rate": positive,
    "weight_decay": below(float("inf")),
    "batch_size": whole(1),
    "seed": whole(0),
    "keep_zeros": require_bool,
    "rounds": whole(1),
    "every": whole(1),
    "end": share,
    "teacher": one_of("original", "given"),
    "temperature": positive,
    "weight": weight,
    # of a file
    "path": require_text,
    "form": one_of("qlinear", "qdq", "float"),
}
