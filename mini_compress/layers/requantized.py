"""A layer of an integer network: codes in, codes out.

    code_y = clamp(round(m * (sum (code_x - zero_x) * code_weight + bias))
                   + zero_y)
    m = scale_x * scale_weight / scale_y

A ReLU that follows costs nothing: it is a clamp of the code.
"""

import numpy as np
import torch
from torch import Tensor

from .._require import require_int
from ..kernels.affine import AffineParams
from ..kernels.grids import LARGEST_MULTIPLIER
from ..kernels.integer import requantize
from .geometry import Geometry, LinearGeometry
from .grids import FLOAT_RULE, GivesCodes, params_of, require_codes
from .integer import IntegerLayer


class RequantizedLayer(IntegerLayer, GivesCodes):
    """A linear or convolutional layer between codes.

    geometry, bias, bits, per_tensor : as for `IntegerLayer`
    x_bits, y_bits : of the codes that it reads and gives, 2 to 8; all are uint8
    activation : "none", "relu" or "relu6", fused
    rounding : of the sums, as for `kernels.integer.requantize`.
        "float32_half_even" computes the multiplier and the codes as
        onnxruntime's QLinearConv does; those whose name begins with "fixed"
        are integers only

    Buffers: those of `IntegerLayer`; y_scale, () float32; y_zero_point, ()
    int32.

    See [jacob2018quantization], section 2.4; ONNX, QLinearConv.
    """

    def __init__(
        self,
        geometry: Geometry,
        *,
        bias: bool,
        bits: int = 8,
        per_tensor: bool = False,
        x_bits: int = 8,
        y_bits: int = 8,
        activation: str = "none",
        rounding: str = FLOAT_RULE,
    ) -> None:
        super().__init__(geometry, bias=bias, bits=bits, per_tensor=per_tensor)
        self.activation_bits = require_int("x_bits", x_bits, 2, 8)
        self.settings["x_bits"] = self.activation_bits
        self._make_grid(y_bits, activation, rounding)

    @property
    def x_params(self) -> tuple[AffineParams]:
        """The grid of what the layer reads."""
        grid = params_of(self.x_scale, self.x_zero_point, self.activation_bits)
        return (grid,)

    def multiplier(self) -> np.ndarray:
        """Return scale_x * scale_weight / scale_y, (outputs,) or (1,).

        float32, rounded after each operation as onnxruntime does; float64,
        as in LiteRT, where it is to become an integer and a shift.
        """
        wide = self.rounding != FLOAT_RULE
        dtype = torch.float64 if wide else torch.float32
        scales = (self.x_scale, self.weight.scale.reshape(-1), self.y_scale)
        x, weight, y = (scale.to(dtype) for scale in scales)
        return (x * weight / y).numpy()

    def require_valid(self) -> None:
        """Refuse what no layer can compute with, grids and sums included."""
        super().require_valid()
        multiplier = self.multiplier()
        if not ((multiplier > 0) & (multiplier <= LARGEST_MULTIPLIER)).all():
            raise ValueError(
                "scale_x * scale_weight / scale_y must be > 0 and at most "
                f"2**29, got {multiplier.min():g} to {multiplier.max():g}"
            )

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layer; input and result are codes, uint8."""
        require_codes(input, *self.x_params)
        acc = self.accumulate(input)
        shape = [1] * acc.ndim
        shape[self._output_axis] = -1
        codes = requantize(
            acc.numpy(),
            self.multiplier().reshape(shape),  # 1 on all other axes
            int(self.y_zero_point),
            rounding=self.rounding,
            dtype=np.uint8,
        )
        return self.clamp(codes)

    @property
    def _output_axis(self) -> int:
        """On which axis of a result the outputs lie."""
        return -1 if isinstance(self.geometry, LinearGeometry) else -3

    def compute_real(self, x: Tensor) -> Tensor:
        """Apply the layer to real numbers, in float32.

        x : float32, as the geometry has it

        Weight and bias are those that the codes stand for.
        """
        y = self.geometry.product(x, self.dense_weight())
        if self.bias is not None:
            steps = self.x_scale * self.weight.scale.reshape(-1)
            y = y + self.geometry.per_output(self.bias * steps)
        return self.activate(y)
