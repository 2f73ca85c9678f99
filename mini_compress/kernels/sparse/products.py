"""Products of rows that hold few values: gather from x, multiply, add up.

    out[row] = sum over the row's entries of value * x[column]

A value is a number, or a block that multiplies a piece of x. Loops over rows
are slow in Python, so rows are taken many at a time. NaN and infinity in x
count as in any sum: they show in the rows that multiply them, and only there.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np

from ..blocks import slices

BUFFER_SIZE = 1 << 17  # values gathered at a time: 512 KiB, a level-2 cache
MOST_PADDING = 1 << 16  # values: to multiply them takes as long as a group more

# block rows (rows,), their block columns (rows, length), and their blocks side
# by side (rows, height, length * width)
Group = tuple[np.ndarray, np.ndarray, np.ndarray]


def multiply_rows(
    indptr: np.ndarray, indices: np.ndarray, data: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """Multiply rows in CSR form by a vector or a matrix.

    indptr : (rows + 1,), indices : (entries,) integers; data : (entries,)
    x : (cols,) or (cols, n) float32
    returns : (rows,) or (rows, n) float32

    >>> indptr, indices = np.array([0, 2, 2]), np.array([0, 1])
    >>> data, x = np.float32([2, 3]), np.float32([10, 100])
    >>> multiply_rows(indptr, indices, data, x)
    array([320.,   0.], dtype=float32)
    """
    if x.ndim == 1:
        with np.errstate(invalid="ignore"):  # 0 * inf is NaN, and no surprise
            return _add_rows(indptr, data * x.take(indices))
    blocks = data.reshape(-1, 1, 1)  # numbers are blocks of one
    groups = group_rows(indptr, indices, blocks, x.shape)
    return stack_rows(groups, x, len(indptr) - 1, 1, 1)


def _add_rows(indptr: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Add up the stretch of each row.

    products : (entries,)
    returns : (rows,)
    """
    out = np.zeros(len(indptr) - 1, np.float32)
    filled = indptr[1:] > indptr[:-1]
    starts = indptr[:-1][filled]  # reduceat gives an empty row another's value
    if starts.size:
        out[filled] = np.add.reduceat(products, starts)
    return out


def group_rows(
    indptr: np.ndarray,
    indices: np.ndarray,
    blocks: np.ndarray,
    x_shape: tuple[int, ...],
) -> Iterator[Group]:
    """Put rows of like length together, padded to the longest of them.

    indptr : (block rows + 1,), indices : (entries,) integers
    blocks : (entries, height, width)
    x_shape : (cols, ...) of what will be multiplied

    Padding is blocks of zeros, and the block column after the last one. Longest
    first, so that the first row of a group bounds its buffer.
    """
    _, height, width = blocks.shape
    starts, ends = indptr[:-1].astype(np.intp), indptr[1:].astype(np.intp)
    counts = ends - starts
    # padding is one entry more, after the last
    zeros = np.zeros((1, height, width), np.float32)
    blocks = np.append(blocks, zeros, axis=0)  # (entries + 1, height, width)
    columns = np.append(indices.astype(np.intp), x_shape[0] // width)
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    gathered = width * max(1, math.prod(x_shape[1:]))  # for each entry
    first = 0
    while first < order.size:
        length = counts[order[first]]
        most_rows = max(1, BUFFER_SIZE // (length * gathered))
        rows = order[first : first + most_rows]
        missing = (length - counts[rows]) * (height * width)
        if missing[-1] * rows.size > MOST_PADDING:
            most = np.searchsorted(missing.cumsum(), MOST_PADDING, "right")
            rows = rows[:most]
        places = starts[rows, np.newaxis] + np.arange(length)  # (rows, length)
        places[places >= ends[rows, np.newaxis]] = indices.size
        left = blocks.take(places, axis=0)  # (rows, length, height, width)
        left = left.transpose(0, 2, 1, 3)  # (rows, height, length, width)
        # (rows, height, length * width)
        left = left.reshape(rows.size, height, length * width)
        yield rows, columns.take(places), left
        first += rows.size


def stack_rows(
    groups: Iterable[Group],
    x: np.ndarray,
    block_rows: int,
    height: int,
    width: int,
) -> np.ndarray:
    """Multiply groups of rows: each is one gather and one stack of products.

    x : (cols,) or (cols, n)
    returns : (block_rows * height,) or (block_rows * height, n) float32
    """
    block_cols, n = len(x) // width, math.prod(x.shape[1:])
    # what one block multiplies, and zeros for padding, since 0 * NaN is NaN
    pieces = np.zeros((block_cols + 1, width, n), np.float32)
    pieces[:-1] = x.reshape(block_cols, width, n)
    out = np.zeros((block_rows, height, n), np.float32)
    with np.errstate(invalid="ignore", over="ignore"):  # as any sum of floats
        for rows, columns, left in groups:
            most_rows = max(1, BUFFER_SIZE // max(1, left.shape[2] * n))
            for part in slices(rows.size, most_rows):
                # (rows, height, n)
                out[rows[part]] = _multiply(left[part], pieces, columns[part])
    return out.reshape(block_rows * height, *x.shape[1:])


def _multiply(
    left: np.ndarray, pieces: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Gather pieces and multiply them by the blocks of a group.

    A function of its own, so that a gather is freed before the next one takes
    its memory: two at a time would not fit the cache.

    left : (rows, height, length * width)
    pieces : (block columns, width, n); columns : (rows, length) of them
    returns : (rows, height, n)
    """
    # (rows, length, width, n); all columns exist, and to clip is fastest
    right = pieces.take(columns, axis=0, mode="clip")
    rows, _, inner = left.shape
    return left @ right.reshape(rows, inner, pieces.shape[2])
