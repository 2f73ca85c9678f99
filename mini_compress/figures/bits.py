"""Bytes as columns of bits, colored by what they belong to."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._require import require_dtype, require_equal, require_ndim
from ..plotting import COLORS, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Masks = Mapping[int, int]  # number of a byte -> its bits, as 0b1100_0000


def bit_fields(
    data: np.ndarray,
    fields: Mapping[str, Masks],
    *,
    ax: "Axes",
    labels: Sequence[str] | None = None,
    family: str = "quantization",
) -> "Axes":
    """Draw each byte as a column of 8 squares, the highest bit at the top.

    data : (bytes,) uint8
    fields : what bits belong to -> the bits of each byte; all others are pale
    labels : of the bytes; None for their numbers
    family : whose shades the fields have, in their order

    >>> from matplotlib.figure import Figure
    >>> data = np.array([0b0000_0101], np.uint8)
    >>> ax = bit_fields(data, {"low": {0: 0b0000_1111}}, ax=Figure().subplots())
    >>> "".join(text.get_text() for text in ax.texts[:8])
    '00000101'
    """
    require_dtype("data", data, np.uint8)
    require_ndim("data", data, 1)
    names = [str(i) for i in range(len(data))] if labels is None else labels
    require_equal("number of labels", len(data), len(names))
    colors = dict(zip(fields, shades(family, len(fields)), strict=True))
    for byte, value in enumerate(data.tolist()):
        for row, bit in enumerate(f"{value:08b}"):
            owners = [
                name
                for name, masks in fields.items()
                if masks.get(byte, 0) >> (7 - row) & 1
            ]
            _square(ax, (byte, row), bit, colors[owners[0]] if owners else None)
    for name, color in colors.items():
        ax.plot([], [], ls="", marker="s", color=color, label=name)
    ax.set(xlim=(-0.5, len(data) - 0.5), ylim=(7.5, -0.5), aspect="equal")
    ax.set_xticks(range(len(data)), names)
    ax.set_yticks([0, 7], ["high", "low"])
    ax.set(xlabel="byte", ylabel="bit")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(colors))
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return ax


def _square(
    ax: "Axes", place: tuple[int, int], bit: str, color: str | None
) -> Any:
    """Draw one bit: white on its color, gray where it is nobody's."""
    from matplotlib.patches import Rectangle

    corner = place[0] - 0.47, place[1] - 0.47
    face = color or "0.95"
    ax.add_patch(Rectangle(corner, 0.94, 0.94, facecolor=face))
    ink = "white" if color else COLORS["float"]
    return ax.text(*place, bit, ha="center", va="center", color=ink)
