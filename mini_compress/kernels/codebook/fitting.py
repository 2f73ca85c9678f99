"""Levels fitted to values: k-means on a line, and equal shares of values.

Lloyd's algorithm moves each level to the mean of the values that are nearest
to it, again and again. The squared error falls with each round; where it ends
depends on where it starts.
"""

import numpy as np

from ..._require import require_equal, require_int, require_one_of
from .codes import middles_of, require_codebook
from .stretches import Stretches, sort_values

__all__ = ["equal_mass", "fit_codebook"]

STARTS = ("linear", "density", "random")
# rounds end by themselves, unless rounding errors keep two of them in turn
MOST_ROUNDS = 10_000


def fit_codebook(
    values: np.ndarray,
    num_levels: int,
    *,
    start: str | np.ndarray = "linear",
    seed: int = 0,
) -> np.ndarray:
    """Return the levels at which k-means ends.

    values : (...) float32 or float64, finite; float64 is rounded to float32
        first. At least `num_levels` of them differ.
    num_levels : 1 to 256
    start : where the levels are at first
        "linear": evenly from the lowest value to the highest
        "density": at quantiles, an equal share of the values around each
        "random": at values drawn with `seed`
        or the levels themselves, (num_levels,) float32, sorted
    seed : for "random"; >= 0
    returns : (num_levels,) float32, ascending, none of them unused

    A level that is nearest to no value moves to the value that is farthest
    from its own.

    >>> values = np.array([-1, -0.2, -0.1, 0, 0, 0.1, 0.2, 1])
    >>> fit_codebook(values, 4)
    array([-1.   , -0.15 ,  0.075,  1.   ], dtype=float32)

    See [lloyd1982least], method I, and [han2016deep], section 3.2, for the
    three starts; loops in `naive.fit_codebook`.
    """
    seed = require_int("seed", seed, 0)
    data = sort_values(values, num_levels)
    if isinstance(start, str):
        levels = _start(data, int(num_levels), start, seed)
    else:
        require_codebook(start, "start")
        require_equal("levels of start", num_levels, len(start))
        levels = start - data.middle
    return data.levels(settled_cuts(data, levels))


def settled_cuts(
    data: Stretches, levels: np.ndarray, *, rounds: int = MOST_ROUNDS
) -> np.ndarray:
    """Move levels to the means of their values until nothing changes.

    levels : (levels,) float64, sorted
    rounds : after which it ends in any case
    returns : (levels + 1,) cuts around the values of each level
    """
    cuts = _filled_cuts(data, levels)
    for _ in range(rounds):
        before = cuts
        cuts = _filled_cuts(data, data.means(before))
        if np.array_equal(before, cuts):
            break
    return cuts


def equal_mass(values: np.ndarray, num_levels: int) -> np.ndarray:
    """Return levels with an equal share of the values each: their means.

    values : (...) float32 or float64, finite; at least `num_levels` differ
    num_levels : 1 to 256
    returns : (num_levels,) float32, sorted; if the values do not divide
        evenly, the first shares have one more. Equal where many values are.

    >>> values = np.array([-1, -0.2, -0.1, 0, 0, 0.1, 0.2, 1])
    >>> equal_mass(values, 4)
    array([-0.6 , -0.05,  0.05,  0.6 ], dtype=float32)

    Loops in `naive.equal_mass`.
    """
    data = sort_values(values, num_levels)
    total = int(data.counts[-1])
    share, more = divmod(total, int(num_levels))
    ends = np.arange(num_levels + 1)
    places = share * ends + np.minimum(ends, more)
    # of a value that two shares have parts of, each takes its part
    sums = np.interp(places, data.counts, data.sums)
    means = np.diff(sums) / np.diff(places) + data.middle
    return means.astype(np.float32)


def _start(
    data: Stretches, num_levels: int, start: str, seed: int
) -> np.ndarray:
    """Return the levels with which to begin, sorted."""
    require_one_of("start", start, STARTS)
    if start == "linear":
        return np.linspace(data.values[0], data.values[-1], num_levels)
    total = int(data.counts[-1])
    if start == "density":
        places = (np.arange(num_levels) + 0.5) / num_levels * total
    else:
        rng = np.random.default_rng(seed)
        places = np.sort(rng.choice(total, num_levels, replace=False))
    number = np.searchsorted(data.counts, places, side="right") - 1
    return data.values[number]


def _filled_cuts(data: Stretches, levels: np.ndarray) -> np.ndarray:
    """Return the cuts between levels, after giving each level a value."""
    while True:
        inner = np.searchsorted(data.values, middles_of(levels), side="right")
        cuts = np.concatenate([[0], inner, [len(data.values)]])
        unused = np.flatnonzero(cuts[:-1] == cuts[1:])
        if not unused.size:
            return cuts
        levels = levels.copy()
        levels[unused[0]] = _farthest(data, levels, cuts)
        levels.sort()


def _farthest(
    data: Stretches, levels: np.ndarray, cuts: np.ndarray
) -> np.floating:
    """Return the value that is farthest from its level."""
    used = cuts[:-1] < cuts[1:]
    # it is the first or the last of its level's values
    ends = np.stack([cuts[:-1][used], cuts[1:][used] - 1])  # (2, used)
    missed = np.abs(data.values[ends] - levels[used])
    return data.values[ends.ravel()[missed.argmax()]]
