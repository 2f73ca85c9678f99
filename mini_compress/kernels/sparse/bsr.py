"""Block sparse rows: CSR whose entries are small dense blocks."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from ..masks import require_blocks
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
from .products import Group, group_rows, stack_rows

__all__ = ["BSRMatrix"]


@dataclass(frozen=True, eq=False)
class BSRMatrix:
    """A matrix as its blocks that hold a non-zero, row of blocks after row.

    indptr : (rows / height + 1,) uint8, uint16 or int32, as in `CSRMatrix`
    indices : (blocks,) uint8, uint16 or int32, the block column of each block,
        increasing within a row of blocks (SciPy leaves them unsorted)
    data : (blocks, height, width) float32, finite; height and width >= 1
    shape : (rows, cols), multiples of height and width

    >>> dense = np.zeros((2, 6), np.float32)
    >>> dense[0, 4] = 7
    >>> matrix = BSRMatrix.from_dense(dense, block_shape=(2, 2))
    >>> matrix.indices.tolist(), matrix.data.tolist(), matrix.num_bytes
    ([2], [[[7.0, 0.0], [0.0, 0.0]]], 19)
    >>> matrix @ np.arange(6, dtype=np.float32)
    array([28.,  0.], dtype=float32)

    See [gray2017gpu], section 3; loops in `naive.bsr_matmul`.
    """

    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray
    shape: tuple[int, int]
    __array_ufunc__ = None

    def __post_init__(self) -> None:
        rows, cols = shape = require_shape(self.shape)
        require_values("data", self.data, 3)
        count, *block = self.data.shape
        if 0 in block or rows % block[0] or cols % block[1]:
            raise ValueError(
                f"blocks of data must tile the shape {self.shape}, "
                f"got {tuple(block)}"
            )
        grid = rows // block[0], cols // block[1]
        require_index(self.indptr, self.indices, *grid, count)
        set_fields(
            self,
            indptr=self.indptr,
            indices=self.indices,
            data=self.data,
            shape=shape,
        )

    @classmethod
    def from_dense(
        cls, dense: np.ndarray, block_shape: tuple[int, int]
    ) -> Self:
        """Store the blocks of a matrix that are not all zero.

        dense : (rows, cols) float32, finite; sides of 0 are fine
        block_shape : (height, width), which divide rows and cols
        """
        require_dense(dense)
        height, width = require_blocks("dense", dense, block_shape)
        rows, cols = dense.shape[0] // height, dense.shape[1] // width
        # (block rows, height, cols): first over rows, whose values adjoin
        any_row = (dense != 0).reshape(rows, height, dense.shape[1]).any(axis=1)
        # (block rows, block cols, width)
        non_zero = any_row.reshape(rows, cols, width).any(axis=2)
        block_row, block_col = np.nonzero(non_zero)
        # (block rows, height, block cols, width)
        blocks = dense.reshape(rows, height, cols, width)
        return cls(
            close(row_starts(non_zero)),
            close(block_col.astype(smallest_index(cols - 1))),
            close(blocks[block_row, :, block_col]),  # (blocks, height, width)
            dense.shape,
        )

    def to_dense(self) -> np.ndarray:
        """Return the matrix with its zeros: (rows, cols) float32."""
        _, height, width = self.data.shape
        rows, cols = self.shape[0] // height, self.shape[1] // width
        blocks = np.zeros((rows, height, cols, width), np.float32)
        blocks[entry_rows(self.indptr), :, self.indices] = self.data
        return blocks.reshape(self.shape)  # (rows, cols)

    @property
    def num_bytes(self) -> int:
        """Bytes of the three arrays."""
        return self.indptr.nbytes + self.indices.nbytes + self.data.nbytes

    def __matmul__(self, x: np.ndarray) -> np.ndarray:
        """Multiply by a vector or a matrix, block by block.

        x : (cols,) or (cols, n) float32
        returns : (rows,) or (rows, n) float32. A zero within a block counts:
            0 * NaN is NaN.

        The first product lays the blocks side by side for BLAS, in a copy that
        is kept: to lay them out takes longer than to multiply by a vector.
        """
        require_operand(x, self.shape[1])
        _, height, width = self.data.shape
        return stack_rows(self._groups, x, len(self.indptr) - 1, height, width)

    @cached_property
    def _groups(self) -> list[Group]:
        x_shape = (self.shape[1],)
        groups = group_rows(self.indptr, self.indices, self.data, x_shape)
        return list(groups)
