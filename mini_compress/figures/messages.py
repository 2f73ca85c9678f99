"""What a figure says, written where it shows it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..studies.fronts.front import Some, file_kb, pareto

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# where words end, in points from what they are about
ABOVE = -6, 14
BESIDE = -14, 0


def say_how_small(
    points: Sequence[Some],
    margins: Sequence[float],
    *,
    ax: "Axes",
    whole: Some,
) -> "Axes":
    """Write how much smaller a file may get, at its point of a front.

    points : settings of a study, or points of several
    margins : pp of mean accuracy that may go; for each, the smallest file
        gets the words, unless a smaller margin has it already
    ax : as `plot_front` drew it
    whole : one of the points, the uncompressed network

    >>> from matplotlib.figure import Figure
    >>> from mini_compress.studies import fronts
    >>> points = fronts.collect("ConvNet", "fashion_mnist")
    >>> ax = Figure().subplots()
    >>> ax = say_how_small(points, [0.2, 0.1], ax=ax, whole=points[0])
    >>> len(ax.texts) <= 2
    True
    """
    found = []
    for margin in sorted(margins):
        least = whole.accuracy.mean - margin
        smallest = next(x for x in pareto(points) if x.accuracy.mean >= least)
        if smallest not in found:
            found.append(smallest)
            ax.annotate(
                f"{file_kb(whole) / file_kb(smallest):.0f}x smaller\n"
                f"{_lost(whole, smallest)}",
                (file_kb(smallest), smallest.accuracy.mean),
                BESIDE if found[:-1] else ABOVE,
                textcoords="offset points",
                arrowprops={"arrowstyle": "-", "lw": 0.8},
                ha="right",
                va="center" if found[:-1] else "bottom",
                fontsize="small",
                fontweight="bold",
            )
    return ax


def _lost(whole: Some, smallest: Some) -> str:
    """Return in words what accuracy has changed by."""
    change = f"{smallest.accuracy.mean - whole.accuracy.mean:+.1f}"
    if float(change) == 0:
        return "same accuracy"
    return f"{change} pp".replace("-", "\u2212")
