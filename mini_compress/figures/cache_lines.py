"""Memory as cache lines: which of them are read for a few numbers."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .._require import require_int, require_ndim, require_one_of
from ..plotting import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALE = 0.3  # opacity of what is read along with what is needed
GAP, ROW = 1.5, 1.7  # between two lines, and from row to row, in numbers


def cache_lines(
    needed: Any,
    *,
    ax: "Axes",
    line: int = 16,
    columns: int = 7,
    family: str = "pruning",
) -> "Axes":
    """Draw each line as a box: dark what is needed, pale what comes with it.

    needed : (n,) bool, of numbers side by side in memory; the last line may
        be shorter
    line : numbers of a line; 16 float32 are the 64 bytes of most processors
    columns : lines side by side
    family : whose color the numbers have

    A line is read whole if any of its numbers is needed; the others are empty
    boxes. How many are read stands above them.

    >>> from matplotlib.figure import Figure
    >>> needed = np.zeros(64, bool)
    >>> needed[[3, 5, 40]] = True
    >>> cache_lines(needed, ax=Figure().subplots()).get_title()
    '2 of 4 lines'
    """
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    require_int("line", line, 1)
    require_int("columns", columns, 1)
    require_one_of("family", family, COLORS)
    wanted = np.asarray(needed, bool)
    require_ndim("needed", wanted, 1)
    parts = [wanted[i : i + line] for i in range(0, len(wanted), line)]
    places = [
        (number % columns * (line + GAP), number // columns * ROW)
        for number in range(len(parts))
    ]
    boxes = [_box(*xy, len(x)) for xy, x in zip(places, parts, strict=True)]
    dark = [
        _box(left + number, top, 1)
        for (left, top), part in zip(places, parts, strict=True)
        for number in np.flatnonzero(part)
    ]
    pale = [to_rgba(COLORS[family], PALE * bool(x.any())) for x in parts]
    ax.add_collection(
        PolyCollection(boxes, facecolors=pale, edgecolors=COLORS["float"])
    )
    ax.add_collection(PolyCollection(dark, facecolors=COLORS[family]))
    bottom = max((top for _, top in places), default=0) + ROW
    ax.set(xlim=(-1, columns * (line + GAP)), ylim=(bottom, -1))
    ax.set_title(f"{sum(x.any() for x in parts)} of {len(parts)} lines")
    ax.set_axis_off()
    return ax


def _box(left: float, top: float, width: float) -> list[tuple[float, float]]:
    """Return the corners of a box as high as a number."""
    right, bottom = left + width, top + 1
    return [(left, top), (right, top), (right, bottom), (left, bottom)]
