"""A layer whose weight is stored without its zeros.

The product is the dense one. Products that skip zeros are in `kernels.sparse`.
"""

import math

import numpy as np
import torch
from torch import Tensor

from .._require import require_equal, require_int
from ..kernels.planes import num_packed_bytes, unpack_planes
from ..kernels.sparse import RelativeIndexMatrix
from .base import CompressedLayer, StoredWeight
from .geometry import Geometry
from .stored_entries import require_within


class SparseWeight(StoredWeight):
    """Non-zero weights, and the gaps between them in a few bits.

    shape : (outputs, ...) of the weight, read row after row
    index_bits : 1 to 8, of a gap
    num_values : non-zeros and fillers

    Buffers: values, (num_values,) float32; gaps, packed uint8. See
    `kernels.sparse.RelativeIndexMatrix`.
    """

    values: Tensor
    gaps: Tensor

    def __init__(
        self, shape: tuple[int, ...], *, index_bits: int, num_values: int
    ) -> None:
        super().__init__()
        require_int("index_bits", index_bits, 1, 8)
        require_int("num_values", num_values, 0, math.prod(shape))
        self.shape = tuple(shape)
        self.index_bits = int(index_bits)
        self.num_values = int(num_values)
        num_bytes = num_packed_bytes(num_values, index_bits)
        self.register_buffer("values", torch.zeros(num_values))
        self.register_buffer("gaps", torch.zeros(num_bytes, dtype=torch.uint8))

    def store(self, matrix: RelativeIndexMatrix) -> None:
        """Keep the entries of a matrix of (outputs, all others)."""
        require_equal("index_bits", self.index_bits, matrix.index_bits)
        require_equal("entries", self.num_values, len(matrix.values))
        self.values.copy_(torch.from_numpy(np.array(matrix.values)))
        self.gaps.copy_(torch.from_numpy(np.array(matrix.gaps)))

    def to_dense(self) -> Tensor:
        """Return the weight with its zeros, float32 of its shape."""
        rows = self.shape[0]
        matrix = RelativeIndexMatrix(
            self.values.numpy(),
            self.gaps.numpy(),
            self.index_bits,
            (rows, math.prod(self.shape[1:])),
        )
        return torch.from_numpy(matrix.to_dense()).reshape(self.shape)

    def require_valid(self) -> None:
        """Refuse gaps that lead beyond the last weight."""
        gaps = unpack_planes(
            self.gaps.numpy(),
            bits=self.index_bits,
            count=self.num_values,
            signed=False,
        )
        require_within(gaps, self.shape)

    def extra_repr(self) -> str:
        """Show what is stored, when the module is printed."""
        return (
            f"{self.shape}, index_bits={self.index_bits}, "
            f"num_values={self.num_values}"
        )


class SparseLayer(CompressedLayer):
    """A linear or convolutional layer with a weight of non-zeros and gaps.

    geometry : what the layer multiplies with what
    bias : whether it has one, (outputs,) float32
    index_bits, num_values : see `SparseWeight`
    """

    weight: SparseWeight

    def __init__(
        self,
        geometry: Geometry,
        *,
        bias: bool,
        index_bits: int,
        num_values: int,
    ) -> None:
        weight = SparseWeight(
            geometry.weight_shape, index_bits=index_bits, num_values=num_values
        )
        super().__init__(
            geometry,
            weight,
            bias=bias,
            index_bits=weight.index_bits,
            num_values=weight.num_values,
        )

    @property
    def weight_kind(self) -> str:
        """What is multiplied with the input, in words."""
        return "sparse weights"

    def dense_weight(self) -> Tensor:
        """Return the weight as the numbers that it stands for."""
        return self.weight.to_dense()

    def require_valid(self) -> None:
        """Refuse gaps that lead beyond the last weight."""
        self.weight.require_valid()
