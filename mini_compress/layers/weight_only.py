"""A layer whose weight is codes and whose arithmetic is float32."""

from torch import Tensor

from .base import CompressedLayer
from .geometry import Geometry
from .packed_weight import PackedWeight


class WeightOnlyLayer(CompressedLayer):
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
        super().__init__(
            geometry,
            weight,
            bias=bias,
            bits=weight.bits,
            group_size=weight.group_size,
            per_tensor=per_tensor,
        )

    @property
    def weight_bits(self) -> int:
        """Bits per weight, without the steps."""
        return self.weight.bits

    def dense_weight(self) -> Tensor:
        """Return the weight as the numbers that it stands for."""
        return self.weight.dequantize()

    def require_valid(self) -> None:
        """Refuse steps that are not above 0."""
        self.weight.require_valid()
