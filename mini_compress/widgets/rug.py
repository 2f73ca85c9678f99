"""A histogram and its levels, for a picture that is stored as pixels."""

from typing import Any

import numpy as np

from .._require import require_equal, require_int
from ..kernels.codebook import nearest_codes

DARK, PALE, LINE, PAPER = 0.35, 0.65, 0.0, 1.0  # 0 is black, 1 is white
GAP, RUG = 2, 12  # rows of paper, and of the levels below the histogram
MANY = 33  # levels; more would run into one black band
APART, SHORT = 4, 5  # columns between, and rows of, the marks of so many


def rug(
    values: Any,
    levels: Any,
    *,
    limits: tuple[float, float],
    rows: int = 90,
    columns: int = 600,
) -> np.ndarray:
    """Draw values as a histogram above their levels, for `Picture.pixels`.

    values : (...) numbers
    levels : (levels,), sorted
    limits : the numbers at the left and the right edge; what lies beyond is
        left out
    rows, columns : of the histogram, in pixels; a column is a bin
    returns : (rows + 14, columns) float64, from 0, black, to 1, white. Bars
        are dark and pale in turn: those of one shade in a row are nearest to
        one level, whose mark stands below them. Of more than 33 levels marks
        are short and pale, and those that would touch are left out.

    >>> picture = rug([0.0, 1.0], [0, 1], limits=(0, 1), rows=1, columns=4)
    >>> picture[0].tolist(), picture[-1].tolist()
    ([0.35, 1.0, 1.0, 0.65], [0.0, 1.0, 1.0, 0.0])
    """
    low, high = limits
    if not low < high:
        raise ValueError(f"limits must ascend, got {limits}")
    require_int("rows", rows, 1)
    require_int("columns", columns, 2)
    found = np.asarray(levels, np.float32)
    require_equal("axes of levels", 1, found.ndim)
    counts, edges = np.histogram(values, bins=columns, range=limits)
    heights = counts / max(counts.max(), 1)
    middles = (edges[:-1] + edges[1:]) / 2  # (columns,)
    tones = np.where(nearest_codes(middles, found) % 2, PALE, DARK)
    # (rows, 1): the lower edge of each row, the highest row first
    bottoms = np.arange(rows)[::-1, None] / rows
    bars = np.where(heights > bottoms, tones, PAPER)
    inside = found[(found >= low) & (found <= high)]
    places = np.rint((inside - low) / (high - low) * (columns - 1)).astype(int)
    paper = np.full((GAP, columns), PAPER)
    return np.concatenate([bars, paper, _marks(places, columns)])


def _marks(places: np.ndarray, columns: int) -> np.ndarray:
    """Draw the marks of levels: (RUG, columns)."""
    marks = np.full((RUG, columns), PAPER)
    if len(places) <= MANY:
        marks[:, places] = LINE
        return marks
    last = -APART
    for place in np.unique(places):
        if place - last >= APART:
            marks[:SHORT, place] = PALE
            last = place
    return marks
