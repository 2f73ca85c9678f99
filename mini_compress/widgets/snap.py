"""A few numbers and the levels they go to, as pixels."""

from typing import Any

import numpy as np

from .._require import require_equal, require_int
from ..kernels.codebook import nearest_codes

DARK, PALE, PAPER = 0.2, 0.7, 1.0  # 0 is black, 1 is white
RUG = 14  # rows of the levels' marks
RADIUS = 4  # pixels from the middle of a number's dot to its side


def snap(
    values: Any,
    levels: Any,
    *,
    limits: tuple[float, float],
    rows: int = 60,
    columns: int = 600,
) -> np.ndarray:
    """Draw numbers above, levels below, and a line from each to its level.

    values : (count,), within the limits
    levels : (levels,), sorted; those beyond the limits are left out
    limits : the numbers at the left and the right edge
    rows, columns : from the numbers to the levels, and from side to side
    returns : (rows + 14, columns) float64, from 0, black, to 1, white, as
        `Picture.pixels` takes it. Levels that have a number are dark.

    >>> picture = snap([0.2], [0, 1], limits=(0, 1), rows=9, columns=11)
    >>> picture[-2, [0, 5, 10]].tolist()
    [0.2, 1.0, 0.7]
    """
    low, high = limits
    if not low < high:
        raise ValueError(f"limits must ascend, got {limits}")
    require_int("rows", rows, 2)
    require_int("columns", columns, 2)
    numbers, found = np.asarray(values, float), np.asarray(levels, np.float32)
    require_equal("axes of values", 1, numbers.ndim)
    require_equal("axes of levels", 1, found.ndim)
    if numbers.size and not low <= numbers.min() <= numbers.max() <= high:
        raise ValueError(f"values must be within {limits}, got {numbers}")
    codes = nearest_codes(numbers.astype(np.float32), found)
    picture = np.full((rows + RUG, columns), PAPER)
    picture[-1] = PALE  # the edge of the ruler

    def column(x: Any) -> np.ndarray:
        place = (np.asarray(x, float) - low) / (high - low) * (columns - 1)
        return np.rint(place).astype(int)

    _mark(picture[rows:], column(found), PALE)
    _mark(picture[rows:], column(found[np.unique(codes)]), DARK)
    for start, end in zip(column(numbers), column(found[codes]), strict=True):
        dot = slice(max(start - RADIUS, 0), start + RADIUS)
        picture[: 2 * RADIUS, dot] = DARK
        count = max(rows, abs(end - start) + 1)  # no gaps, however flat
        across = np.rint(np.linspace(start, end, count)).astype(int)
        down = np.rint(np.linspace(0, rows - 1, count)).astype(int)
        inside = (across >= 0) & (across < columns)  # levels may lie beyond
        picture[down[inside], across[inside]] = DARK
    return picture


def _mark(rug: np.ndarray, places: np.ndarray, tone: float) -> None:
    """Draw marks of three pixels; those beyond the edges are left out."""
    last = rug.shape[1] - 1
    for place in places[(places >= 0) & (places <= last)]:
        rug[:, max(place - 1, 0) : place + 2] = tone
