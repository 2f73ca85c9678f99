"""Convolutions in a row, as wide as the channels between them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .._require import require_one_of
from ..plotting import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import nn

LENGTH, GAP = 1.0, 0.12  # of a convolution, and of the channels between two


def chains(
    rows: "Mapping[str, Sequence[nn.Conv2d]]",
    axes: "Sequence[Axes]",
    *,
    family: str = "low_rank",
) -> None:
    """Draw each chain from left to right, on one scale of channels.

    A convolution is a piece between two bars, its inputs and its outputs, as
    high as they are many; in it stand its filter's sides and its weights.

    rows : title -> the convolutions in the order in which they run
    axes : one for each row
    family : whose color the convolutions have

    >>> from matplotlib.figure import Figure
    >>> from torch import nn
    >>> axes = Figure().subplots(2)
    >>> thin = [nn.Conv2d(20, 10, 1), nn.Conv2d(10, 50, 5)]
    >>> chains({"one": [nn.Conv2d(20, 50, 5)], "two": thin}, axes)
    >>> [text.get_text().replace(chr(10), ": ") for text in axes[1].texts]
    ['20', '1 x 1: 200', '10', '5 x 5: 12,500', '50']
    """
    require_one_of("family", family, COLORS)
    channels = {
        title: [chain[0].in_channels, *(x.out_channels for x in chain)]
        for title, chain in rows.items()
    }
    most = max(map(max, channels.values()))
    longest = max(map(len, rows.values())) * (LENGTH + GAP)
    for ax, (title, chain) in zip(axes, rows.items(), strict=True):
        counts = channels[title]
        _draw_channels(ax, counts[0], 0)
        for place, (conv, count) in enumerate(
            zip(chain, counts[1:], strict=True)
        ):
            start = place * (LENGTH + GAP)
            _draw_layer(ax, conv, start, COLORS[family])
            _draw_channels(ax, count, start + LENGTH + GAP)
        ax.set(xlim=(-GAP, longest + GAP), ylim=(-0.7 * most, 0.5 * most))
        ax.set_title(title, loc="left")
        ax.axis("off")


def _draw_layer(
    ax: "Axes", conv: "nn.Conv2d", start: float, color: str
) -> None:
    """Draw a convolution as a piece whose ends are as high as its channels."""
    left, right = conv.in_channels / 2, conv.out_channels / 2
    x = [start + GAP / 2, start + GAP / 2 + LENGTH]
    ax.fill_between(x, [-left, -right], [left, right], color=color, alpha=0.3)
    rows, cols = conv.kernel_size
    ax.text(
        sum(x) / 2,
        0,
        f"{rows} x {cols}\n{conv.weight.numel():,}",
        ha="center",
        va="center",
    )


def _draw_channels(ax: "Axes", count: int, x: float) -> None:
    """Draw channels as a bar, with their number below it."""
    ax.plot([x, x], [-count / 2, count / 2], color=COLORS["float"], marker="")
    ax.text(x, -count / 2, str(count), ha="center", va="top")
