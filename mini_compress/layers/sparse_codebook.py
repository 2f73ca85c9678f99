"""A layer that stores no zeros, and of the other weights only codes."""

import math
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from .._require import require_equal, require_int
from ..kernels.planes import pack_planes
from ..kernels.sparse import RelativeIndexMatrix
from .base import CompressedLayer, StoredWeight
from .geometry import Geometry
from .stored_entries import (
    find_entries,
    make_stored,
    plan_entries,
    require_within,
)


class SparseCodebookWeight(StoredWeight):
    """Codes of the non-zero weights, the gaps between them, and the levels.

    An entry is a code and the zeros that were skipped before it. Code 0 is
    that of a filler, where more were skipped than a gap can say; the others
    are those of levels: weight = levels[code - 1].

    shape : (outputs, ...) of the weight, read row after row
    bits : 1 to 8, of a code
    num_levels : at most 2**bits - 1
    index_bits : 1 to 8, of a gap
    num_values : entries: non-zeros and fillers
    code_bytes, gap_bytes : of the codes and of the gaps as Huffman streams;
        None for packed ones

    Buffers: levels, (num_levels,) float32; those of `entries`, the codes, and
    of `gaps`, see `stored_codes`.

    >>> weight = SparseCodebookWeight(
    ...     (2, 3), bits=2, num_levels=2, index_bits=1, num_values=3
    ... )
    >>> codes = np.array([[0, 2, 0], [0, 0, 1]], np.uint8)
    >>> weight.store(codes, np.array([-0.5, 2], np.float32))
    >>> weight.entries.read(), weight.gaps.read()  # with a filler
    (array([2, 0, 1], dtype=uint8), array([1, 1, 1], dtype=uint8))
    >>> weight.to_dense()
    tensor([[ 0.0000,  2.0000,  0.0000],
            [ 0.0000,  0.0000, -0.5000]])

    See [han2016deep], sections 2 to 4.
    """

    levels: Tensor

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        bits: int,
        num_levels: int,
        index_bits: int,
        num_values: int,
        code_bytes: int | None = None,
        gap_bytes: int | None = None,
    ) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.bits = require_int("bits", bits, 1, 8)
        most = 2**self.bits - 1  # one code is the filler's
        self.num_levels = require_int("num_levels", num_levels, 0, most)
        self.index_bits = require_int("index_bits", index_bits, 1, 8)
        size = math.prod(shape)
        self.num_values = require_int("num_values", num_values, 0, size)
        self.register_buffer("levels", torch.zeros(self.num_levels))
        self.entries = make_stored(num_values, bits, num_levels + 1, code_bytes)
        self.gaps = make_stored(
            num_values, index_bits, 2**self.index_bits, gap_bytes
        )

    def store(self, codes: np.ndarray, levels: np.ndarray) -> None:
        """Keep the codes of a weight, and what they stand for.

        codes : shape, or (outputs, inner), uint8; 0 where the weight is 0,
            otherwise 1 to `num_levels`
        levels : (num_levels,) float32
        """
        require_equal("size of codes", math.prod(self.shape), codes.size)
        require_equal("shape of levels", (self.num_levels,), levels.shape)
        found, gaps = find_entries(codes, index_bits=self.index_bits)
        require_equal("entries", self.num_values, len(found))
        _require_named(found, self.num_levels)
        self.entries.store(found)
        self.gaps.store(gaps)
        self.levels.copy_(torch.from_numpy(levels))

    def codes(self) -> Tensor:
        """Return the codes, 0 where the weight is 0: uint8 of its shape."""
        rows = self.shape[0]
        matrix = RelativeIndexMatrix(
            self.entries.read().astype(np.float32),
            pack_planes(self.gaps.read(), bits=self.index_bits),
            self.index_bits,
            (rows, math.prod(self.shape[1:])),
        )
        codes = matrix.to_dense().astype(np.uint8)
        return torch.from_numpy(codes).reshape(self.shape)

    def to_dense(self) -> Tensor:
        """Return the weight with its zeros, float32 of its shape."""
        with_zero = np.append(np.float32(0), self.levels.numpy())
        return torch.from_numpy(with_zero[self.codes().numpy()])

    def require_valid(self) -> None:
        """Refuse codes without a level, and gaps beyond the last weight."""
        _require_named(self.entries.read(), self.num_levels)
        require_within(self.gaps.read(), self.shape)

    def extra_repr(self) -> str:
        """Show what is stored, when the module is printed."""
        return (
            f"{self.shape}, bits={self.bits}, num_levels={self.num_levels}, "
            f"index_bits={self.index_bits}, num_values={self.num_values}"
        )


class SparseCodebookLayer(CompressedLayer):
    """A linear or convolutional layer of codes and gaps, without its zeros.

    geometry : what the layer multiplies with what
    bias : whether it has one, (outputs,) float32
    bits, num_levels, index_bits, num_values, code_bytes, gap_bytes : see
        `SparseCodebookWeight`
    """

    weight: SparseCodebookWeight

    def __init__(
        self,
        geometry: Geometry,
        *,
        bias: bool,
        bits: int,
        num_levels: int,
        index_bits: int,
        num_values: int,
        code_bytes: int | None = None,
        gap_bytes: int | None = None,
    ) -> None:
        chosen = {
            "bits": bits,
            "num_levels": num_levels,
            "index_bits": index_bits,
            "num_values": num_values,
            "code_bytes": code_bytes,
            "gap_bytes": gap_bytes,
        }
        weight = SparseCodebookWeight(geometry.weight_shape, **chosen)  # type: ignore[arg-type]
        super().__init__(geometry, weight, bias=bias, **chosen)

    @classmethod
    def of_codes(
        cls,
        geometry: Geometry,
        codes: np.ndarray,
        levels: np.ndarray,
        bias: Tensor | None,
        *,
        bits: int,
        index_bits: int | None = None,
        huffman: bool = False,
    ) -> Self:
        """Return a layer of codes and levels, see `SparseCodebookWeight.store`.

        bias : (outputs,) float32, or None
        bits : 1 to 8, of a code
        index_bits : of a gap; None for as many as make the layer smallest
        huffman : codes, and gaps, become a Huffman stream where that is
            smaller, see `stored_codes.stream_size`

        >>> from mini_compress.layers import LinearGeometry
        >>> layer = SparseCodebookLayer.of_codes(
        ...     LinearGeometry(in_features=3, out_features=2),
        ...     np.array([[0, 2, 0], [0, 0, 1]], np.uint8),
        ...     np.array([-0.5, 2], np.float32),
        ...     None,
        ...     bits=2,
        ... )
        >>> layer.weight.num_values, layer(torch.ones(1, 3)).tolist()
        (3, [[2.0, -0.5]])
        """
        rows = codes.reshape(len(codes), -1)  # (outputs, inner)
        stored: Any = plan_entries(
            *(rows, len(levels)),
            bits=bits,
            index_bits=index_bits,
            huffman=huffman,
        )
        layer = cls(
            geometry,
            bias=bias is not None,
            bits=bits,
            num_levels=len(levels),
            **stored,
        )
        layer.weight.store(codes, levels)
        if bias is not None and layer.bias is not None:
            layer.bias.copy_(bias.detach())
        return layer

    @property
    def weight_bits(self) -> int:
        """Bits per packed code, without the gaps and the levels."""
        return self.weight.bits

    @property
    def weight_kind(self) -> str:
        """What is multiplied with the input, in words."""
        return f"sparse {self.weight_bits}-bit codes of a codebook"

    def dense_weight(self) -> Tensor:
        """Return the weight as the numbers that it stands for."""
        return self.weight.to_dense()

    def require_valid(self) -> None:
        """Refuse codes without a level, and gaps beyond the last weight."""
        self.weight.require_valid()


def _require_named(codes: np.ndarray, num_levels: int) -> None:
    """Refuse codes that are neither a filler's nor a level's."""
    if codes.size and codes.max() > num_levels:
        raise ValueError(
            f"codes must be in [0, {num_levels}] for {num_levels} levels and "
            f"0, got {codes.max()}"
        )
