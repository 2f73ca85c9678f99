"""What an integer network does between its layers: codes in, codes out.

What only picks or moves codes keeps their grid: the largest of a window, a
flattening. What computes new numbers has a grid of its own for them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .._require import require_equal, require_int
from ..kernels import elementwise, pooling
from ..kernels.affine import AffineParams
from .base import InferenceModule
from .geometry import checked_pair
from .grids import (
    GivesCodes,
    params_of,
    require_codes,
    require_grid,
    to_codes,
)

MOST_INPUTS = 1024  # tensors that one concatenation joins


class IntegerOperation(InferenceModule):
    """An operation of an integer network that has no weights.

    settings : what the subclass is made with, by keyword

    What a subclass does not say itself is that of an operation which keeps
    the grid: one input, and results on its grid.
    """

    num_inputs = 1

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.settings = settings

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

    x_scale: Tensor
    x_zero_point: Tensor

    def __init__(
        self,
        *,
        x_bits: tuple[int, ...],
        y_bits: int,
        activation: str = "none",
        rounding: str = "float32_half_even",
        **settings: Any,
    ) -> None:
        require_int("number of inputs", len(x_bits), 1, MOST_INPUTS)
        bits = tuple(require_int("x_bits", x, 2, 8) for x in x_bits)
        super().__init__(x_bits=bits, **settings)
        self.num_inputs = len(bits)
        self._make_grid(y_bits, activation, rounding)
        self.register_buffer("x_scale", torch.ones(len(bits)))
        zeros = torch.zeros(len(bits), dtype=torch.int32)
        self.register_buffer("x_zero_point", zeros)

    @property
    def x_params(self) -> tuple[AffineParams, ...]:
        """The grid of each input."""
        each = zip(
            self.x_scale, self.x_zero_point, self.settings["x_bits"], strict=True
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
            self.x_scale, self.x_zero_point, self.settings["x_bits"], strict=True
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
        self._make_grid(y_bits, "none", "float32_half_even")

    def forward(self, images: Tensor) -> Tensor:
        """Map real numbers, float32 and finite, to their codes, uint8."""
        last = 2**self.y_bits - 1
        return to_codes(images, self.y_scale, self.y_zero_point, last)


class _Pool(IntegerOperation):
    """What pooling operations share: windows, checked.

    kernel_size, stride : (vertical, horizontal)
    padding : the same, at most half of the kernel, as in torch
    """

    def __init__(
        self,
        *,
        kernel_size: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[int, int] = (0, 0),
        **settings: Any,
    ) -> None:
        kernel_size = checked_pair("kernel_size", kernel_size)
        stride = checked_pair("stride", stride)
        padding = checked_pair("padding", padding)
        for around, size in zip(padding, kernel_size, strict=True):
            require_int("padding", around, 0, size // 2)
        super().__init__(
            kernel_size=kernel_size, stride=stride, padding=padding, **settings
        )

    @property
    def window(self) -> dict[str, Any]:
        """The window as the kernels take it."""
        return {
            "kernel": self.settings["kernel_size"],
            "stride": self.settings["stride"],
            "padding": self.settings["padding"],
        }


class IntegerMaxPool2d(_Pool):
    """The largest code of each window, as `torch.nn.MaxPool2d`.

    kernel_size, stride, padding : pairs, (vertical, horizontal)
    """

    def __init__(
        self,
        *,
        kernel_size: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__(
            kernel_size=kernel_size, stride=stride, padding=padding
        )

    def forward(self, codes: Tensor) -> Tensor:
        """Map (images, channels, height, width) codes to those of windows."""
        return torch.from_numpy(
            pooling.max_pool_int8(codes.numpy(), **self.window)
        )

    def compute_real(self, *inputs: Tensor) -> Tensor:
        """Pool as torch does."""
        return functional.max_pool2d(*inputs, *self.window.values())


class IntegerFlatten(IntegerOperation):
    """All axes but that of the batch as one, as `torch.nn.Flatten`."""

    def __init__(self) -> None:
        super().__init__()

    def forward(self, codes: Tensor) -> Tensor:
        """Map (images, ...) to (images, all others)."""
        return codes.flatten(1)

    compute_real = forward
