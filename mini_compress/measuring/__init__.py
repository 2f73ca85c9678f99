"""How sure one can be of an accuracy, and of a loss of accuracy."""

from .scores import Comparison, Score, compare, non_inferior
from .significance import (
    holm,
    mcnemar_p_value,
    tango_bound,
    tango_z,
    wilson_interval,
)

__all__ = [
    "Comparison",
    "Score",
    "compare",
    "holm",
    "mcnemar_p_value",
    "non_inferior",
    "tango_bound",
    "tango_z",
    "wilson_interval",
]
