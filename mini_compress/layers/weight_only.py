"""A layer whose weight is codes and whose arithmetic is float32."""

from typing import Any

from torch import Tensor

from .decoding import DecodingLayer
from .geometry import Geometry
from .packed_weight import PackedWeight


class WeightOnlyLayer(DecodingLayer):
    """A linear or convolutional layer with a weight of packed codes.

    geometry : what the layer multiplies with what
    bias : whether it has one, (outputs,) float32
    bits, group_size, per_tensor : see `PackedWeight`
    """

    weight: PackedWeight

    def __init__(
        self,
        geometry: Geometry,
        *,
        bias: bool,
        bits: int,
        group_size: int,
        per_tensor: bool = False,
    ) -> None:
        weight = PackedWeight(
            geometry.weight_shape,
            bits=bits,
            group_size=group_size,
            per_tensor=per_tensor,
        )
        super().__init__(geometry, weight, bias=bias)

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
