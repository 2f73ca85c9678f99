"""Sparse matrices as plain loops.

The formats are given and returned as the plain arrays of their fields, as
lists where nothing is computed with them.
"""

import numpy as np

__all__ = [
    "bsr_from_dense",
    "bsr_matmul",
    "conv2d_sparse",
    "csr_from_dense",
    "csr_matmul",
    "nm_from_dense",
    "nm_matmul",
    "relative_from_dense",
    "relative_matmul",
]


def csr_from_dense(dense) -> tuple[list[int], list[int], list[float]]:
    """Write down each non-zero and its column; after a row, how many so far."""
    indptr, indices, data = [0], [], []
    for row in dense:
        for column, value in enumerate(row):
            if value != 0:
                indices.append(column)
                data.append(float(value))
        indptr.append(len(data))
    return indptr, indices, data


def csr_matmul(indptr, indices, data, x) -> np.ndarray:
    """Add up value * x[column] over the entries of each row."""
    out = np.zeros((len(indptr) - 1, *x.shape[1:]))
    for row in range(len(indptr) - 1):
        for entry in range(int(indptr[row]), int(indptr[row + 1])):
            out[row] += float(data[entry]) * x[int(indices[entry])]
    return out


def bsr_from_dense(dense, block_shape) -> tuple[list[int], list[int], list]:
    """Write down each block that holds a non-zero and its block column."""
    height, width = block_shape
    indptr, indices, blocks = [0], [], []
    for top in range(0, dense.shape[0], height):
        for left in range(0, dense.shape[1], width):
            block = dense[top : top + height, left : left + width]
            if any(value != 0 for value in block.flat):
                indices.append(left // width)
                blocks.append(block.tolist())
        indptr.append(len(blocks))
    return indptr, indices, blocks


def bsr_matmul(indptr, indices, data, x) -> np.ndarray:
    """Multiply each block by its piece of x, add to its rows."""
    _, height, width = data.shape
    out = np.zeros(((len(indptr) - 1) * height, *x.shape[1:]))
    for block_row in range(len(indptr) - 1):
        for entry in range(int(indptr[block_row]), int(indptr[block_row + 1])):
            for i, j in np.ndindex(height, width):
                column = int(indices[entry]) * width + j
                value = float(data[entry, i, j])
                out[block_row * height + i] += value * x[column]
    return out


def nm_from_dense(dense, keep, group) -> tuple[list[float], list[int]]:
    """Write down each group's non-zeros, first zeros to make up the number."""
    values, positions = [], []
    for row in dense:
        for start in range(0, len(row), group):
            part = row[start : start + group]
            places = [i for i in range(group) if part[i] != 0]
            spare = [i for i in range(group) if part[i] == 0]
            places = sorted(places + spare[: keep - len(places)])
            values += [float(part[i]) for i in places]
            positions += places
    return values, positions


def nm_matmul(values, positions, keep, group, x) -> np.ndarray:
    """Find each value's column from its group and its position there."""
    out = np.zeros((values.shape[0], *x.shape[1:]))
    places = iter(positions)
    for row, stored in enumerate(values):
        for number, value in enumerate(stored):
            column = number // keep * group + int(next(places))
            out[row] += float(value) * x[column]
    return out


def relative_from_dense(dense, index_bits) -> tuple[list[float], list[int]]:
    """Count the zeros before each non-zero; a full counter is a filler."""
    values, gaps, skipped = [], [], 0
    waiting: list[int] = []  # fillers count only once a non-zero follows
    for value in dense.flat:
        if value != 0:
            values += [0.0] * len(waiting) + [float(value)]
            gaps += [*waiting, skipped]
            waiting, skipped = [], 0
        elif skipped == 2**index_bits - 1:
            waiting, skipped = [*waiting, skipped], 0
        else:
            skipped += 1
    return values, gaps


def relative_matmul(values, gaps, shape, x) -> np.ndarray:
    """Walk along the flattened matrix from entry to entry."""
    out = np.zeros((shape[0], *x.shape[1:]))
    place = -1
    for value, gap in zip(values, gaps, strict=True):
        place += int(gap) + 1
        row, column = divmod(place, shape[1])
        out[row] += float(value) * x[column]
    return out


def conv2d_sparse(
    x,
    dense,
    bias=None,
    *,
    window,
    stride=(1, 1),
    padding=(0, 0),
    dilation=(1, 1),
) -> np.ndarray:
    """Slide each filter over the image, skipping weights that are 0.

    dense : (outputs, channels * rows * cols), one filter in each row
    """
    images, channels, height, width = x.shape
    (rows, cols), outputs = window, len(dense)
    filters = dense.reshape(outputs, channels, rows, cols)
    sizes = [
        (size + 2 * pad - (side - 1) * gap - 1) // step + 1
        for size, pad, side, gap, step in zip(
            (height, width), padding, window, dilation, stride, strict=True
        )
    ]
    out = np.zeros((images, outputs, *sizes))
    for n, o, i, j in np.ndindex(*out.shape):
        out[n, o, i, j] = 0 if bias is None else bias[o]
        for c, r, s in np.ndindex(channels, rows, cols):
            y_pos = i * stride[0] + r * dilation[0] - padding[0]
            x_pos = j * stride[1] + s * dilation[1] - padding[1]
            inside = 0 <= y_pos < height and 0 <= x_pos < width
            if inside and filters[o, c, r, s] != 0:
                weight = float(filters[o, c, r, s])
                out[n, o, i, j] += weight * x[n, c, y_pos, x_pos]
    return out
