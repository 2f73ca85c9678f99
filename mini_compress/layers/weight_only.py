"""A layer whose weight is codes and whose arithmetic is float32.

The codes are dequantized each time they are used: the file and the memory
traffic shrink, the multiplications stay what they were.
"""

from typing import Any

import torch
from torch import Tensor, nn

from .geometry import Geometry
from .packed_weight import PackedWeight


class WeightOnlyLayer(nn.Module):
    """A linear or convolutional layer with a weight of packed codes.

    geometry : what the layer multiplies with what
    bias : whether it has one, (outputs,) float32
    bits, group_size, per_tensor : see `PackedWeight`
    """

    bias: Tensor | None
    activation_bits = None  # float32

    def __init__(
        self,
        geometry: Geometry,
        *,
        bias: bool,
        bits: int,
        group_size: int,
        per_tensor: bool = False,
    ) -> None:
        super().__init__()
        self.geometry = geometry
        self.weight = PackedWeight(
            geometry.weight_shape,
            bits=bits,
            group_size=group_size,
            per_tensor=per_tensor,
        )
        outputs = geometry.weight_shape[0]
        self.register_buffer("bias", torch.zeros(outputs) if bias else None)

    @property
    def settings(self) -> dict[str, Any]:
        """What the constructor was given, besides the geometry."""
        return {
            "bias": self.bias is not None,
            "bits": self.weight.bits,
            "group_size": self.weight.group_size,
            "per_tensor": self.weight.per_tensor,
        }

    @property
    def weight_bits(self) -> int:
        """Bits per weight, without the steps."""
        return self.weight.bits

    @property
    def weight_kind(self) -> str:
        """What is multiplied with the input, in words."""
        return f"{self.weight.bits}-bit weights"

    def dense_weight(self) -> Tensor:
        """Return the weight as the numbers that it stands for."""
        return self.weight.dequantize()

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer; x and the result are float32."""
        y = self.geometry.product(x, self.dense_weight())
        if self.bias is not None:
            y = y + self.geometry.per_output(self.bias)
        return y

    def extra_repr(self) -> str:
        """Show the geometry when the module is printed."""
        return f"{self.geometry}, bias={self.bias is not None}"
