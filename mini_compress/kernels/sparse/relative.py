"""Relative indices: the gap to the last non-zero, in a few bits.

The matrix is read row after row as one long vector. An entry is a value and
the number of zeros that were skipped before it. Where more were skipped than
k bits can say, fillers are stored: entries with the largest gap, 2**k - 1,
and the value 0.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ..._require import require_dtype, require_equal, require_int
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

__all__ = ["RelativeIndexMatrix"]


@dataclass(frozen=True, eq=False)
class RelativeIndexMatrix:
    """A matrix as its non-zeros and the gaps between them.

    values : (entries,) float32, finite; a filler's value is 0
    gaps : packed uint8, `index_bits` for each entry: zeros skipped since the
        entry before, or since the start
    index_bits : 1 to 8
    shape : (rows, cols)

    >>> dense = np.zeros((2, 8), np.float32)
    >>> dense[0, 1], dense[0, 4], dense[1, 7] = 3.4, 0.9, 1.7
    >>> matrix = RelativeIndexMatrix.from_dense(dense, index_bits=3)
    >>> matrix.values.tolist() == np.float32([3.4, 0.9, 0, 1.7]).tolist()
    True
    >>> matrix.unpack_gaps().tolist(), matrix.num_fillers, matrix.num_bytes
    ([1, 2, 7, 2], 1, 18)

    See [han2016deep], section 2 and figure 2, which counts a step of 1 where
    there is a gap of 0; loops in `naive.relative_from_dense`.
    """

    values: np.ndarray
    gaps: np.ndarray
    index_bits: int
    shape: tuple[int, int]
    __array_ufunc__ = None

    def __post_init__(self) -> None:
        shape = require_shape(self.shape)
        index_bits = require_int("index_bits", self.index_bits, 1, 8)
        require_values("values", self.values, 1)
        require_dtype("gaps", self.gaps, np.uint8)
        num_bytes = num_packed_bytes(self.values.size, index_bits)
        require_equal("shape of gaps", (num_bytes,), self.gaps.shape)
        set_fields(
            self,
            values=self.values,
            gaps=self.gaps,
            index_bits=index_bits,
            shape=shape,
        )
        size = shape[0] * shape[1]
        last = self.unpack_gaps().sum(dtype=np.intp) + self.values.size - 1
        if last >= size:
            raise ValueError(
                f"gaps must end within the {size} places of the matrix, "
                f"got {last}"
            )

    @classmethod
    def from_dense(cls, dense: np.ndarray, *, index_bits: int = 5) -> Self:
        """Store the non-zeros of a matrix, and fillers where gaps are wide.

        dense : (rows, cols) float32, finite; zeros after the last non-zero
            need no filler
        index_bits : 1 to 8
        """
        require_dense(dense)
        index_bits = require_int("index_bits", index_bits, 1, 8)
        places = np.flatnonzero(dense != 0)  # of bools: much faster
        skipped = np.diff(places, prepend=-1) - 1
        span = 1 << index_bits  # places that a filler passes over, its own too
        ends = np.cumsum(skipped // span + 1) - 1  # after each one's fillers
        count = int(ends[-1]) + 1 if ends.size else 0
        gaps = np.full(count, span - 1, np.uint8)
        values = np.zeros(count, np.float32)
        gaps[ends] = skipped % span
        values[ends] = dense.ravel()[places]  # (non-zeros,)
        packed = pack_planes(gaps, bits=index_bits)
        return cls(close(values), close(packed), index_bits, dense.shape)

    def to_dense(self) -> np.ndarray:
        """Return the matrix with its zeros: (rows, cols) float32."""
        dense = np.zeros(self.shape, np.float32)
        dense.ravel()[self._places()] = self.values
        return dense

    @property
    def num_fillers(self) -> int:
        """How many entries are there only to bridge a wide gap."""
        return int(np.count_nonzero(self.values == 0))

    @property
    def num_bytes(self) -> int:
        """Bytes of the two arrays."""
        return self.values.nbytes + self.gaps.nbytes

    def __matmul__(self, x: np.ndarray) -> np.ndarray:
        """Multiply by a vector or a matrix, after finding the columns.

        x : (cols,) or (cols, n) float32
        returns : (rows,) or (rows, n) float32. As in `CSRMatrix`, what meets
            only zeros does not show, fillers included.

        A place is the sum of all gaps before it, so that a row cannot be read
        before those above it: the format is for storage.
        """
        require_operand(x, self.shape[1])
        rows, cols = self.shape
        values, places = self.values, self._places()
        if not np.isfinite(x).all():  # a filler's 0 * NaN would show
            stored = np.flatnonzero(values)
            values, places = values[stored], places[stored]
        starts = np.arange(rows + 1) * cols
        indptr = np.searchsorted(places, starts)
        columns = places - np.repeat(starts[:-1], np.diff(indptr))
        return multiply_rows(indptr, columns, values, x)

    def unpack_gaps(self) -> np.ndarray:
        """Return the gaps, one for each entry: (entries,) uint8."""
        return unpack_planes(
            self.gaps,
            bits=self.index_bits,
            count=self.values.size,
            signed=False,
        )

    def _places(self) -> np.ndarray:
        """Return where each entry is in the flattened matrix."""
        return np.cumsum(self.unpack_gaps().astype(np.intp) + 1) - 1
