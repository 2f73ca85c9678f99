"""The rows of a matrix as points, and where an approximation moves them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .._require import require_equal
from ..plotting import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def moved_rows(
    matrix: Any, near: Any, *, ax: "Axes", family: str = "low_rank"
) -> "Axes":
    """Draw each row as a circle, joined to the diamond it is moved to.

    matrix, near : (rows, 2)

    A line through the origin joins the diamonds that lie on one: where the
    rank of `near` is 1.

    >>> from matplotlib.figure import Figure
    >>> matrix, near = [[6, 0], [8, 10]], [[3, 3], [9, 9]]
    >>> len(moved_rows(matrix, near, ax=Figure().subplots()).lines)
    5
    """
    before, after = np.asarray(matrix, float), np.asarray(near, float)
    require_equal("shape of matrix", (len(after), 2), before.shape)
    require_equal("shape of near", before.shape, after.shape)
    reach = 1.2 * float(np.linalg.norm(before, axis=1).max() or 1.0)
    if np.linalg.matrix_rank(after) == 1:
        along = np.linalg.svd(after)[2][0]  # (2,)
        ends = np.outer([-reach, reach], along)
        ax.plot(*ends.T, color=COLORS[family], lw=1, marker="")
    for pair in np.stack([before, after], axis=1):  # (2 places, 2)
        ax.plot(*pair.T, color="0.6", ls=":", marker="")
    ax.plot(*before.T, color=COLORS["float"], ls="", marker="o")
    ax.plot(*after.T, color=COLORS[family], ls="", marker="D")
    ax.set(aspect="equal", xlabel="column 0", ylabel="column 1")
    return ax
