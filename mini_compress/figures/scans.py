"""How much accuracy each layer costs when it alone is compressed, drawn."""

import itertools
from typing import TYPE_CHECKING

from ..allocation import Sensitivity
from ..plotting import LINE_STYLES, shades
from .curves import MARKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_sensitivity(
    scan: Sensitivity, *, ax: "Axes", family: str = "pruning"
) -> "Axes":
    """Draw a line for each layer: accuracy over how harshly it is compressed.

    scan : as `allocation.scan_layers` gives it
    """
    colors = shades(family, len(scan.scores))
    marks, styles = itertools.cycle(MARKS), itertools.cycle(LINE_STYLES)
    for color, (name, scores) in zip(colors, scan.scores.items(), strict=True):
        ax.plot(
            scan.levels,
            [score.accuracy for score in scores],
            color=color,
            linestyle=next(styles),
            marker=next(marks),
            label=f"{name}, {scan.num_weights[name]:,} weights",
        )
    ax.set(ylabel="accuracy (%)")
    return ax
