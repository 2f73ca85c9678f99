"""The one look of every figure: a color and a marker per family of methods.

The same colors are used by figures, pages and widgets. They keep apart for
the common forms of color blindness, have a contrast of at least 3 against
white, and markers tell the families apart in black and white.
"""

from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

from ._require import require_int, require_one_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Look = tuple[str, str, str]  # color, hatch, color of hatch and edge

# family of methods -> sRGB color; `float` is the uncompressed baseline, and
# `combined` is several families on one network
COLORS = MappingProxyType(
    {
        "float": "#30353d",
        "quantization": "#0a58a6",
        "pruning": "#bf4a00",
        "distillation": "#0f9b76",
        "low_rank": "#c06ab0",
        "combined": "#7a0ce9",
    }
)

# family of methods -> matplotlib marker
MARKERS = MappingProxyType(
    {
        "float": "*",
        "quantization": "o",
        "pruning": "^",
        "distillation": "s",
        "low_rank": "D",
        "combined": "X",
    }
)

LINE_STYLES = ("-", "--", "-.", ":")

TO_BLACK, TO_WHITE = 0.5, 0.35  # how far shades go; lighter ones fade


def shades(family: str, count: int) -> list[str]:
    """Return shades of a family's color, from dark to light.

    For several curves of one family; let `LINE_STYLES` tell them apart too.

    family : a key of COLORS
    count : >= 1; a single shade is the color itself
    returns : count colors, as "#rrggbb"

    >>> shades("quantization", 3)
    ['#052c53', '#0a58a6', '#6092c5']
    """
    require_one_of("family", family, COLORS)
    require_int("count", count, 1)
    if count == 1:
        return [COLORS[family]]
    places = [2 * number / (count - 1) - 1 for number in range(count)]
    return [_mix(COLORS[family], place) for place in places]


def _mix(color: str, place: float) -> str:
    """Move a color towards black (place = -1) or white (place = 1)."""
    channels = [int(color[start : start + 2], 16) for start in (1, 3, 5)]
    end, share = (255, TO_WHITE) if place > 0 else (0, TO_BLACK)
    mixed = [round(old + abs(place) * share * (end - old)) for old in channels]
    return "#" + "".join(f"{value:02x}" for value in mixed)


def stack_bars(
    axes: "Axes",
    bars: Mapping[str, Mapping[str, float]],
    looks: Mapping[str, Look],
) -> "Axes":
    """Draw horizontal bars made of parts, the first bar at the top.

    bars : name -> its parts, part -> length; every bar has the same parts
    looks : part -> color, hatch and edge, in the order of the parts
    """
    starts = [0.0] * len(bars)
    for part, (color, hatch, edge) in looks.items():
        lengths = [bar[part] for bar in bars.values()]
        axes.barh(
            list(bars),
            lengths,
            0.62,
            starts,
            color=color,
            hatch=hatch,
            edgecolor=edge,
            linewidth=0.5,
            label=part,
        )
        starts = [a + b for a, b in zip(starts, lengths, strict=True)]
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    return axes


def use_book_style() -> None:
    """Draw from now on as the book does: its style, its colors, SVG.

    In a notebook, figures are written as SVG without a date, so the same
    figure is the same text twice. A second drawing in it is for phones.
    """
    from cycler import cycler
    from matplotlib import pyplot as plt  # also starts the inline backend

    plt.style.use(str(resources.files(__package__) / "book.mplstyle"))
    plt.rcParams["axes.prop_cycle"] = cycler(
        color=list(COLORS.values()), marker=list(MARKERS.values())
    )
    _draw_svg_in_notebooks()


def _draw_svg_in_notebooks() -> None:
    from IPython import get_ipython
    from matplotlib.figure import Figure
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    from ._narrow import draw_twice

    shell = get_ipython()
    if shell is not None:
        set_matplotlib_formats("svg")
        formats = shell.display_formatter.formatters
        formats["image/svg+xml"].for_type(Figure, draw_twice)
