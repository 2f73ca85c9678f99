"""A layer whose weight is codes of a few levels, wherever those may lie."""

import math

import numpy as np
import torch
from torch import Tensor

from .._require import require_equal, require_int
from ..kernels.codebook import look_up
from .base import CompressedLayer, StoredWeight
from .geometry import Geometry
from .group_scales import require_above_zero, scale_groups, scale_shape
from .stored_codes import HuffmanCodes, PackedCodes


class CodebookWeight(StoredWeight):
    """Codes of 1 to 8 bits, packed, and the levels that they stand for.

        weight = levels[code], or scale * levels[code]

    shape : (outputs, ...) of the weight; the other axes make up `inner`
    bits : 1 to 8
    num_levels : at most 2**bits
    group_size : how many neighbors along `inner` share a scale, at most all;
        None for levels without scales
    huffman_bytes : of the codes as a Huffman stream; None for packed ones

    Buffers: levels, (num_levels,) float32; with groups also scale, (outputs,
    groups) float32. The codes are in `stored`, see `stored_codes`.

    >>> weight = CodebookWeight((2, 3), bits=2, num_levels=3)
    >>> weight.store(
    ...     np.array([[0, 1, 2], [2, 2, 0]], np.uint8),
    ...     np.array([-0.5, 0.1, 2], np.float32),
    ... )
    >>> weight.to_dense()
    tensor([[-0.5000,  0.1000,  2.0000],
            [ 2.0000,  2.0000, -0.5000]])
    """

    levels: Tensor
    scale: Tensor | None

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        bits: int,
        num_levels: int,
        group_size: int | None = None,
        huffman_bytes: int | None = None,
    ) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.bits = require_int("bits", bits, 1, 8)
        self.num_levels = require_int("num_levels", num_levels, 1, 2**self.bits)
        self.group_size = group_size
        self.num_weights = math.prod(shape)
        self.stored: PackedCodes | HuffmanCodes = (
            PackedCodes(count=self.num_weights, bits=self.bits)
            if huffman_bytes is None
            else HuffmanCodes(
                count=self.num_weights,
                num_symbols=self.num_levels,
                num_bytes=huffman_bytes,
            )
        )
        self.register_buffer("levels", torch.zeros(self.num_levels))
        scale = None
        if group_size is not None:
            scale = torch.ones(scale_shape(self.shape, group_size))
            self.group_size = int(group_size)
        self.register_buffer("scale", scale)

    def store(
        self,
        codes: np.ndarray,
        levels: np.ndarray,
        scale: np.ndarray | None = None,
    ) -> None:
        """Pack codes of the weight's size, and keep what they stand for.

        codes : shape, or (outputs, inner), uint8, below `num_levels`
        levels : (num_levels,) float32
        scale : the buffer's shape, float32; None without groups
        """
        require_equal("size of codes", self.num_weights, codes.size)
        require_equal("shape of levels", (self.num_levels,), levels.shape)
        _require_named(codes, self.num_levels)
        self.stored.store(codes)
        self.levels.copy_(torch.from_numpy(levels))
        expected = None if self.scale is None else tuple(self.scale.shape)
        got = None if scale is None else scale.shape
        require_equal("shape of scale", expected, got)
        if self.scale is not None and scale is not None:
            self.scale.copy_(torch.from_numpy(scale))

    def codes(self) -> Tensor:
        """Return the codes, uint8 of the weight's shape."""
        return torch.from_numpy(self.stored.read()).reshape(self.shape)

    def to_dense(self) -> Tensor:
        """Return what the codes stand for, float32 of the weight's shape."""
        dense = torch.from_numpy(self._looked_up()).reshape(self.shape)
        if self.scale is None or self.group_size is None:
            return dense
        rows = dense.reshape(self.shape[0], -1)  # (outputs, inner)
        scaled = scale_groups(rows, self.scale, self.group_size)
        return scaled.reshape(self.shape)

    def _looked_up(self) -> np.ndarray:
        levels = self.levels.numpy()
        if isinstance(self.stored, HuffmanCodes):
            return np.take(levels, self.stored.read())
        packed = self.stored.packed.numpy()
        return look_up(packed, levels, bits=self.bits, count=self.num_weights)

    def require_valid(self) -> None:
        """Refuse codes without a level, and scales that are not above 0."""
        _require_named(self.codes().numpy(), self.num_levels)
        if self.scale is not None:
            require_above_zero(self.scale)

    def extra_repr(self) -> str:
        """Show what the codes are, when the module is printed."""
        form = "Huffman" if isinstance(self.stored, HuffmanCodes) else "packed"
        return (
            f"{self.shape}, bits={self.bits}, num_levels={self.num_levels}, "
            f"{form}"
        )


def _require_named(codes: np.ndarray, num_levels: int) -> None:
    """Refuse codes that name no level."""
    if codes.size and codes.max() >= num_levels:
        raise ValueError(
            f"codes must be in [0, {num_levels - 1}] for {num_levels} levels, "
            f"got {codes.max()}"
        )


class CodebookLayer(CompressedLayer):
    """A linear or convolutional layer with a weight of codes and levels.

    geometry : what the layer multiplies with what
    bias : whether it has one, (outputs,) float32
    bits, num_levels, group_size, huffman_bytes : see `CodebookWeight`
    """

    weight: CodebookWeight

    def __init__(
        self,
        geometry: Geometry,
        *,
        bias: bool,
        bits: int,
        num_levels: int,
        group_size: int | None = None,
        huffman_bytes: int | None = None,
    ) -> None:
        weight = CodebookWeight(
            geometry.weight_shape,
            bits=bits,
            num_levels=num_levels,
            group_size=group_size,
            huffman_bytes=huffman_bytes,
        )
        super().__init__(
            geometry,
            weight,
            bias=bias,
            bits=weight.bits,
            num_levels=weight.num_levels,
            group_size=weight.group_size,
            huffman_bytes=huffman_bytes,
        )

    @property
    def weight_bits(self) -> int:
        """Bits per packed code, without the levels and the scales."""
        return self.weight.bits

    @property
    def weight_kind(self) -> str:
        """What is multiplied with the input, in words."""
        return f"{self.weight_bits}-bit codes of a codebook"

    def dense_weight(self) -> Tensor:
        """Return the weight as the numbers that it stands for."""
        return self.weight.to_dense()

    def require_valid(self) -> None:
        """Refuse codes without a level, and scales that are not above 0."""
        self.weight.require_valid()
