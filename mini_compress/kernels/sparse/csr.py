"""Compressed sparse rows: a value and a column for every non-zero."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from .fields import (
    close,
    entry_rows,
    require_dense,
    require_index,
    require_operand,
    require_shape,
    require_values,
    row_starts,
    set_fields,
    smallest_index,
)
from .products import multiply_rows

__all__ = ["CSRMatrix"]


@dataclass(frozen=True, eq=False)
class CSRMatrix:
    """A matrix as its non-zeros, row after row.

    indptr : (rows + 1,) uint8, uint16 or int32; row i has the entries
        indptr[i] to indptr[i + 1] - 1
    indices : (entries,) uint8, uint16 or int32, the column of each entry,
        increasing within a row
    data : (entries,) float32, finite
    shape : (rows, cols)

    >>> matrix = CSRMatrix.from_dense(
    ...     np.array([[0, 2, 0, 3], [0, 0, 0, 0], [4, 0, 0, 0]], np.float32)
    ... )
    >>> matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    ([0, 2, 2, 3], [1, 3, 0], [2.0, 3.0, 4.0])
    >>> matrix @ np.array([1, 10, 100, 1000], np.float32)
    array([3020.,    0.,    4.], dtype=float32)

    See [barrett1994templates], section 4.3; loops in `naive.csr_matmul`.
    """

    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray
    shape: tuple[int, int]
    __array_ufunc__ = None  # so that `array @ matrix` is refused, not guessed

    def __post_init__(self) -> None:
        shape = require_shape(self.shape)
        require_values("data", self.data, 1)
        require_index(self.indptr, self.indices, *shape, self.data.size)
        set_fields(
            self,
            indptr=self.indptr,
            indices=self.indices,
            data=self.data,
            shape=shape,
        )

    @classmethod
    def from_dense(cls, dense: np.ndarray) -> Self:
        """Store the non-zeros of a matrix, with the smallest index types.

        dense : (rows, cols) float32, finite; sides of 0 and rows without
            non-zeros are fine; -0 counts as zero
        """
        require_dense(dense)
        non_zero = dense != 0
        places = np.flatnonzero(non_zero)
        indptr = row_starts(non_zero)
        cols = dense.shape[1]
        indices = places - cols * entry_rows(indptr)
        return cls(
            close(indptr),
            close(indices.astype(smallest_index(cols - 1))),
            close(dense.ravel()[places]),  # (entries,)
            dense.shape,
        )

    def to_dense(self) -> np.ndarray:
        """Return the matrix with its zeros: (rows, cols) float32."""
        dense = np.zeros(self.shape, np.float32)
        dense[entry_rows(self.indptr), self.indices] = self.data
        return dense

    @property
    def num_bytes(self) -> int:
        """Bytes of the three arrays."""
        return self.indptr.nbytes + self.indices.nbytes + self.data.nbytes

    def __matmul__(self, x: np.ndarray) -> np.ndarray:
        """Multiply by a vector or a matrix, skipping the zeros.

        x : (cols,) or (cols, n) float32. A NaN that meets only zeros does not
            show in the result, as it would in the dense product: it stays
            in the rows with an entry in its column.
        returns : (rows,) or (rows, n) float32
        """
        require_operand(x, self.shape[1])
        return multiply_rows(self.indptr, self.indices, self.data, x)
