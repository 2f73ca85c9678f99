"""A layer that multiplies codes with codes and sums in int32.

    y = scale_x * scale_weight * (sum (code_x - zero_x) * code_weight + bias)

The input arrives in float32 and is quantized on entry with a scale that was
fixed beforehand (static quantization); the int32 sum is scaled back on exit.
Between the two there are only integers. The weight's codes have 8 bits or
fewer: fewer make the file smaller, and the product is the same.
"""

import torch
from torch import Tensor

from ..kernels.products import EXACT_FLOAT32
from .base import CompressedLayer, require_whole
from .geometry import Geometry
from .grids import require_grid, to_codes
from .packed_weight import PackedWeight


class IntegerLayer(CompressedLayer):
    """A linear or convolutional layer that takes 8-bit codes as its input.

    geometry : what the layer multiplies with what
    bias : whether it has one, in int32 steps of scale_x * scale_weight
    bits : of a weight's code, 2 to 8
    per_tensor : one step for the whole weight instead of one per output. A
        step per group is not offered: it could not be taken out of the sum.

    Buffers: weight (see `PackedWeight`); x_scale, () float32; x_zero_point,
    () int32: codes of the input are uint8; bias, (outputs,) int32.
    """

    weight: PackedWeight
    x_scale: Tensor
    x_zero_point: Tensor
    activation_bits = 8
    bias_dtype = torch.int32

    def __init__(
        self,
        geometry: Geometry,
        *,
        bias: bool,
        bits: int = 8,
        per_tensor: bool = False,
    ) -> None:
        weight = PackedWeight(
            geometry.weight_shape,
            bits=bits,
            group_size=max(1, geometry.products_per_output),
            per_tensor=per_tensor,
        )
        super().__init__(
            geometry,
            weight,
            bias=bias,
            bits=weight.bits,
            per_tensor=per_tensor,
        )
        self.register_buffer("x_scale", torch.ones(()))
        self.register_buffer("x_zero_point", torch.zeros((), dtype=torch.int32))

    @property
    def weight_bits(self) -> int:
        """Bits per weight, without the steps."""
        return self.weight.bits

    def dense_weight(self) -> Tensor:
        """Return the weight as the numbers that it stands for."""
        return self.weight.dequantize()

    def require_valid(self) -> None:
        """Refuse steps not above 0, a zero point or sums out of range."""
        super().require_valid()
        self.weight.require_valid()
        bits = self.activation_bits
        require_grid("x", self.x_scale, self.x_zero_point, bits)
        room = 2**31 - 1 - self._largest_bias()
        products = self.geometry.products_per_output
        widest = products * 2 ** (self.weight_bits - 1) * self._largest_input()
        # codes are decoded only where their number alone proves nothing
        if widest > room and self.largest_sum() > room:
            raise ValueError(
                f"sums must stay within int32, got up to {self.largest_sum()} "
                f"and a bias of {self._largest_bias()}"
            )

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layer; input and result are float32."""
        require_whole(input)
        acc = self.accumulate(self.quantize_input(input))
        steps = self.x_scale * self.weight.scale.reshape(-1)
        return acc * self.geometry.per_output(steps)

    def quantize_input(self, input: Tensor) -> Tensor:
        """Return the codes of the input, uint8.

        input : float32, finite. Equals `kernels.affine.quantize`.
        """
        return to_codes(input, self.x_scale, self.x_zero_point, self._last_code)

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
        return int(rows.sum(dim=1).max()) * self._largest_input()

    def _largest_input(self) -> int:
        """Bound |code - zero point|."""
        zero = int(self.x_zero_point)
        return max(zero, self._last_code - zero)

    @property
    def _last_code(self) -> int:
        """The largest code that an input may have."""
        return 2**self.activation_bits - 1

    def _largest_bias(self) -> int:
        """Give the largest |bias|; int64 holds that of the least int32 too."""
        if self.bias is None:
            return 0
        return int(self.bias.to(torch.int64).abs().max())

    def _exact_type(self) -> torch.dtype:
        fits = self.largest_sum() <= EXACT_FLOAT32
        return torch.float32 if fits else torch.float64
