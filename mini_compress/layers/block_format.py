"""A layer whose weight is in blocks that share a scale: MXFP4, NF4, Q4_K."""

import math

import numpy as np
import torch
from torch import Tensor

from .._require import require_bool, require_equal
from ..kernels.block_formats import (
    FORMATS,
    decode_blocks,
    encode_blocks,
    num_block_bytes,
)
from ..kernels.rotation import rotate
from .base import CompressedLayer, StoredWeight
from .geometry import Geometry


class BlockFormatWeight(StoredWeight):
    """The bytes of a weight in a block format.

    shape : (outputs, ...) of the weight, read row after row: a block runs on
        from the end of a row into the next
    format : a name of `kernels.block_formats.FORMATS`
    rotated : each row was rotated before; decoding rotates it back

    Buffers: data, uint8; signs, (bytes of a bit per input) uint8, empty
    unless rotated.

    >>> weight = BlockFormatWeight((1, 2), format="mxfp4")
    >>> weight.store(np.array([[0.6, -3.0]], np.float32))
    >>> weight.decode()
    tensor([[ 0.5000, -3.0000]])
    """

    data: Tensor
    signs: Tensor

    def __init__(
        self, shape: tuple[int, ...], *, format: str, rotated: bool = False
    ) -> None:
        super().__init__()
        require_bool("rotated", rotated)
        self.shape = tuple(shape)
        self.format = format
        self.rotated = rotated
        num_bytes = num_block_bytes(format, math.prod(shape))
        self.register_buffer("data", torch.zeros(num_bytes, dtype=torch.uint8))
        inner = math.prod(shape[1:])
        signs = torch.zeros(-(-inner // 8) * rotated, dtype=torch.uint8)
        self.register_buffer("signs", signs)

    def store(
        self, weight: np.ndarray, signs: np.ndarray | None = None
    ) -> None:
        """Encode a weight of this shape, float32.

        signs : (inner,) int8 of 1 and -1, of the rotation; None if there is
            none
        """
        require_equal("shape of weight", self.shape, weight.shape)
        require_equal("signs given", self.rotated, signs is not None)
        if signs is not None:
            weight = rotate(weight.reshape(len(weight), -1), signs)
            self.signs.copy_(torch.from_numpy(np.packbits(signs < 0)))
        self.data.copy_(torch.from_numpy(encode_blocks(weight, self.format)))

    def decode(self) -> Tensor:
        """Return the numbers that the bytes stand for, float32."""
        count = math.prod(self.shape)
        values = decode_blocks(self.data.numpy(), self.format, count)
        if self.rotated:
            rows = values.reshape(self.shape[0], -1)  # (outputs, inner)
            bits = np.unpackbits(self.signs.numpy(), count=rows.shape[1])
            values = rotate(rows, 1 - 2 * bits.view(np.int8), inverse=True)
        return torch.from_numpy(values).reshape(self.shape)

    def require_valid(self) -> None:
        """Refuse bytes that stand for NaN or infinity."""
        count = math.prod(self.shape)
        values = decode_blocks(self.data.numpy(), self.format, count)
        if not np.isfinite(values).all():
            raise ValueError(
                f"weight.data must stand for finite numbers in {self.format}, "
                "got NaN or infinity"
            )

    def extra_repr(self) -> str:
        """Show the format, when the module is printed."""
        rotated = ", rotated" * self.rotated
        return f"{self.shape}, format={self.format!r}{rotated}"


class BlockFormatLayer(CompressedLayer):
    """A linear or convolutional layer with a weight in a block format.

    geometry : what the layer multiplies with what
    bias : whether it has one, (outputs,) float32
    format, rotated : see `BlockFormatWeight`

    A rotated weight is rotated back at each use. A program that deploys it
    may rotate the layer's input instead: the products are the same.
    """

    weight: BlockFormatWeight

    def __init__(
        self,
        geometry: Geometry,
        *,
        bias: bool,
        format: str,
        rotated: bool = False,
    ) -> None:
        weight = BlockFormatWeight(
            geometry.weight_shape, format=format, rotated=rotated
        )
        super().__init__(
            geometry, weight, bias=bias, format=format, rotated=rotated
        )

    @property
    def weight_bits(self) -> int:
        """Bits per weight, without the scales."""
        return FORMATS[self.weight.format].code_bits

    @property
    def weight_kind(self) -> str:
        """What is multiplied with the input, in words."""
        return f"{self.weight.format} weights"

    def dense_weight(self) -> Tensor:
        """Return the weight as the numbers that it stands for."""
        return self.weight.decode()

    def require_valid(self) -> None:
        """Refuse bytes that stand for NaN or infinity."""
        self.weight.require_valid()
