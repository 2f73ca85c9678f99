"""N:M sparsity: in every group of M columns, N values and their positions."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ..._require import require_dtype, require_equal
from ..masks import require_group
from ..planes import num_packed_bytes, pack_planes, unpack_planes
from .fields import (
    close,
    require_dense,
    require_operand,
    require_shape,
    require_values,
    set_fields,
)
from .products import multiply_rows

__all__ = ["NMMatrix"]


@dataclass(frozen=True, eq=False)
class NMMatrix:
    """A matrix with at most N non-zeros in every M columns of a row.

    values : (rows, cols / group * keep) float32, finite
    positions : packed uint8, the place in its group of each value, increasing
        within a group; ceil(log2(group)) bits each, low bits first. With 2:4
        a byte holds two groups, as PyTorch's 2:4 metadata does before it is
        reordered for the GPU.
    keep : N, how many values of a group are stored
    group : M, 2 to 256
    shape : (rows, cols), cols a multiple of group

    >>> dense = np.array([[0, 5, 0, 6, 7, 0, 0, 0]], np.float32)
    >>> matrix = NMMatrix.from_dense(dense, keep=2, group=4)
    >>> matrix.values.tolist(), f"{matrix.positions[0]:08b}"
    ([[5.0, 6.0, 7.0, 0.0]], '01001101')
    >>> matrix.num_bytes, dense.nbytes
    (17, 32)
    >>> matrix @ np.arange(8, dtype=np.float32)
    array([51.], dtype=float32)

    See [mishra2021accelerating], section 2; loops in `naive.nm_matmul`.
    """

    values: np.ndarray
    positions: np.ndarray
    keep: int
    group: int
    shape: tuple[int, int]
    __array_ufunc__ = None

    def __post_init__(self) -> None:
        rows, cols = shape = require_shape(self.shape)
        keep, group = require_group(shape, self.keep, self.group)
        require_values("values", self.values, 2)
        stored = (rows, cols // group * keep)
        require_equal("shape of values", stored, self.values.shape)
        require_dtype("positions", self.positions, np.uint8)
        num_bytes = num_packed_bytes(self.values.size, _width(group))
        require_equal("shape of positions", (num_bytes,), self.positions.shape)
        set_fields(
            self,
            values=self.values,
            positions=self.positions,
            keep=keep,
            group=group,
            shape=shape,
        )
        self._require_positions()

    def _require_positions(self) -> None:
        """Refuse positions outside their group, unsorted or twice."""
        positions = self._unpack()
        if (positions >= self.group).any():
            raise ValueError(
                f"positions must be in [0, {self.group - 1}], "
                f"got {positions.max()}"
            )
        falls = positions[:, 1:] <= positions[:, :-1]
        if falls.any():
            got = positions[np.argmax(falls.any(axis=1))].tolist()
            raise ValueError(
                f"positions must increase within each group, got {got}"
            )

    @classmethod
    def from_dense(
        cls, dense: np.ndarray, *, keep: int = 2, group: int = 4
    ) -> Self:
        """Store `keep` values of each group: its non-zeros.

        dense : (rows, cols) float32, finite, with at most `keep` non-zeros in
            each group; `masks.keep_largest_nm` makes it so. A group with fewer
            is filled up with zeros, the first ones in it.
        keep : N of N:M, how many of each group are kept, not removed
        group : M of N:M, which divides cols
        """
        require_dense(dense)
        keep, group = require_group(dense.shape, keep, group)
        groups = dense.reshape(-1, group)  # (groups, group)
        non_zero = groups != 0
        most = int(non_zero.sum(axis=1).max(initial=0))
        if most > keep:
            raise ValueError(
                f"dense must have at most {keep} non-zeros in each group of "
                f"{group}, got {most}; keep_largest_nm chooses them"
            )
        # non-zeros first, then zeros, each in order; then back in order
        order = np.argsort(~non_zero, axis=1, kind="stable")[:, :keep]
        positions = np.sort(order, axis=1)
        values = np.take_along_axis(groups, positions, axis=1)  # (groups, keep)
        packed = pack_planes(positions.astype(np.uint8), bits=_width(group))
        return cls(
            # (rows, groups of a row * keep)
            values.reshape(dense.shape[0], dense.shape[1] // group * keep),
            close(packed),
            keep,
            group,
            dense.shape,
        )

    def to_dense(self) -> np.ndarray:
        """Return the matrix with its zeros: (rows, cols) float32."""
        positions = self._unpack()
        dense = np.zeros((len(positions), self.group), np.float32)
        values = self.values.reshape(positions.shape)  # (groups, keep)
        np.put_along_axis(dense, positions, values, axis=1)
        return dense.reshape(self.shape)  # (rows, cols)

    @property
    def position_bits(self) -> int:
        """Bits of a position: ceil(log2(group))."""
        return _width(self.group)

    @property
    def num_bytes(self) -> int:
        """Bytes of the two arrays."""
        return self.values.nbytes + self.positions.nbytes

    def __matmul__(self, x: np.ndarray) -> np.ndarray:
        """Multiply by a vector or a matrix, skipping what was not kept.

        x : (cols,) or (cols, n) float32
        returns : (rows,) or (rows, n) float32. A zero that fills up a group
            counts, as in hardware: 0 * NaN is NaN.

        Positions are unpacked each time, as a processor without hardware for
        them has to.
        """
        require_operand(x, self.shape[1])
        rows, cols = self.shape
        first = np.tile(np.arange(0, cols, self.group), rows)
        columns = first[:, np.newaxis] + self._unpack()  # (groups, keep)
        length = self.values.shape[1]
        indptr = np.arange(rows + 1) * length
        return multiply_rows(indptr, columns.ravel(), self.values.ravel(), x)

    def _unpack(self) -> np.ndarray:
        """Return the positions: (groups, keep) uint8."""
        positions = unpack_planes(
            self.positions,
            bits=self.position_bits,
            count=self.values.size,
            signed=False,
        )
        return positions.reshape(-1, self.keep)  # (groups, keep)


def _width(group: int) -> int:
    """Return the bits of the largest position, group - 1."""
    return (group - 1).bit_length()
