"""A residual block, its wires drawn as the channels that they carry."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from .._require import require_int
from ..plotting import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHANNELS = 4
GAP = 0.13  # between two channels of a wire
HEIGHT = 1.5  # of the skip connection above the layers
ADDED = 8.05  # where the sum is
# name -> where its box begins and ends
LAYERS = {
    "stem": (0.0, 1.3),
    "conv 1": (2.9, 4.4),
    "conv 2": (5.4, 6.9),
    "next": (9.2, 10.5),
}


def residual_block(removed: Collection[int], *, ax: "Axes") -> "Axes":
    """Draw a residual block without some of the channels of its sum.

    Each wire is a bundle of four channels. Those that are removed are dotted
    on every wire of the sum: the addition ties these wires together. The wire
    between the two convolutions has channels of its own, drawn in gray.

    removed : numbers of channels, 0 to 3, counted from the top

    >>> from matplotlib.figure import Figure
    >>> ax = residual_block([1], ax=Figure().subplots())
    >>> [text.get_text() for text in ax.texts]
    ['stem', 'conv 1', 'conv 2', 'next', '+']
    >>> sum(line.get_linestyle() == ":" for line in ax.lines)
    4
    """
    for number in removed:
        require_int("removed", number, 0, CHANNELS - 1)
    for number in range(CHANNELS):
        y = GAP * ((CHANNELS - 1) / 2 - number)
        for wire in _wires(y):
            _draw(ax, wire, "pruning", number in removed)
        between = LAYERS["conv 1"][1], LAYERS["conv 2"][0]
        _draw(ax, [(x, y) for x in between], "float", False)
    edge = COLORS["float"]
    box: dict[str, Any] = {"facecolor": "white", "edgecolor": edge, "zorder": 3}
    for name, (left, right) in LAYERS.items():
        ax.fill_between([left, right], -0.45, 0.45, **box)
        ax.text((left + right) / 2, 0, name, ha="center", va="center", zorder=4)
    ax.plot(ADDED, 0, "o", ms=24, mfc="white", mec=edge, zorder=3)
    ax.text(ADDED, 0, "+", ha="center", va="center", zorder=4, size=14)
    ax.set(xlim=(-0.1, 10.6), ylim=(-0.7, HEIGHT + 0.4), aspect="equal")
    ax.set_axis_off()
    return ax


def _wires(y: float) -> list[Sequence[tuple[float, float]]]:
    """Return the ways of a channel of the sum, which lies at this height."""
    leaves, ahead = LAYERS["stem"][1], LAYERS["conv 1"][0]
    left = (leaves + ahead) / 2 - y  # so that the corners lie in each other
    skip = [(left, y), (left, HEIGHT + y), (ADDED + y, HEIGHT + y)]
    return [
        [(leaves, y), (ahead, y)],
        [*skip, (ADDED + y, 0)],
        [(LAYERS["conv 2"][1], y), (ADDED, y)],
        [(ADDED, y), (LAYERS["next"][0], y)],
    ]


def _draw(
    ax: "Axes",
    wire: Sequence[tuple[float, float]],
    family: str,
    is_removed: bool,
) -> None:
    xs, ys = zip(*wire, strict=True)
    style = ":" if is_removed else "-"
    ax.plot(xs, ys, style, color=COLORS[family], lw=1.5, marker="")
