"""Products of rows that hold few values: gather from x, multiply, add up.

    out[row] = sum over the row's entries of value * x[column]

A value is a number, or a block that multiplies a piece of x. Loops over rows
are slow in Python, so rows are taken many at a time.
"""

import numpy as np

BUFFER_SIZE = 1 << 17  # values gathered at a time: 512 KiB, a level-2 cache


def multiply_rows(
    indptr: np.ndarray, indices: np.ndarray, data: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """Multiply rows in CSR form by a vector or a matrix.

    indptr : (rows + 1,), indices : (entries,) integers; data : (entries,)
    x : (cols,) or (cols, n) float32
    returns : (rows,) or (rows, n) float32
    """
    if x.ndim == 2:  # numbers are blocks of one
        return multiply_blocks(indptr, indices, data.reshape(-1, 1, 1), x)
    return _add_rows(indptr, data * x.take(indices))


def multiply_blocks(
    indptr: np.ndarray, indices: np.ndarray, blocks: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """Multiply rows of blocks by a vector or a matrix.

    indptr : (block rows + 1,), indices : (entries,) integers
    blocks : (entries, height, width)
    x : (cols,) or (cols, n) float32
    returns : (rows,) or (rows, n) float32
    """
    width = blocks.shape[2]
    if x.ndim == 2:
        pieces = x.reshape(len(x) // width, width, x.shape[1])
        return _stack_rows(indptr, indices, blocks, pieces)
    pieces = x.reshape(-1, width, 1).take(indices, axis=0)
    return _add_rows(indptr, (blocks @ pieces)[:, :, 0]).ravel()


def _add_rows(indptr: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Add up the stretch of each row.

    products : (entries, ...)
    returns : (rows, ...)
    """
    out = np.zeros((len(indptr) - 1, *products.shape[1:]), np.float32)
    filled = indptr[1:] > indptr[:-1]
    starts = indptr[:-1][filled]  # reduceat gives an empty row another's value
    if starts.size:
        out[filled] = np.add.reduceat(products, starts)
    return out


def _stack_rows(
    indptr: np.ndarray,
    indices: np.ndarray,
    blocks: np.ndarray,
    pieces: np.ndarray,
) -> np.ndarray:
    """Multiply groups of rows of like length, padded to the longest.

    Longest first, so that the first row of a group bounds its buffer. A group
    is one gather and one stack of small products, which BLAS computes.

    pieces : (block columns, width, n)
    returns : (rows, n)
    """
    (_, width, n), height = pieces.shape, blocks.shape[1]
    starts, columns = indptr[:-1].astype(np.intp), indices.astype(np.intp)
    counts = indptr[1:].astype(np.intp) - starts
    out = np.zeros((counts.size, height, n), np.float32)
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    first = 0
    while first < order.size:
        length = counts[order[first]]
        num_rows = max(1, BUFFER_SIZE // max(1, length * width * n))
        rows = order[first : first + num_rows]
        step = np.arange(length)
        padding = step >= counts[rows, np.newaxis]  # (rows, length)
        places = np.where(padding, 0, starts[rows, np.newaxis] + step)
        left = blocks[places]  # (rows, length, height, width)
        left[padding] = 0
        left = left.transpose(0, 2, 1, 3)
        left = left.reshape(rows.size, height, length * width)
        right = pieces.take(columns[places], axis=0)
        out[rows] = left @ right.reshape(rows.size, length * width, n)
        first += num_rows
    return out.reshape(counts.size * height, n)
