"""Matrices side by side as colored squares, with their numbers if few."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .._require import require_int, require_ndim, require_one_of
from ..plotting import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE = 1.3  # inches of a matrix
TITLE = 0.25  # inches of each line
# luminance up to which white is read more easily than the color of `float`:
# the root of 1.05 * (luminance of float + 0.05), less 0.05 (WCAG's contrast)
DARK = 0.25


def matrices(
    *rows: Mapping[str, Any],
    numbers: str | None = None,
    high: float | None = None,
    family: str = "low_rank",
) -> "Figure":
    """Draw matrices in rows, as squares: white is 0, negative numbers gray.

    rows : title -> (rows, cols); a picture of 28 by 28 pixels is one, too
    numbers : how a number is written into its square, as ".0f"; None for none
    high : the number of full color, up or down; None for each matrix's largest
    family : whose color positive numbers have
    returns : a figure of pyplot

    >>> figure = matrices(
    ...     {"a": [[6, 0], [8, 10]], "b": [[3, 3], [9, 9]]}, numbers=".0f"
    ... )
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['6', '0', '8', '10']
    """
    from matplotlib import pyplot as plt

    require_int("number of rows", len(rows), 1)
    require_one_of("family", family, COLORS)
    most = max(map(len, rows))
    lines = 1 + max(title.count("\n") for parts in rows for title in parts)
    size = SIDE * most, (SIDE + TITLE * lines) * len(rows)
    figure, grid = plt.subplots(len(rows), most, figsize=size, squeeze=False)
    for axes, parts in zip(grid, rows, strict=True):
        for ax, (title, part) in zip(axes, parts.items(), strict=False):
            matrix = np.asarray(part, float)
            require_ndim(f"matrix {title!r}", matrix, 2)
            full = float(np.abs(matrix).max()) if high is None else high
            full = full or 1.0  # a matrix of zeros is white
            _draw(ax, matrix, full, family, as_picture=numbers is None)
            ax.set_title(title)
            if numbers is not None:
                _write(ax, matrix, numbers)
        for ax in axes[len(parts) :]:
            ax.set_axis_off()
    return figure


def _draw(
    ax: "Axes",
    matrix: np.ndarray,
    full: float,
    family: str,
    *,
    as_picture: bool,
) -> None:
    """Draw a matrix as a picture, or as squares, of which a page can know."""
    from matplotlib.colors import LinearSegmentedColormap

    colors = [COLORS["float"], "white", COLORS[family]]
    scale = LinearSegmentedColormap.from_list(family, colors)
    look: dict[str, Any] = {"cmap": scale, "vmin": -full, "vmax": full}
    if as_picture:
        ax.imshow(matrix, interpolation="none", **look)
    else:
        edges = (np.arange(size + 1) - 0.5 for size in matrix.T.shape)
        ax.pcolormesh(*edges, matrix, edgecolor="face", lw=0.1, **look)
        ax.set(aspect="equal")
        ax.invert_yaxis()
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    ax.spines[:].set(visible=True, linewidth=0.5)  # a frame around the squares


def _write(ax: "Axes", matrix: np.ndarray, numbers: str) -> None:
    """Write each number into its square, in white where that is dark."""
    [squares] = ax.collections
    for (row, col), value in np.ndenumerate(matrix):
        ax.text(
            col,
            row,
            format(value, numbers),
            ha="center",
            va="center",
            color=_ink(*squares.to_rgba(value)[:3]),
        )


def _ink(*rgb: float) -> str:
    """Return the color of numbers on a square of a color.

    rgb : red, green and blue of sRGB, from 0 to 1
    """
    red, green, blue = (
        x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in rgb
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "white" if luminance < DARK else COLORS["float"]
