"""Files as waffles: a square for so many bytes, colored by what they say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .._require import require_int, require_one_of
from ..plotting import COLORS, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# part of a file -> its color: what is said, where it is, and what says how to
# read that; of three families, so that neighbors differ in black and white
PART_COLORS = {
    "values": COLORS["quantization"],
    "places": COLORS["pruning"],
    "fillers": shades("pruning", 3)[2],
    "codebook": shades("quantization", 3)[2],
    "tables": COLORS["distillation"],
    "biases": COLORS["low_rank"],
    "header": COLORS["float"],
}


def waffle(
    parts: Mapping[str, int],
    *,
    ax: "Axes",
    square: int = 100,
    columns: int = 20,
) -> "Axes":
    """Draw a file as squares, row after row from the top.

    parts : part of the file, as in `hardware.PARTS` -> its bytes
    square : bytes of a square; a part that has fewer may have none
    columns : squares of a row

    >>> from matplotlib.figure import Figure
    >>> ax = waffle({"values": 550, "places": 450}, ax=Figure().subplots())
    >>> len(ax.patches)
    10
    """
    require_int("square", square, 1)
    require_int("columns", columns, 1)
    for part in parts:
        require_one_of("part", part, PART_COLORS)
    from matplotlib.patches import Rectangle

    # where a part ends, the square that holds more of it than of the next
    ends = np.rint(np.cumsum(list(parts.values())) / square).astype(int)
    starts = [0, *ends[:-1]]
    for part, start, end in zip(parts, starts, ends, strict=True):
        for number in range(start, end):
            row, column = divmod(number, columns)
            ax.add_patch(
                Rectangle((column, row), 0.85, 0.85, color=PART_COLORS[part])
            )
    rows = max(1, -(-int(ends[-1]) // columns)) if len(ends) else 1
    ax.set(xlim=(-0.2, columns), ylim=(rows, -0.2), aspect="equal")
    ax.set_axis_off()
    return ax
