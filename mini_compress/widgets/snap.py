"""A few numbers and the levels they go to, as pixels."""

from typing import Any

import numpy as np

from .._require import require_equal, require_int
from ..kernels.codebook import nearest_codes

DARK, PALE, PAPER = 0.2, 0.7, 1.0  # 0 is black, 1 is white
RUG = 12  # rows of the levels' marks
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
    returns : (rows + 12, columns) float64, from 0, black, to 1, white, as
        `Picture.pixels` takes it. Levels that have a number are dark.

    >>> picture = snap([0.2], [0, 1], limits=(0, 1), rows=9, columns=11)
    >>> picture[-1, [0, 5, 10]].tolist()
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

    def column(x: Any) -> np.ndarray:
        place = (np.asarray(x, float) - low) / (high - low) * (columns - 1)
        return np.rint(place).astype(int)

    inside = (found >= low) & (found <= high)
    picture[rows:, column(found[inside])] = PALE
    for number, level in zip(numbers, found[codes], strict=True):
        _join(picture, column(number), column(level), rows)
    return picture


def _join(
    picture: np.ndarray, start: np.ndarray, end: np.ndarray, rows: int
) -> None:
    """Draw a dot, a line from it down to its level, and the level's mark."""
    last = picture.shape[1] - 1
    path = np.rint(np.linspace(int(start), int(end), rows)).astype(int)
    is_in = (path >= 0) & (path <= last)  # a level may lie beyond the edge
    picture[np.arange(rows)[is_in], path[is_in]] = DARK
    picture[: 2 * RADIUS, max(start - RADIUS, 0) : start + RADIUS] = DARK
    if 0 <= end <= last:
        picture[rows:, end] = DARK
