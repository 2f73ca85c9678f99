"""A layer that multiplies codes with codes and sums in int32.

    y = scale_x * scale_weight * (sum (code_x - zero_x) * code_weight + bias)

The input arrives in float32 and is quantized on entry with a scale that was
fixed beforehand (static quantization); the int32 sum is scaled back on exit.
Between the two there are only integers. The weight's codes have 8 bits or
fewer: fewer make the file smaller, and the product is the same.
"""

from typing import Any

import torch
from torch import Tensor, nn

from ..kernels.products import EXACT_FLOAT32
from .geometry import Geometry
from .packed_weight import PackedWeight


class IntegerLayer(nn.Module):
    """A linear or convolutional layer that takes 8-bit codes as its input.

    geometry : what the layer multiplies with what
    bias : whether it has one, in int32 steps of scale_x * scale_weight
    bits : of a weight's code, 2 to 8
    per_tensor : one step for the whole weight instead of one per output. A
        step per group is not offered: it could not be taken out of the sum.

    Buffers: weight (see `PackedWeight`); x_scale, () float32; x_zero_point,
    () int32: codes of the input are uint8; bias, (outputs,) int32.
    """

    x_scale: Tensor
    x_zero_point: Tensor
    bias: Tensor | None
    activation_bits = 8

    def __init__(
        self,
        geometry: Geometry,
        *,
        bias: bool,
        bits: int = 8,
        per_tensor: bool = False,
    ) -> None:
        super().__init__()
        self.geometry = geometry
        self.weight = PackedWeight(
            geometry.weight_shape,
            bits=bits,
            group_size=geometry.products_per_output,
            per_tensor=per_tensor,
        )
        outputs = geometry.weight_shape[0]
        self.register_buffer("x_scale", torch.ones(()))
        self.register_buffer("x_zero_point", torch.zeros((), dtype=torch.int32))
        self.register_buffer(
            "bias", torch.zeros(outputs, dtype=torch.int32) if bias else None
        )

    @property
    def settings(self) -> dict[str, Any]:
        """What the constructor was given, besides the geometry."""
        return {
            "bias": self.bias is not None,
            "bits": self.weight.bits,
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
        acc = self.accumulate(self.quantize_input(x))
        steps = self.x_scale * self.weight.scale.reshape(-1)
        return acc * self.geometry.per_output(steps)

    def quantize_input(self, x: Tensor) -> Tensor:
        """Return the codes of x, uint8; equals `kernels.affine.quantize`."""
        codes = torch.round(x / self.x_scale) + self.x_zero_point
        return codes.clamp(0, 255).to(torch.uint8)

    def accumulate(self, codes: Tensor) -> Tensor:
        """Return the int32 sums of products of codes, bias included.

        codes : uint8, as the geometry has it. Equals `kernels.integer`'s
            linear_int8 and conv2d_int8 bit for bit: the product runs on
            floats, in the narrowest type that holds every partial sum.
        """
        exact = self._exact_type()
        centered = codes.to(exact) - self.x_zero_point.to(exact)
        weight = self.weight.codes().to(exact)
        acc = self.geometry.exact_product(centered, weight).to(torch.int32)
        if self.bias is not None:
            acc += self.geometry.per_output(self.bias)
        return acc

    def largest_sum(self) -> int:
        """Bound what |sum| any input can reach, before the bias."""
        rows = self.weight.codes().to(torch.int64).abs().flatten(1)
        zero = int(self.x_zero_point)
        return int(rows.sum(dim=1).max()) * max(zero, 255 - zero)

    def _exact_type(self) -> torch.dtype:
        fits = self.largest_sum() <= EXACT_FLOAT32
        return torch.float32 if fits else torch.float64

    def extra_repr(self) -> str:
        """Show the geometry when the module is printed."""
        return f"{self.geometry}, bias={self.bias is not None}"
