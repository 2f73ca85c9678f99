"""The least squared error that so many levels can have, and its levels.

The best m levels for the first j of the sorted values are the best m - 1 for
the first i, and one more for those from i to j, for some i. The larger j, the
larger is the best i: half of the rows are searched between those of the other
half, all rows of a depth at once.
"""

from collections.abc import Callable

import numpy as np

from .fitting import settled_cuts
from .stretches import Stretches, sort_values

__all__ = ["optimal_codebook"]

Evaluate = Callable[[np.ndarray, np.ndarray], np.ndarray]


def optimal_codebook(values: np.ndarray, num_levels: int) -> np.ndarray:
    """Return the levels of the least squared error: no others have less.

    values : (...) float32 or float64, finite; float64 is rounded to float32
        first. At least `num_levels` of them differ.
    num_levels : 1 to 256
    returns : (num_levels,) float32, ascending; the error is least but for
        what the rounding of sums in float64 hides

    >>> optimal_codebook(np.array([0.0, 1, 2, 10, 11, 20]), 3)
    array([ 1. , 10.5, 20. ], dtype=float32)

    See [gronlund2017fast], section 2; loops in `naive.optimal_codebook`.
    """
    data = sort_values(values, num_levels)
    cuts = best_cuts(data, int(num_levels))
    # of equally good cuts any may come first; k-means settles on one
    return data.levels(settled_cuts(data, data.means(cuts)))


def best_cuts(data: Stretches, num_levels: int) -> np.ndarray:
    """Return the cuts around the levels, (levels + 1,)."""
    size = len(data.values)
    first = np.arange(1, size + 1)
    least = data.errors(np.zeros(size, np.int64), first)
    chosen = []
    for _ in range(num_levels - 1):
        # row r ends its last stretch before cut r + 1, column c starts it there
        def evaluate(row, column, least=least):
            return least[column] + data.errors(column + 1, row + 1)

        least, best = row_minima(size, size, evaluate)
        chosen.append(best)
    cuts = [size]
    for best in reversed(chosen):
        cuts.append(best[cuts[-1] - 1] + 1)
    return np.array([0, *reversed(cuts)])


def row_minima(
    rows: int, columns: int, evaluate: Evaluate
) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's least entry, and its column, of a monotone matrix.

    evaluate : (row numbers, column numbers) -> entries; the column of the
        least entry never falls from one row to the next
    """
    least, best = np.empty(rows), np.zeros(rows, np.int64)
    step = 1 << (rows - 1).bit_length()
    while step:
        row = np.arange(step - 1, rows, 2 * step)
        low = np.where(row >= step, best[row - step], 0)
        after = np.minimum(row + step, rows - 1)
        high = np.where(row + step < rows, best[after], columns - 1)
        least[row], best[row] = _minima_between(row, low, high, evaluate)
        step //= 2
    return least, best


def _minima_between(
    row: np.ndarray, low: np.ndarray, high: np.ndarray, evaluate: Evaluate
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least entries of some rows between two columns each."""
    widths = high - low + 1
    starts = np.cumsum(widths) - widths
    # all candidates of the first row, then those of the second, ...
    columns = np.arange(widths.sum()) + np.repeat(low - starts, widths)
    entries = evaluate(np.repeat(row, widths), columns)
    least = np.minimum.reduceat(entries, starts)
    hits = np.flatnonzero(entries == np.repeat(least, widths))
    return least, columns[hits[np.searchsorted(hits, starts)]]
