"""The numbers of a format as marks of a ruler, for a picture of pixels."""

from typing import Any

import numpy as np

from .._require import require_int

DARK, PALE, PAPER = 0.2, 0.75, 1.0  # 0 is black, 1 is white
WIDTH, HEIGHT = 480, 40  # pixels of the ruler
SIDE, GAP = 18, 8  # of a bit, and before each group of bits


def number_line(
    values: Any, *, shown: float, high: float, bits: str = ""
) -> np.ndarray:
    """Draw a ruler with a mark at each value, and bits below it.

    values : (count,), real; those outside 0 to `high` are not drawn
    shown : the value whose mark is dark and as high as the picture
    high : the right end; the left one is 0
    bits : "0 10 1", groups of bits apart: a 1 is a dark square, a 0 a frame
    returns : (pixels, pixels) float64, from 0, black, to 1, white, as
        `Picture.pixels` takes it

    >>> number_line([0, 1, 2], shown=1, high=2, bits="0 1").shape
    (66, 480)
    """
    marks = np.asarray(values, float)
    inside = marks[(marks >= 0) & (marks <= high)]
    ruler = np.full((HEIGHT, WIDTH), PAPER)
    ruler[-1] = PALE
    ruler[HEIGHT // 2 :, _column(inside, high)] = PALE
    if 0 <= shown <= high:
        place = int(_column(np.array(shown), high))
        ruler[:, max(place - 1, 0) : place + 2] = DARK
    if not bits:
        return ruler
    return np.vstack([ruler, _squares(bits)])


def _column(values: np.ndarray, high: float) -> np.ndarray:
    return np.rint(values / high * (WIDTH - 1)).astype(int)


def _squares(bits: str) -> np.ndarray:
    """Draw the groups of bits in one row: (GAP + SIDE, WIDTH)."""
    groups = bits.split()
    needed = len(groups) * GAP + SIDE * sum(map(len, groups))
    require_int("pixels of bits", needed, 0, WIDTH)
    picture, left = np.full((GAP + SIDE, WIDTH), PAPER), 0
    for group in groups:
        left += GAP
        for bit in group:
            square = picture[GAP:, left : left + SIDE - 1]
            square[:] = DARK
            if bit == "0":
                square[1:-1, 1:-1] = PAPER
            left += SIDE
    return picture
