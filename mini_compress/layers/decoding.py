"""A layer that keeps its weight in another form and multiplies in float32.

The weight is decoded each time it is used: the file and the memory traffic
shrink, the multiplications stay what they were.
"""

import torch
from torch import Tensor, nn

from .geometry import Geometry


class DecodingLayer(nn.Module):
    """What such layers share; how the weight is kept, their own files say.

    geometry : what the layer multiplies with what
    weight : a module that keeps the weight
    bias : whether the layer has one, (outputs,) float32
    """

    bias: Tensor | None
    activation_bits = None  # float32

    def __init__(
        self, geometry: Geometry, weight: nn.Module, *, bias: bool
    ) -> None:
        super().__init__()
        self.geometry = geometry
        self.weight = weight
        outputs = geometry.weight_shape[0]
        self.register_buffer("bias", torch.zeros(outputs) if bias else None)

    def dense_weight(self) -> Tensor:
        """Return the weight as the numbers that it stands for."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer; x and the result are float32."""
        y = self.geometry.product(x, self.dense_weight())
        if self.bias is not None:
            y = y + self.geometry.per_output(self.bias)
        return y

    def extra_repr(self) -> str:
        """Show the geometry when the module is printed."""
        return f"{self.geometry}, bias={self.bias is not None}"
