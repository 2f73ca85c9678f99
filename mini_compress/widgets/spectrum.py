"""Falling values as bars, for a picture that is stored as pixels."""

from typing import Any

import numpy as np

from .._require import require_int

DARK, PALE, LINE, PAPER = 0.2, 0.8, 0.6, 1.0  # 0 is black, 1 is white


def spectrum(
    values: Any,
    *,
    high: float,
    kept: int | None = None,
    line: float | None = None,
    rows: int = 70,
    width: int = 1,
) -> np.ndarray:
    """Draw singular values as bars side by side, as `Picture.pixels` takes it.

    values : (count,), the largest first
    high : the value that is as high as the picture
    kept : how many of the first bars are dark, the others pale; None for all
    line : a value at which a gray line goes across bars and paper
    rows, width : the height of the picture and the width of a bar, in pixels
    returns : (rows, count * width) float64, from 0, black, to 1, white

    >>> spectrum([3, 1], high=3, kept=1, rows=3).tolist()
    [[0.2, 1.0], [0.2, 1.0], [0.2, 0.8]]
    """
    bars = np.asarray(values, float)
    require_int("kept", bars.size if kept is None else kept, 0, bars.size)
    require_int("rows", rows, 1)
    require_int("width", width, 1)
    # (rows, 1): the lower edge of each row, the highest row first
    heights = high * np.arange(rows)[::-1, None] / rows
    tones = np.full(bars.size, PALE)
    tones[:kept] = DARK
    picture = np.where(bars > heights, tones, PAPER)
    if line is not None:
        picture[np.abs(heights[:, 0] - line).argmin()] = LINE
    return picture.repeat(width, axis=1)
