"""The least squared error that so many levels can have, and its levels.

The best m levels for the first j of the sorted values are the best m - 1 for
the first i, and one more for the values from i to j, for some i. To try every
i for every j and m is slow. So cuts are looked for in cells first, many places
in each. What a stretch must cost from some place of one cell to some place of
the next is at least what it costs between the two cells. A cell through which
even that makes more than what k-means has found holds no cut of the optimum;
those that are left are divided, down to single places.
"""

import itertools
from functools import partial
from typing import NamedTuple

import numpy as np

from .fitting import settled_cuts
from .monotone import counted_up, row_minima
from .stretches import Stretches, sort_values

__all__ = ["optimal_codebook"]

CELLS = 8  # for each level, at first
DIVISION = 4  # of a cell
# that k-means goes on from what the cells say; more changes little
ROUNDS = 100
# by which a cell may be above the bound: sums are rounded
SLACK = 1e-9


class Cells(NamedTuple):
    """Where a cut may be: from each low to its high, both among them."""

    low: np.ndarray
    high: np.ndarray

    def divided(self, width: int) -> "Cells":
        """Return cells of so many places at most."""
        counts = -(-(self.high - self.low + 1) // width)
        low = counted_up(self.low, counts, width)
        last = np.repeat(self.high, counts)
        return Cells(low, np.minimum(low + width - 1, last))


def optimal_codebook(values: np.ndarray, num_levels: int) -> np.ndarray:
    """Return the levels of the least squared error: no others have less.

    values : (...) float32 or float64, finite; float64 is rounded to float32
        first. At least `num_levels` of them differ.
    num_levels : 1 to 256
    returns : (num_levels,) float32, ascending; the error is least but for
        what the rounding of sums in float64 hides

    >>> optimal_codebook(np.array([0.0, 1, 2, 10, 11, 20]), 3)
    array([ 1. , 10.5, 20. ], dtype=float32)

    See [gronlund2017fast], section 2, for the recursion and for the order in
    which rows are searched; loops in `naive.optimal_codebook`.
    """
    data = sort_values(values, num_levels)
    return data.levels(best_cuts(data, int(num_levels)))


def best_cuts(data: Stretches, num_levels: int) -> np.ndarray:
    """Return the cuts around the levels, (levels + 1,)."""
    size, width = len(data.values), len(data.values)
    # each level has a value at least
    cells = [
        Cells(np.array([number]), np.array([size - num_levels + number]))
        for number in range(num_levels + 1)
    ]
    cells[0], cells[-1] = (
        Cells(np.array([end]), np.array([end])) for end in (0, size)
    )
    bound, shrink = np.inf, CELLS * num_levels
    while True:
        width = max(1, width // shrink)
        cells = [each.divided(width) for each in cells]
        ahead, cuts = _cheapest_ahead(data, cells)
        # the bound; and of equally good cuts k-means settles on one
        cuts = settled_cuts(data, data.means(cuts), rounds=ROUNDS)
        if width == 1:
            return cuts
        cost = float(data.errors(cuts[:-1], cuts[1:]).sum())
        bound = min(bound, cost + SLACK * data.squares[-1])
        cells = _within(bound, data, cells, ahead)
        shrink = DIVISION


def _cheapest_ahead(
    data: Stretches, cells: list[Cells]
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return what all before each cell costs at least; and the cheapest cuts.

    The cuts are places in cells through which all costs least.
    """
    ahead, chosen = [np.zeros(1)], []
    for start, stop in itertools.pairwise(cells):
        costs, best = row_minima(
            len(stop.low),
            len(start.low),
            partial(_forward, data, start.high, stop.low, ahead[-1]),
        )
        ahead.append(costs)
        chosen.append(best)
    places = [0]
    for best in reversed(chosen):
        places.append(int(best[places[-1]]))
    cuts = [
        each.low[place]
        for each, place in zip(cells, reversed(places), strict=True)
    ]
    return ahead, _ascending(np.array(cuts))


def _forward(
    data: Stretches,
    start: np.ndarray,
    stop: np.ndarray,
    before: np.ndarray,
    row: np.ndarray,
    column: np.ndarray,
) -> np.ndarray:
    """Return costs of a stretch into a cell, and of all before it."""
    return before[column] + data.errors(start[column], stop[row])


def _within(
    bound: float, data: Stretches, cells: list[Cells], ahead: list[np.ndarray]
) -> list[Cells]:
    """Return the cells through which not all costs more than a bound."""
    behind, kept = np.zeros(1), [cells[-1]]
    for number in range(len(cells) - 2, 0, -1):
        start, stop = cells[number], cells[number + 1]
        behind, _ = row_minima(
            len(start.low),
            len(stop.low),
            partial(_backward, data, start.high, stop.low, behind),
        )
        left = ahead[number] + behind <= bound
        kept.append(Cells(start.low[left], start.high[left]))
    return [cells[0], *reversed(kept)]


def _backward(
    data: Stretches,
    start: np.ndarray,
    stop: np.ndarray,
    after: np.ndarray,
    row: np.ndarray,
    column: np.ndarray,
) -> np.ndarray:
    """Return costs of a stretch out of a cell, and of all behind it."""
    return after[column] + data.errors(start[row], stop[column])


def _ascending(cuts: np.ndarray) -> np.ndarray:
    """Move cuts as little as it takes for a value between any two."""
    numbers = np.arange(len(cuts))
    rising = np.maximum.accumulate(cuts - numbers)
    return np.minimum(rising, cuts[-1] - numbers[-1]) + numbers
