"""Levels that are not even: a codebook, and for each weight a code into it.

    weight = codebook[code]

fitting   levels where the weights are: k-means, and equal shares of them
optimal   the least squared error that so many levels can have
fixed     levels that are known beforehand: powers of two, normal quantiles
codes     the nearest level of each value, and back
"""

from .codes import look_up, nearest_codes, squared_error
from .fitting import equal_mass, fit_codebook
from .fixed import (
    additive_powers_of_two,
    normal_float_levels,
    power_of_two_levels,
)
from .optimal import optimal_codebook

__all__ = [
    "additive_powers_of_two",
    "equal_mass",
    "fit_codebook",
    "look_up",
    "nearest_codes",
    "normal_float_levels",
    "optimal_codebook",
    "power_of_two_levels",
    "squared_error",
]
