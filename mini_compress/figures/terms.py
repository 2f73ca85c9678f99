"""A photograph, and matrices rebuilt from a few of their terms."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..kernels.low_rank import truncated_svd
from .matrices import matrices

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE = 512  # pixels: the width of the photograph; its upper part is square
SHRINK = 2  # a page need not carry more pixels than are seen
LUMA = 0.299, 0.587, 0.114  # of red, green, blue: ITU-R BT.601


def photograph() -> np.ndarray:
    """Return a portrait of Grace Hopper, as dark as each pixel is.

    returns : (256, 256) float64 from 0, white, to 1, black

    It comes with matplotlib, and was taken for the US Navy: it is in the
    public domain.

    >>> portrait = photograph()
    >>> portrait.shape, bool((portrait >= 0).all() and (portrait <= 1).all())
    ((256, 256), True)
    """
    from matplotlib import cbook, image

    path = cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    colors = image.imread(path)[:SIDE]  # (512, 512, 3) uint8
    dark = 1 - colors @ np.array(LUMA) / 255  # (512, 512)
    small = SIDE // SHRINK
    return dark.reshape(small, SHRINK, small, SHRINK).mean(axis=(1, 3))


def rebuilt(
    whole: Mapping[str, np.ndarray],
    ranks: Sequence[int],
    *,
    looks: Mapping[str, Callable[[np.ndarray], np.ndarray]] | None = None,
) -> "Figure":
    r"""Draw matrices, a row for each: of a few terms, of more, and all of it.

    whole : name -> (rows, cols) float32 or float64
    ranks : how many terms of the singular value decomposition are taken; above
        each picture stands how long its numbers are, as float32
    looks : name -> what is drawn of a matrix and of what is rebuilt of it,
        (rows, cols) -> (height, width); without one, the matrix itself
    returns : a figure of pyplot

    >>> figure = rebuilt({"ramp": np.outer([1.0, 2.0], [3.0, 4.0])}, [1])
    >>> [ax.get_title() for ax in figure.axes]
    ['1 term\n0.016 KB', 'whole\n0.016 KB']
    """
    rows = []
    for name, matrix in whole.items():
        look = (looks or {}).get(name, np.asarray)
        left, values, right = truncated_svd(matrix, max(ranks))
        drawn = {}
        for rank in ranks:
            terms = "1 term" if rank == 1 else f"{rank} terms"
            title = f"{terms}\n{_in_kb(rank * sum(matrix.shape))}"
            near = left[:, :rank] * values[:rank] @ right[:rank]
            drawn[title] = look(near)
        drawn[f"whole\n{_in_kb(matrix.size)}"] = look(matrix)
        rows.append(drawn)
    return matrices(*rows)


def _in_kb(count: int) -> str:
    """Return the bytes of so many float32 in words."""
    size = 4 * count / 1000
    return f"{size:,.0f} KB" if size >= 1 else f"{size:.3g} KB"
