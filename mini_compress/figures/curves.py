"""What a study recorded, as curves: the mean of the seeds, and their band."""

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._require import require_one_of
from ..plotting import COLORS, LINE_STYLES, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..studies import Result, Setting, Values

MARKS = "^osDvP"
Place = str | Callable[["Setting"], float | None]
Line = Mapping[str, Any] | Sequence["Setting"]


def curves(
    result: "Result",
    *,
    x: Place,
    lines: Mapping[str, Line],
    ax: "Axes",
    y: str = "accuracy",
    family: str = "pruning",
    controls: Collection[str] = (),
) -> "Axes":
    """Draw a line for each way: the mean of the seeds, in a band of them.

    The band reaches from the lowest seed to the highest. Lines differ in
    shade, style and marker, and are named in the legend.

    x : what lies along the axis: a setting, such as "sparsity", or a function
        of a `Setting`. What has none, such as the uncompressed network, is a
        level line without a marker.
    lines : label -> what `Result.table` is asked for, or settings themselves,
        of another study too
    y : a quantity of a `Setting` that has a value for each seed
    controls : labels of the lines that are drawn in gray

    >>> from matplotlib.figure import Figure
    >>> from mini_compress import studies
    >>> ax = curves(
    ...     studies.load("lottery"),
    ...     x="round",
    ...     lines={
    ...         "tickets": {"method": "ticket", "epochs": None},
    ...         "random masks": {"method": "random_mask"},
    ...         "dense": {"method": "float"},
    ...     },
    ...     controls=["random masks", "dense"],
    ...     ax=Figure().subplots(),
    ... )
    >>> ax.get_legend_handles_labels()[1]
    ['tickets', 'random masks', 'dense']
    """
    require_one_of("family", family, COLORS)
    for label in controls:
        require_one_of("controls", label, lines)
    looks = _looks(lines, family, controls)
    for (label, line), look in zip(lines.items(), looks, strict=True):
        found = result.table(**line) if isinstance(line, Mapping) else line
        places = [_place(setting, x) for setting in found]
        values = [getattr(setting, y) for setting in found]
        if places == [None]:
            _draw_level(ax, label, values[0], look)
        else:
            _draw_line(ax, label, places, values, look)
    return ax


def _place(setting: "Setting", x: Place) -> float | None:
    return x(setting) if callable(x) else setting.settings.get(x)


def _looks(
    lines: Mapping[str, Line], family: str, controls: Collection[str]
) -> list[dict[str, Any]]:
    """Choose color, style and marker of each line; controls are gray."""
    colors = iter(shades(family, max(1, len(lines) - len(controls))))
    marks, styles = itertools.cycle(MARKS), itertools.cycle(LINE_STYLES)
    return [
        {
            "color": COLORS["float"] if label in controls else next(colors),
            "linestyle": next(styles),
            "marker": next(marks),
        }
        for label in lines
    ]


def _draw_line(
    ax: "Axes",
    label: str,
    places: Sequence[float | None],
    values: "Sequence[Values]",
    look: Mapping[str, Any],
) -> None:
    if None in places or len(set(places)) < len(places):
        raise ValueError(
            f"settings of {label!r} must each have a place of their own, "
            f"got {places}"
        )
    at = np.array(places, float)
    order = np.argsort(at)
    readings = np.array([x.reading for x in values])[order]  # (settings, 3)
    means, lows, highs = readings.T
    ax.plot(at[order], means, label=label, **look)
    ax.fill_between(at[order], lows, highs, color=look["color"], alpha=0.15)


def _draw_level(
    ax: "Axes", label: str, values: "Values", look: Mapping[str, Any]
) -> None:
    ax.axhline(values.mean, label=label, **{**look, "marker": "", "lw": 1})
    ax.axhspan(values.lowest, values.highest, color=look["color"], alpha=0.1)
