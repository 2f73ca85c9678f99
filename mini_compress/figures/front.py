"""Accuracy against the length of the file, and the points that none beats."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._require import require_one_of
from ..plotting import COLORS, MARKERS, shades
from ..studies.fronts.front import Cost, Scored, file_kb, pareto

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..studies.fronts import Point

MORE_MARKS = "v<>P"  # of a family's further ways
TICKS = (1, 2, 5)  # in each decade
WHOLE_SIZE = 11  # of the star of the uncompressed network, in points


def plot_front(
    ways: Mapping[str, tuple[str, Sequence[Any]]],
    *,
    ax: "Axes",
    worst: float = 0.0,
    bars: bool = True,
    cost: Cost = file_kb,
    label: str = "size of the file (KB)",
) -> "Axes":
    """Draw each way's settings, and the Pareto front of all as a gray line.

    ways : name -> family of methods and settings, or points of `fronts`; the
        family "float" is the uncompressed network
    worst : mean accuracy, in percent, at and below which nothing is drawn
    bars : whether they reach from the worst seed to the best
    cost, label : what the horizontal axis shows of a setting, and says

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
    from matplotlib.ticker import LogLocator  # only here: it takes a while

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
    drawn: list[Any] = []
    for name, (family, settings) in ways.items():
        found = [x for x in settings if x.accuracy.mean > worst]
        color, mark = next(looks[family])
        size = WHOLE_SIZE if mark == MARKERS["float"] else None
        look = {"color": color, "fmt": mark, "ms": size, "label": name}
        if found:
            _draw_way(ax, found, cost, bars=bars, **look)
        drawn += found
    front = pareto(drawn, cost)
    ax.plot(
        [cost(x) for x in front],
        [x.accuracy.mean for x in front],
        color="0.6",
        lw=1,
        marker="",
        zorder=0,
    )
    ax.set(xscale="log", xlabel=label, ylabel="accuracy (%)")
    ax.xaxis.set_major_locator(LogLocator(subs=TICKS))
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    ax.minorticks_off()
    return ax


def plot_fronts(
    panels: "Mapping[str, Sequence[Point]]",
    *,
    axes: "Iterable[Axes]",
    costs: Sequence[Cost] = (),
    **options: Any,
) -> None:
    """Draw a front in each panel, and one legend for all below them.

    panels : title -> points of all studies, grouped by family
    axes : one for each panel, of one figure
    costs : one for each panel; none at all for the file
    options : of `plot_front`

    >>> from matplotlib.figure import Figure
    >>> from mini_compress.studies.fronts import collect
    >>> fig = Figure(layout="constrained")
    >>> points = collect("LeNet5", "fashion_mnist")
    >>> axes = fig.subplots(1, 2)
    >>> plot_fronts({"all": points, "few": points[:9]}, axes=axes, worst=80)
    >>> [ax.get_title() for ax in axes]
    ['all', 'few']
    """
    handles: dict[str, Any] = {}
    paid = costs or itertools.repeat(file_kb)
    for ax, (title, points), cost in zip(
        axes, panels.items(), paid, strict=False
    ):
        plot_front(by_family(points), ax=ax, cost=cost, **options)
        ax.set_title(title, fontsize="medium")
        ax.label_outer()
        own, names = ax.get_legend_handles_labels()
        handles |= dict(zip(names, own, strict=True))
    ax.figure.legend(
        handles.values(), handles, loc="outside lower center", ncols=4
    )


def by_family(points: "Sequence[Point]") -> dict[str, Any]:
    """Group points of all studies, as `plot_front` takes them.

    returns : name -> family and points, those of one training or of several;
        small networks that were trained from scratch apart from the whole one

    >>> from mini_compress.studies.fronts import collect
    >>> list(by_family(collect("LeNet5", "fashion_mnist")))
    ['float32', 'small', 'quantization', 'low rank']
    """
    found: dict[str, Any] = {
        "float32": ("float", [x for x in points if not x.epochs]),
        "small": ("float", [x for x in points if x.epochs]),
    }
    for name, (family, some) in found.items():
        found[name] = family, [x for x in some if x.family == "float"]
    for family in COLORS:
        if family != "float":
            own = [x for x in points if x.family == family]
            found[family.replace("_", " ")] = family, own
    return {name: pair for name, pair in found.items() if pair[1]}


def _draw_way(
    ax: "Axes",
    settings: Sequence[Scored],
    cost: Cost,
    *,
    bars: bool,
    **look: Any,
) -> None:
    """Draw a point for each setting, and a bar from its worst seed to its best.

    look : of `Axes.errorbar`
    """
    means, lows, highs = np.array(
        [x.accuracy.reading for x in settings]
    ).T  # (3, settings)
    reach = (means - lows, highs - means) if bars else None
    places = [cost(x) for x in settings]
    ax.errorbar(places, means, reach, elinewidth=0.8, **look)
