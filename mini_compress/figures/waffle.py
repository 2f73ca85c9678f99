"""Files as waffles: a square for so many bytes, colored by what they say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .._require import require_int, require_one_of
from ..plotting import COLORS, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

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
    >>> [len(patch.get_path().vertices) // 5 for patch in ax.patches]
    [6, 4]
    """
    require_int("square", square, 1)
    require_int("columns", columns, 1)
    for part in parts:
        require_one_of("part", part, PART_COLORS)
    from matplotlib.patches import PathPatch

    # where a part ends, the square that holds more of it than of the next
    ends = np.rint(np.cumsum(list(parts.values())) / square).astype(int)
    starts = [0, *ends[:-1]]
    for part, start, end in zip(parts, starts, ends, strict=True):
        if start < end:
            path = _squares(range(start, end), columns)
            ax.add_patch(PathPatch(path, facecolor=PART_COLORS[part], lw=0))
    rows = max(1, -(-int(ends[-1]) // columns)) if len(ends) else 1
    ax.set(xlim=(-0.2, columns), ylim=(rows, -0.2), aspect="equal")
    ax.set_axis_off()
    return ax


def _squares(numbers: range, columns: int) -> "Path":
    """Return squares as one path: a picture is shorter so than by patches."""
    from matplotlib.path import Path

    rows, places = np.divmod(np.array(numbers), columns)
    corners = np.stack([places, rows], axis=1)  # (squares, 2)
    around = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    # 0.85: a gap between squares
    vertices = corners[:, np.newaxis] + 0.85 * around  # (squares, 5, 2)
    codes = [Path.MOVETO, *3 * [Path.LINETO], Path.CLOSEPOLY] * len(corners)
    return Path(vertices.reshape(-1, 2), codes)
