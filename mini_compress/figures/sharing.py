"""Which weights share a scale: all, those of a channel, those of a group."""

from typing import TYPE_CHECKING

import numpy as np

from .._require import require_int, require_one_of
from ..plotting import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE = 1.8  # inches of a matrix
PALE = "0.88"  # gray of every second field


def sharing(
    outputs: int, inner: int, group_size: int, *, family: str = "quantization"
) -> "Figure":
    """Draw a weight three times; squares of one scale are one field.

    outputs, inner : shape of the weight, a row for each output channel
    group_size : weights of a group; divides inner
    family : whose color every second field has, from the first; others are gray
    returns : a figure of pyplot with three axes: per tensor, channel, group

    >>> [ax.get_title() for ax in sharing(4, 6, 3).axes]
    ['per tensor', 'per channel', 'per group of 3']
    """
    from matplotlib import pyplot as plt

    require_int("outputs", outputs, 1)
    require_int("group_size", group_size, 1)
    require_one_of("family", family, COLORS)
    if require_int("inner", inner, 1) % group_size:
        raise ValueError(
            f"group_size must divide inner, got {group_size} for {inner}"
        )
    fields = {  # rows and columns of a field
        "per tensor": (outputs, inner),
        "per channel": (1, inner),
        f"per group of {group_size}": (1, group_size),
    }
    figure, axes = plt.subplots(1, 3, figsize=(3 * SIDE, SIDE))
    for ax, (title, (high, wide)) in zip(axes, fields.items(), strict=True):
        _draw(ax, (outputs, inner), high, wide, family)
        ax.set_title(title)
    return figure


def _draw(
    ax: "Axes", shape: tuple[int, int], high: int, wide: int, family: str
) -> None:
    """Fill fields of `high` times `wide` squares, and name their scales."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    rows, cols = (np.arange(count) for count in shape)
    is_pale = (rows[:, np.newaxis] // high + cols // wide) % 2  # (rows, cols)
    look = LinearSegmentedColormap.from_list(family, [COLORS[family], PALE])
    ax.imshow(is_pale, cmap=look, vmin=0, vmax=1, interpolation="none")
    corners = [
        (row, col)
        for row in range(0, shape[0], high)
        for col in range(0, shape[1], wide)
    ]
    for number, (row, col) in enumerate(corners, 1):
        place = col + (wide - 1) / 2, row + (high - 1) / 2
        name = "$s$" if len(corners) == 1 else f"$s_{{{number}}}$"
        ink = COLORS["float"] if is_pale[row, col] else "white"
        text = ax.text(*place, name, ha="center", va="center", color=ink)
        ground = to_hex(look(float(is_pale[row, col])))
        text.set_bbox({"facecolor": ground, "edgecolor": "none", "pad": 1})
    ax.set_xticks(np.arange(0.5, shape[1] - 1), [])  # between squares
    ax.set_yticks(np.arange(0.5, shape[0] - 1), [])
    ax.grid(visible=True, color="white", linewidth=0.8)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
