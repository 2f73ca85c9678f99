"""Numbers on a line, and below them the levels of several codebooks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .._require import require_int, require_one_of
from ..kernels.codebook import nearest_codes
from ..plotting import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEW = 12  # values that are drawn one by one, joined to their levels
BINS = 80
WIDTH, TOP, ROW = 6.0, 0.9, 0.42  # inches


def rugs(
    values: Any, codebooks: Mapping[str, Any], *, family: str = "quantization"
) -> "Figure":
    """Draw values on top, and the levels of each codebook as a rug below.

    values : (...) numbers; many of them as a histogram, a dozen or fewer as
        points in each row, joined to the nearest level
    codebooks : title -> (levels,) sorted
    family : whose color levels have
    returns : a figure of pyplot

    >>> figure = rugs([-1.0, 0.1, 0.2], {"two levels": [-1.0, 0.15]})
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['', 'two levels']
    """
    from matplotlib import pyplot as plt

    require_int("number of codebooks", len(codebooks), 1)
    require_one_of("family", family, COLORS)
    numbers = np.asarray(values, np.float32).ravel()
    figure, (top, *rows) = plt.subplots(
        1 + len(codebooks),
        figsize=(WIDTH, TOP + ROW * len(codebooks)),
        height_ratios=[TOP, *[ROW] * len(codebooks)],
        sharex=True,
        layout="constrained",
    )
    few = numbers.size <= FEW
    if few:
        heights = _heights(numbers)
        top.plot(numbers, heights, **_marks("o", COLORS["float"]))
        top.set(ylim=(-0.5, max(heights, default=0) + 0.5))
    else:
        top.hist(numbers, bins=BINS, color=COLORS["float"])
    for ax, (title, levels) in zip(rows, codebooks.items(), strict=True):
        found = np.asarray(levels, np.float32)
        if few:
            _join(ax, numbers, found)
        ax.plot(found, 0 * found, **_marks("|", COLORS[family]), ms=14, mew=2)
        ax.set(ylim=(-1, 1))
        ax.set_ylabel(title, rotation=0, ha="right", va="center")
    for ax in (top, *rows):
        ax.set(yticks=[])
        ax.grid(visible=False)
        ax.spines[["left", "top", "right"]].set_visible(False)
    return figure


def _join(ax: "Axes", numbers: np.ndarray, levels: np.ndarray) -> None:
    """Draw each number as a point, and a line to its level."""
    nearest = levels[nearest_codes(numbers, levels)]
    for pair in np.stack([numbers, nearest], axis=1):  # (2 places,)
        ax.plot(pair, [0, 0], color="0.6", lw=3, marker="")
    ax.plot(numbers, 0 * numbers, **_marks("o", COLORS["float"]), ms=4)


def _heights(numbers: np.ndarray) -> np.ndarray:
    """Return 0, or 1, 2, ... for a number that was there before."""
    return np.array([(numbers[:i] == x).sum() for i, x in enumerate(numbers)])


def _marks(marker: str, color: str) -> dict[str, Any]:
    return {"ls": "", "marker": marker, "color": color}
