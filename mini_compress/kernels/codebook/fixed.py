"""Levels that are known before the values are: a table for each width.

All reach from -1 to 1, or nearly so: values are divided by the largest of
them first.
"""

import itertools
from statistics import NormalDist

import numpy as np

from ..._require import require_int

__all__ = [
    "additive_powers_of_two",
    "normal_float_levels",
    "power_of_two_levels",
]


def power_of_two_levels(bits: int) -> np.ndarray:
    """Return 0 and plus or minus powers of two: products become shifts.

    bits : 2 to 8
    returns : (2**bits - 1,) float32: 0 and the powers from 1 downwards

    >>> power_of_two_levels(3)
    array([-1.  , -0.5 , -0.25,  0.  ,  0.25,  0.5 ,  1.  ], dtype=float32)

    Half of the levels of one width more lie below those of the width before:
    all that they refine is what is near 0. See [li2020additive], equation 3;
    loops in `naive.power_of_two_levels`.
    """
    bits = require_int("bits", bits, 2, 8)
    exponents = np.arange(2 ** (bits - 1) - 1)
    return _both_signs(2.0**-exponents)


def additive_powers_of_two(bits: int) -> np.ndarray:
    """Return sums of a few powers of two, with either sign.

    bits : 2 to 8
    returns : (2**bits - 1,) float32, the largest 1

    Beside its sign, each pair of bits names 0 or one of three powers of two,
    and a last bit that has no partner 0 or one. All powers differ, the largest
    go around first; the sum is divided by the largest sum.

    >>> additive_powers_of_two(4)[7:] * 10  # of 8, 4, 1 and of 2
    array([ 0.,  1.,  2.,  3.,  4.,  6.,  8., 10.], dtype=float32)

    See [li2020additive], section 2.2, for whole pairs; where a bit is left
    over, its power is the one that the authors' program chooses. Loops in
    `naive.additive_powers_of_two`.
    """
    bits = require_int("bits", bits, 2, 8)
    pairs, single = divmod(bits - 1, 2)
    terms: list[list[float]] = [[0.0] for _ in range(pairs)]
    exponents = itertools.count(1)
    last = [0.0]
    for turn in range(3):  # three powers for each pair
        if single and turn == 2:
            last.append(2.0 ** -next(exponents))
        for term in terms:
            term.append(2.0 ** -next(exponents))
    sums = np.array([sum(parts) for parts in itertools.product(*terms, last)])
    return _both_signs(np.sort(sums)[1:] / sums.max())


def normal_float_levels(bits: int = 4) -> np.ndarray:
    """Return quantiles of the normal distribution, 0 among them.

    bits : 2 to 8
    returns : (2**bits,) float32 from -1 to 1: 2**(bits - 1) - 1 below 0, and
        2**(bits - 1) above

    >>> normal_float_levels(2)
    array([-1.        ,  0.        ,  0.43581817,  1.        ], dtype=float32)

    Above 0 and below it, levels lie at probabilities that are evenly spaced
    from 1/2 to the same outermost one, and are divided by the largest. With 4
    bits that is NF4, whose levels are for blocks of 64 values that were divided
    by the largest of their magnitudes. See [dettmers2023qlora], section 3;
    loops in `naive.normal_float_levels`.
    """
    bits = require_int("bits", bits, 2, 8)
    half = 2 ** (bits - 1)
    # 0.9677 with 4 bits: half way between the middles of the last of 15 and
    # of 16 equal shares
    outermost = 1 - (1 / (2 * half - 1) + 1 / (2 * half)) / 4
    above = _quantiles(outermost, half)
    below = -_quantiles(outermost, half - 1)
    levels = np.concatenate([below[::-1], [0.0], above]) / above[-1]
    return levels.astype(np.float32)


def _quantiles(outermost: float, count: int) -> np.ndarray:
    """Return quantiles of probabilities beyond 1/2, up to the outermost."""
    shares = np.linspace(0.5, outermost, count + 1)[1:]
    return np.array([NormalDist().inv_cdf(share) for share in shares])


def _both_signs(magnitudes: np.ndarray) -> np.ndarray:
    """Return 0 and magnitudes of both signs, sorted, float32."""
    levels = np.concatenate([-magnitudes, [0.0], magnitudes])
    return np.sort(levels).astype(np.float32)
