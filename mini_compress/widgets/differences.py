"""An Explorer of where executions of an integer network part."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._require import require_equal
from .explorer import Explorer
from .metric import Metric
from .picture import Picture
from .settings import as_setting

if TYPE_CHECKING:
    from ..quantization.comparison import Comparison

METRICS = (
    Metric("first step that differs", digits=0),
    Metric("codes that differ there", "%", digits=None, log=True),
    Metric("largest difference there", "steps", digits=0),
    Metric("codes that differ at the end", "%", digits=None, log=True),
)
NOTE = "Steps are counted from the input, which is step 0."
FIGURE = (6, 2.6)  # inches


def explore_differences(
    title: str,
    comparisons: "Mapping[Any, Comparison]",
    *,
    knobs: Sequence[str],
    default: Any = None,
    family: str = "quantization",
    note: str = "",
) -> Explorer:
    """Show where each execution parts from the same other, and how far.

    comparisons : {value: what `quantization.compare_layers` gave}, or
        {(value, value): ...} for two knobs
    knobs : what the values stand for
    default, family : as in `Explorer`
    note : a sentence more, such as what was compared with what
    returns : its pictures draw the share of the codes that differ over the
        steps, all on one axis

    >>> from mini_compress import datasets, zoo
    >>> from mini_compress.quantization import compare_layers, quantize_network
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> images = data.train.take(100).images
    >>> one, other = (
    ...     quantize_network(net, images, rounding=rule)
    ...     for rule in ("float32_half_even", "fixed_double")
    ... )
    >>> explorer = explore_differences(
    ...     "Rounded twice",
    ...     {
    ...         name: compare_layers(network, one, images)
    ...         for name, network in {"once": one, "twice": other}.items()
    ...     },
    ...     knobs=["rounding"],
    ... )
    >>> [row[:2] for row in explorer.table().rows]
    [('once', '-'), ('twice', '2')]
    """
    import matplotlib.pyplot as plt

    from ..figures.differences import plot_differences

    shares = [
        x.share for c in comparisons.values() for x in c.layers if x.differ
    ]
    pictures = {}
    for key, comparison in comparisons.items():
        fig, ax = plt.subplots(figsize=FIGURE)
        plot_differences(comparison, ax=ax, family=family)
        # from half the smallest share, in %, to above all of the codes
        ax.set(yscale="log", ylim=(50 * min(shares, default=1), 200))
        with plt.rc_context({"svg.fonttype": "none"}):  # small files
            pictures[key] = Picture.draw(fig, alt=_describe(comparison))
    settings = [as_setting(key) for key in comparisons]
    for setting in settings:
        require_equal("number of knobs", len(setting), len(knobs))
    choices = [list(dict.fromkeys(x)) for x in zip(*settings, strict=True)]
    return Explorer(
        title,
        knobs=dict(zip(knobs, choices, strict=True)),
        metrics=METRICS,
        values={key: _figures(x) for key, x in comparisons.items()},
        pictures=pictures,
        default=default,
        family=family,
        note=f"{NOTE} {note}".rstrip(),
    )


def _figures(comparison: "Comparison") -> dict[str, float | None]:
    """Return the value of each metric; None where nothing differs."""
    layers, first = comparison.layers, comparison.first
    names = (metric.name for metric in METRICS)
    if first is None:
        return dict.fromkeys(names)
    at_the_end = 100 * layers[-1].share or None
    number = layers.index(first)
    found = (number, 100 * first.share, first.largest, at_the_end)
    return dict(zip(names, found, strict=True))


def _describe(comparison: "Comparison") -> str:
    first, total = comparison.first, len(comparison.layers)
    if first is None:
        return f"Codes are equal at all {total} steps"
    last = f"{100 * comparison.layers[-1].share:.2g} % at the last"
    return (
        f"Share of codes that differ at {total} steps: the first is "
        f"{first.name} with {100 * first.share:.2g} %, {last}"
    )
