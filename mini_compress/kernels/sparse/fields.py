"""What the formats have in common: checks of their fields and operands."""

from typing import Any

import numpy as np

from ..._require import (
    require_dtype,
    require_equal,
    require_finite,
    require_int,
    require_ndim,
)

INDEX_DTYPES = (np.uint8, np.uint16, np.int32)  # int32 as in SciPy


def smallest_index(largest: int) -> np.dtype:
    """Return the smallest index type that holds 0 to `largest`.

    >>> smallest_index(255), smallest_index(783), smallest_index(100_000)
    (dtype('uint8'), dtype('uint16'), dtype('int32'))
    """
    for dtype in INDEX_DTYPES:
        if largest <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    raise ValueError(f"an index must be <= 2**31 - 1, got {largest}")


def row_starts(non_zero: np.ndarray) -> np.ndarray:
    """Count the True of each row: where the entries of each row start.

    non_zero : (rows, cols) bool
    returns : (rows + 1,) of the smallest index type

    >>> row_starts(np.array([[True, True], [False, False], [True, False]]))
    array([0, 2, 2, 3], dtype=uint8)
    """
    starts = np.zeros(len(non_zero) + 1, np.intp)
    np.cumsum(np.count_nonzero(non_zero, axis=1), out=starts[1:])
    return starts.astype(smallest_index(int(starts[-1])))


def entry_rows(indptr: np.ndarray) -> np.ndarray:
    """Return the row of each entry: (entries,).

    >>> entry_rows(np.array([0, 2, 2, 3]))
    array([0, 0, 2])
    """
    counts = indptr[1:] - indptr[:-1]
    return np.repeat(np.arange(counts.size), counts)


def close(array: np.ndarray) -> np.ndarray:
    """Return an array that was just made, read-only: it need not be copied."""
    array.flags.writeable = False
    return array


def set_fields(matrix: Any, **fields: Any) -> None:
    """Set fields of a frozen dataclass, arrays to ones of its own.

    An array that somebody could still write to is copied.
    """
    for name, value in fields.items():
        if isinstance(value, np.ndarray):
            own = value.flags.owndata and not value.flags.writeable
            value = np.array(value, order="C", copy=None if own else True)
            value.flags.writeable = False
        object.__setattr__(matrix, name, value)


def require_dense(dense: np.ndarray) -> None:
    """Refuse anything but a finite float32 matrix."""
    require_dtype("dense", dense, np.float32)
    require_ndim("dense", dense, 2)
    require_finite("dense", dense)


def require_values(name: str, values: np.ndarray, ndim: int) -> None:
    """Refuse anything but finite float32 values with `ndim` axes."""
    require_dtype(name, values, np.float32)
    require_ndim(name, values, ndim)
    require_finite(name, values)


def require_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """Return the two sides of a matrix; refuse anything else."""
    if not isinstance(shape, tuple) or len(shape) != 2:
        raise ValueError(f"shape must be a pair, got {shape}")
    rows, cols = (require_int("shape", side, 0) for side in shape)
    return rows, cols


def require_index(
    indptr: np.ndarray,
    indices: np.ndarray,
    rows: int,
    cols: int,
    num_values: int,
) -> None:
    """Refuse rows or columns of a compressed matrix that do not fit.

    indptr : (rows + 1,) where the entries of each row start and end
    indices : (num_values,) the column of each entry, increasing in each row
    """
    for name, value in [("indptr", indptr), ("indices", indices)]:
        require_dtype(name, value, *INDEX_DTYPES)
    require_equal("shape of indptr", (rows + 1,), indptr.shape)
    require_equal("shape of indices", (num_values,), indices.shape)
    require_equal("first of indptr", 0, int(indptr[0]))
    require_equal("last of indptr", num_values, int(indptr[-1]))
    if (indptr[1:] < indptr[:-1]).any():
        row = int(np.argmax(indptr[1:] < indptr[:-1]))
        raise ValueError(
            "indptr must not decrease, got "
            f"{indptr[row]} then {indptr[row + 1]}"
        )
    if num_values and not 0 <= indices.min() <= indices.max() < cols:
        raise ValueError(
            f"indices must be in [0, {cols - 1}], "
            f"got {indices.min()} to {indices.max()}"
        )
    _require_increasing(indptr, indices)


def _require_increasing(indptr: np.ndarray, indices: np.ndarray) -> None:
    """Refuse rows whose columns are not sorted, or come twice."""
    increases = indices[1:] > indices[:-1]
    starts = indptr[1:-1]
    starts = starts[(starts > 0) & (starts < indices.size)]
    increases[starts.astype(np.intp) - 1] = True  # another row begins here
    if not increases.all():
        place = int(np.argmin(increases))
        raise ValueError(
            "indices must increase within each row, got "
            f"{indices[place]} then {indices[place + 1]}"
        )


def require_operand(x: np.ndarray, cols: int) -> None:
    """Refuse what a matrix with `cols` columns cannot be multiplied by."""
    require_dtype("x", x, np.float32)
    require_ndim("x", x, 1, 2)
    require_equal("rows of x", cols, x.shape[0])
