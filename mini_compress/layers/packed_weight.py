"""A weight as packed integer codes and the steps between them.

    weight = scale * code

Codes are symmetric (zero point 0). Whether one step serves the whole tensor,
an output channel or a group within it is only a matter of the scale's shape.
"""

import math

import numpy as np
import torch
from torch import Tensor

from .._require import require_bool, require_equal, require_int
from ..kernels.planes import num_packed_bytes, pack_planes, unpack_planes
from .base import StoredWeight
from .group_scales import require_above_zero, scale_groups, scale_shape


class PackedWeight(StoredWeight):
    """Signed codes of 2 to 8 bits, packed, with one step per group.

    shape : (outputs, ...) of the weight; the other axes make up `inner`
    bits : 2 to 8
    group_size : how many neighbours along `inner` share a step, at most all;
        the last group of a row may be shorter, as in ONNX's blocked
        quantization
    per_tensor : one step for everything, instead of steps per row

    Buffers: packed, uint8; scale, (outputs, groups) or (1, 1) float32.

    >>> weight = PackedWeight((2, 3), bits=4, group_size=3)
    >>> weight.store(
    ...     np.array([[1, -2, 3], [7, 0, -7]], np.int8),
    ...     np.array([[0.5], [0.1]], np.float32),
    ... )
    >>> weight.dequantize()
    tensor([[ 0.5000, -1.0000,  1.5000],
            [ 0.7000,  0.0000, -0.7000]])
    """

    packed: Tensor
    scale: Tensor

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        bits: int,
        group_size: int,
        per_tensor: bool = False,
    ) -> None:
        super().__init__()
        require_int("bits", bits, 2, 8)
        require_bool("per_tensor", per_tensor)
        steps = scale_shape(shape, group_size)
        self.shape = tuple(shape)
        self.bits = int(bits)
        self.group_size = int(group_size)
        self.per_tensor = per_tensor
        self.num_weights = math.prod(shape)
        if per_tensor and steps[1] > 1:
            inner = math.prod(shape[1:])
            raise ValueError(
                f"group_size must be {inner} per tensor, got {group_size}"
            )
        steps = (1, 1) if per_tensor else steps
        num_bytes = num_packed_bytes(self.num_weights, bits)
        self.register_buffer(
            "packed", torch.zeros(num_bytes, dtype=torch.uint8)
        )
        self.register_buffer("scale", torch.ones(steps))

    def store(self, codes: np.ndarray, scale: np.ndarray) -> None:
        """Pack codes of the weight's size, and keep their steps.

        codes : shape, or (outputs, inner), int8
        scale : the buffer's shape, float32
        """
        require_equal("size of codes", self.num_weights, codes.size)
        require_equal("shape of scale", tuple(self.scale.shape), scale.shape)
        self.packed.copy_(torch.from_numpy(pack_planes(codes, bits=self.bits)))
        self.scale.copy_(torch.from_numpy(scale))

    def codes(self) -> Tensor:
        """Return the codes, int8 of the weight's shape."""
        codes = unpack_planes(
            self.packed.numpy(), bits=self.bits, count=self.num_weights
        )
        return torch.from_numpy(codes).reshape(self.shape)

    def dequantize(self) -> Tensor:
        """Return scale * code, float32 of the weight's shape."""
        rows = self.codes().reshape(self.shape[0], -1)  # (outputs, inner)
        scaled = scale_groups(rows, self.scale, self.group_size)
        return scaled.reshape(self.shape)

    def require_valid(self) -> None:
        """Refuse steps that are not above 0."""
        require_above_zero(self.scale)

    def extra_repr(self) -> str:
        """Show what the codes are, when the module is printed."""
        rows, groups = self.scale.shape
        steps = f"{rows}x{groups} steps"
        return f"{self.shape}, bits={self.bits}, {steps}"
