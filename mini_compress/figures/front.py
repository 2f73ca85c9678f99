"""Accuracy against the length of the file, and the points that none beats."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._require import require_one_of
from ..plotting import COLORS, MARKERS, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..studies import Setting

MORE_MARKS = "v<>P"  # of a family's further ways
WHOLE_SIZE = 11  # of the star of the uncompressed network, in points


def pareto(settings: "Collection[Setting]") -> "list[Setting]":
    """Return the settings that no other beats, from the shortest file on.

    One beats another if its file is no longer and its mean accuracy no lower,
    and one of them is better. Of equals the first is kept.

    >>> from mini_compress import studies
    >>> study = studies.load("post_training_quantization")
    >>> found = study.table(
    ...     network="ConvNet",
    ...     method="quantize_weights",
    ...     granularity="channel",
    ... )
    >>> [x.settings["bits"] for x in pareto(found)]  # the fewer, the worse
    [2, 3, 4, 6, 8]
    """
    front: list[Setting] = []
    for one in sorted(
        settings, key=lambda x: (x.num_bytes.mean, -x.accuracy.mean)
    ):
        if not front or one.accuracy.mean > front[-1].accuracy.mean:
            front.append(one)
    return front


def plot_front(
    ways: "Mapping[str, tuple[str, Sequence[Setting]]]",
    *,
    ax: "Axes",
    worst: float = 0.0,
) -> "Axes":
    """Draw each way's settings, and the Pareto front of all as a gray line.

    ways : label -> family of methods and settings; the family "float" is the
        uncompressed network. Bars reach from the worst seed to the best.
    worst : mean accuracy, in percent, at and below which nothing is drawn

    >>> from matplotlib.figure import Figure
    >>> from mini_compress import studies
    >>> study, place = studies.load("slimming"), {"network": "ConvNet"}
    >>> ways = {
    ...     "fewer filters": ("pruning", study.table(method="slimming")),
    ...     "float32": ("float", study.table(method="float")),
    ... }
    >>> ax = plot_front(ways, ax=Figure().subplots())
    >>> ax.get_legend_handles_labels()[1]
    ['fewer filters', 'float32']
    """
    families = [family for family, _ in ways.values()]
    for family in families:
        require_one_of("family", family, COLORS)
    looks = {
        family: zip(
            shades(family, families.count(family)),
            itertools.chain(MARKERS[family], itertools.cycle(MORE_MARKS)),
            strict=False,
        )
        for family in families
    }
    drawn: list[Setting] = []
    for label, (family, settings) in ways.items():
        found = [x for x in settings if x.accuracy.mean > worst]
        color, mark = next(looks[family])
        size = WHOLE_SIZE if family == "float" else None
        _draw_way(ax, found, color=color, fmt=mark, ms=size, label=label)
        drawn += found
    front = pareto(drawn)
    ax.plot(
        [x.num_bytes.mean / 1000 for x in front],
        [x.accuracy.mean for x in front],
        color="0.6",
        lw=1,
        marker="",
        zorder=0,
    )
    ax.set(xscale="log", xlabel="size of the file (KB)", ylabel="accuracy (%)")
    return ax


def _draw_way(ax: "Axes", settings: "Sequence[Setting]", **look: Any) -> None:
    """Draw a point for each setting, and a bar from its worst seed to its best.

    look : of `Axes.errorbar`
    """
    means, lows, highs = np.array(
        [x.accuracy.reading for x in settings]
    ).T  # (3, settings)
    sizes = [x.num_bytes.mean / 1000 for x in settings]
    bars = (means - lows, highs - means)
    ax.errorbar(sizes, means, bars, elinewidth=0.8, **look)
