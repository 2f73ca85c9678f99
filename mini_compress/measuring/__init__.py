"""How sure one can be of an accuracy, and of a loss of accuracy."""

from .power import chance_noticed, chance_shown
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
    "chance_noticed",
    "chance_shown",
    "compare",
    "holm",
    "mcnemar_p_value",
    "non_inferior",
    "tango_bound",
    "tango_z",
    "wilson_interval",
]
