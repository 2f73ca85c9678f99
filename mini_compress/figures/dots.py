"""What a study recorded, as dots: every seed of a setting, and their mean."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from .._require import require_one_of
from ..plotting import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..studies import Gain, Result


def dots(
    result: "Result",
    *,
    rows: "Mapping[str, Mapping[str, Any] | Gain]",
    ax: "Axes",
    x: str = "accuracy",
    family: str = "pruning",
    controls: Collection[str] = (),
) -> "Axes":
    """Draw a row for each setting: a dot for each seed, a bar at the mean.

    rows : name -> what `Result.one` is asked for, the first at the top; or one
        setting minus another, a gain for each seed
    x : a quantity of a `Setting` that has a value for each seed
    controls : names of the rows that are drawn in gray

    >>> from matplotlib.figure import Figure
    >>> from mini_compress import studies
    >>> ax = dots(
    ...     studies.load("slimming"),
    ...     rows={"dense": {"method": "float"}, "L1": {"method": "one_shot"}},
    ...     controls=["dense"],
    ...     ax=Figure().subplots(),
    ... )
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['dense', 'L1']
    """
    require_one_of("family", family, COLORS)
    for name in controls:
        require_one_of("controls", name, rows)
    for place, (name, wanted) in enumerate(rows.items()):
        if isinstance(wanted, Mapping):
            values = getattr(result.one(**wanted), x)
        else:
            values = wanted.values
        color = COLORS["float" if name in controls else family]
        look: dict[str, Any] = {"color": color, "linestyle": ""}
        ax.plot([*values], [place] * len(values), marker="o", alpha=0.5, **look)
        ax.plot(values.mean, place, marker="|", ms=22, mew=3, **look)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    return ax
