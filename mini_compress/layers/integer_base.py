"""What all operations of an integer network share: codes in, codes out.

What only picks or moves codes keeps their grid: the largest of a window, a
flattening. What computes new numbers has a grid of its own for them.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from .._require import require_equal, require_int
from ..kernels.affine import AffineParams
from .base import InferenceModule
from .grids import (
    FLOAT_RULE,
    GivesCodes,
    params_of,
    require_codes,
    require_grid,
    to_codes,
)

MOST_INPUTS = 1024  # tensors that one concatenation joins


class IntegerOperation(InferenceModule):
    """An operation of an integer network that has no weights.

    What a subclass does not say itself is that of an operation which keeps
    the grid: one input, and results on its grid.
    """

    num_inputs = 1

    def __init__(self) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {}

    def output_grid(self, grids: Sequence[AffineParams]) -> AffineParams:
        """Return the grid of the results, for those of the inputs."""
        require_equal("number of inputs", self.num_inputs, len(grids))
        return grids[0]

    def compute_real(self, *inputs: Tensor) -> Tensor:
        """Do on real numbers, in float32, what is done on codes."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        """Show the settings when the module is printed."""
        return ", ".join(f"{x}={value}" for x, value in self.settings.items())


class Regridded(GivesCodes, IntegerOperation):
    """An operation whose results are codes of a grid of its own.

    x_bits : of the codes of each input, 2 to 8
    y_bits, activation, rounding : see `GivesCodes`

    Buffers: x_scale, (inputs,) float32; x_zero_point, (inputs,) int32; and
    those of `GivesCodes`.
    """

    arity: ClassVar[int | None] = None  # how many inputs; None: any number
    x_scale: Tensor
    x_zero_point: Tensor

    def __init__(
        self,
        *,
        x_bits: tuple[int, ...],
        y_bits: int,
        activation: str = "none",
        rounding: str = FLOAT_RULE,
    ) -> None:
        super().__init__()
        most = self.arity or MOST_INPUTS
        require_int("number of inputs", len(x_bits), self.arity or 1, most)
        bits = tuple(require_int("x_bits", x, 2, 8) for x in x_bits)
        self.num_inputs = len(bits)
        self.settings["x_bits"] = bits
        self._make_grid(y_bits, activation, rounding)
        self.register_buffer("x_scale", torch.ones(len(bits)))
        zeros = torch.zeros(len(bits), dtype=torch.int32)
        self.register_buffer("x_zero_point", zeros)

    @property
    def x_params(self) -> tuple[AffineParams, ...]:
        """The grid of each input."""
        each = zip(
            self.x_scale,
            self.x_zero_point,
            self.settings["x_bits"],
            strict=True,
        )
        return tuple(params_of(*one) for one in each)

    def set_input_grids(self, grids: Sequence[AffineParams]) -> None:
        """Take the grids of the inputs."""
        require_equal("number of inputs", self.num_inputs, len(grids))
        for i, grid in enumerate(grids):
            self.x_scale[i] = float(grid.scale)
            self.x_zero_point[i] = int(grid.zero_point)

    def require_valid(self) -> None:
        """Refuse grids that are none, by name."""
        super().require_valid()
        each = zip(
            self.x_scale,
            self.x_zero_point,
            self.settings["x_bits"],
            strict=True,
        )
        for scale, zero_point, bits in each:
            require_grid("x", scale, zero_point, bits)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Map codes to codes; uint8."""
        require_equal("number of inputs", self.num_inputs, len(inputs))
        for codes, params in zip(inputs, self.x_params, strict=True):
            require_codes(codes, params)
        return self.clamp(self._compute(*(x.numpy() for x in inputs)))

    def _compute(self, *inputs: np.ndarray) -> np.ndarray:
        """Compute the codes before the activation function; uint8."""
        raise NotImplementedError


class QuantizeInput(GivesCodes, IntegerOperation):
    """The way in: real numbers to codes.

    y_bits : of the codes, 2 to 8
    """

    num_inputs = 0

    def __init__(self, *, y_bits: int) -> None:
        super().__init__()
        self._make_grid(y_bits, "none", FLOAT_RULE)

    def forward(self, images: Tensor) -> Tensor:
        """Map real numbers, float32 and finite, to their codes, uint8."""
        last = 2**self.y_bits - 1
        return to_codes(images, self.y_scale, self.y_zero_point, last)
