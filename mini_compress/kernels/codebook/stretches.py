"""Values in ascending order, and the mean and error of any stretch of them.

With levels on a line, the values of a level lie next to each other. So all
that k-means asks of the values are sums over stretches of the sorted ones, and
each is a difference of two running sums.
"""

from typing import NamedTuple

import numpy as np

from ..._require import require_dtype, require_finite, require_int
from .codes import MOST_LEVELS

FINEST = 2.0**-50  # difference of two values, over the largest magnitude


class Stretches(NamedTuple):
    """Distinct values, and running sums over them; each begins with 0.

    values : (distinct,) float64, ascending, less `middle`
    middle : float, the mean of all values: sums of squares lose less there
    counts, sums, squares : (distinct + 1,) float64, of all values before

    A cut c lies before the value c, so 0 and `len(values)` are the ends.
    """

    values: np.ndarray
    middle: float
    counts: np.ndarray
    sums: np.ndarray
    squares: np.ndarray

    def means(self, cuts: np.ndarray) -> np.ndarray:
        """Return the mean of each stretch between cuts; none may be empty."""
        return np.diff(self.sums[cuts]) / np.diff(self.counts[cuts])

    def errors(self, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """Return the squared error of stretches around their own means.

        start, stop : cuts, of one shape; where stop <= start it is 0
        """
        sums = self.sums[stop] - self.sums[start]
        counts = self.counts[stop] - self.counts[start]
        around = self.squares[stop] - self.squares[start]
        around -= sums * sums / np.maximum(counts, 1)
        return np.maximum(around, 0)  # rounding may bring it below

    def levels(self, cuts: np.ndarray) -> np.ndarray:
        """Return the means as levels, (stretches,) float32."""
        return (self.means(cuts) + self.middle).astype(np.float32)


def sort_values(values: np.ndarray, num_levels: int) -> Stretches:
    """Sort values, and refuse those that so many levels do not fit.

    values : (...) float32 or float64, finite; in float32 at least
        `num_levels` of them differ, by more than 2**-50 of the one that is
        farthest from the mean: finer differences are lost in sums
    num_levels : 1 to 256

    >>> data = sort_values(np.array([3.0, 1.0, 3.0, 5.0]), 2)
    >>> data.values, data.middle, data.counts
    (array([-2.,  0.,  2.]), 3.0, array([0., 1., 3., 4.]))
    """
    require_dtype("values", values, np.float32, np.float64)
    require_int("num_levels", num_levels, 1, MOST_LEVELS)
    require_finite("values", values)
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32).ravel()
    require_finite("values in float32", rounded)
    distinct, counts = np.unique(rounded, return_counts=True)
    middle = float(rounded.mean(dtype=np.float64)) if rounded.size else 0.0
    centered = distinct.astype(np.float64) - middle
    finest = FINEST * np.abs(centered).max(initial=0)
    first = np.flatnonzero(np.diff(centered, prepend=-np.inf) > finest)
    if len(first) < num_levels:
        raise ValueError(
            f"values must differ {num_levels} times for {num_levels} levels, "
            f"got {len(first)} distinct values"
        )
    centered, counts = centered[first], np.add.reduceat(counts, first)
    return Stretches(
        centered,
        middle,
        _running(counts),
        _running(counts * centered),
        _running(counts * centered * centered),
    )


def _running(terms: np.ndarray) -> np.ndarray:
    """Return sums of the first terms, of none to all of them."""
    sums = np.zeros(len(terms) + 1)
    np.cumsum(terms, out=sums[1:])
    return sums
