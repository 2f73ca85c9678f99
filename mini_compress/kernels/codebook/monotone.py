"""The least entry of each row of a monotone matrix, without most entries.

In a monotone matrix the column of the least entry never falls from one row to
the next. So the row in the middle is searched first, and the halves above and
below it only on their side of what it found; all rows of a depth at once.
"""

from collections.abc import Callable

import numpy as np

# (row numbers, column numbers) -> entries
Evaluate = Callable[[np.ndarray, np.ndarray], np.ndarray]


def row_minima(
    rows: int, columns: int, evaluate: Evaluate
) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's least entry, and its column.

    >>> matrix = np.array([[0, 3, 9], [1, 0, 4], [5, 2, 1]])
    >>> row_minima(3, 3, lambda row, column: matrix[row, column])[1]
    array([0, 1, 2])
    """
    least, best = np.empty(rows), np.zeros(rows, np.intp)
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
    columns = counted_up(low, widths)
    entries = evaluate(np.repeat(row, widths), columns)
    least = np.minimum.reduceat(entries, starts)
    hits = np.flatnonzero(entries == np.repeat(least, widths))
    return least, columns[hits[np.searchsorted(hits, starts)]]


def counted_up(
    first: np.ndarray, counts: np.ndarray, step: int = 1
) -> np.ndarray:
    """Return numbers from each first one on: those of the first, then on.

    >>> counted_up(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    before = np.cumsum(counts) - counts
    places = np.arange(counts.sum()) - np.repeat(before, counts)
    return np.repeat(first, counts) + step * places
