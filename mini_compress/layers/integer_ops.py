"""The operations of an integer network that have no weights.

Where codes change their grid, "float32_half_even" computes as onnxruntime does
(`kernels.elementwise`, `kernels.pooling`); the other roundings are integers
only (`kernels.fixed_point`).
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .._require import require_bool, require_int
from ..kernels import elementwise, fixed_point, pooling
from ..kernels.affine import AffineParams
from .geometry import checked_pair
from .grids import FLOAT_RULE
from .integer_base import IntegerOperation, Regridded

Pair = tuple[int, int]


class _Windowed(IntegerOperation):
    """What pooling operations share: a window, checked.

    kernel_size, stride : (vertical, horizontal)
    padding : the same, at most half of the kernel, as in torch
    """

    def _take_window(
        self, kernel_size: Pair, stride: Pair, padding: Pair
    ) -> None:
        """Note the window in the settings."""
        size = checked_pair("kernel_size", kernel_size)
        self.settings["kernel_size"] = size
        self.settings["stride"] = checked_pair("stride", stride)
        self.settings["padding"] = checked_pair("padding", padding)
        for around, across in zip(padding, size, strict=True):
            require_int("padding", around, 0, across // 2)

    @property
    def window(self) -> dict[str, Any]:
        """The window as the kernels take it."""
        return {
            "kernel": self.settings["kernel_size"],
            "stride": self.settings["stride"],
            "padding": self.settings["padding"],
        }


class IntegerMaxPool2d(_Windowed):
    """The largest code of each window, as `torch.nn.MaxPool2d`.

    kernel_size, stride, padding : pairs, (vertical, horizontal)
    """

    def __init__(
        self, *, kernel_size: Pair, stride: Pair, padding: Pair = (0, 0)
    ) -> None:
        super().__init__()
        self._take_window(kernel_size, stride, padding)

    def forward(self, codes: Tensor) -> Tensor:
        """Map (images, channels, height, width) codes to those of windows."""
        return torch.from_numpy(
            pooling.max_pool_int8(codes.numpy(), **self.window)
        )

    def compute_real(self, *inputs: Tensor) -> Tensor:
        """Pool as torch does."""
        [x] = inputs
        kernel, stride, padding = self.window.values()
        return functional.max_pool2d(x, kernel, stride, padding)


class IntegerFlatten(IntegerOperation):
    """All axes but that of the batch as one, as `torch.nn.Flatten`."""

    def __init__(self) -> None:
        super().__init__()

    def forward(self, codes: Tensor) -> Tensor:
        """Map (images, ...) to (images, all others)."""
        return codes.flatten(1)

    def compute_real(self, *inputs: Tensor) -> Tensor:
        """Flatten as torch does."""
        [x] = inputs
        return x.flatten(1)


class IntegerAvgPool2d(_Windowed, Regridded):
    """The mean of each window, as `torch.nn.AvgPool2d`.

    kernel_size, stride, padding : pairs, (vertical, horizontal)
    count_include_pad : a mean counts the padding's zeros
    x_bits, y_bits, activation, rounding : see `Regridded`
    """

    arity = 1

    def __init__(
        self,
        *,
        kernel_size: Pair,
        stride: Pair,
        padding: Pair = (0, 0),
        count_include_pad: bool = True,
        x_bits: tuple[int, ...],
        y_bits: int,
        activation: str = "none",
        rounding: str = FLOAT_RULE,
    ) -> None:
        super().__init__(
            x_bits=x_bits,
            y_bits=y_bits,
            activation=activation,
            rounding=rounding,
        )
        require_bool("count_include_pad", count_include_pad)
        self._take_window(kernel_size, stride, padding)
        self.settings["count_include_pad"] = count_include_pad

    def _compute(self, *inputs: np.ndarray) -> np.ndarray:
        options = {
            **self.window,
            "count_include_pad": self.settings["count_include_pad"],
        }
        [x], [grid] = inputs, self.x_params
        if self.rounding == FLOAT_RULE:
            return pooling.average_pool_int8(x, grid, self.y_params, **options)
        return fixed_point.average_pool_fixed(
            x, grid, self.y_params, **options, rounding=self.rounding
        )

    def compute_real(self, *inputs: Tensor) -> Tensor:
        """Pool as torch does."""
        [x] = inputs
        kernel, stride, padding = self.window.values()
        counted = self.settings["count_include_pad"]
        return self.activate(
            functional.avg_pool2d(x, kernel, stride, padding, False, counted)
        )


class IntegerGlobalAvgPool2d(Regridded):
    """The mean of each channel, as `torch.nn.AdaptiveAvgPool2d(1)`.

    x_bits, y_bits, activation, rounding : see `Regridded`
    """

    arity = 1

    def _compute(self, *inputs: np.ndarray) -> np.ndarray:
        [x], [grid] = inputs, self.x_params
        if self.rounding == FLOAT_RULE:
            return pooling.global_average_pool_int8(x, grid, self.y_params)
        return fixed_point.average_pool_fixed(
            x,
            grid,
            self.y_params,
            kernel=x.shape[2:],
            rounding=self.rounding,
        )

    def compute_real(self, *inputs: Tensor) -> Tensor:
        """Average (images, channels, height, width) to (..., 1, 1)."""
        [x] = inputs
        return self.activate(x.mean((2, 3), keepdim=True))


class _OfTwo(Regridded):
    """What operations on two tensors share."""

    arity = 2

    def _grids(self) -> tuple[AffineParams, AffineParams, AffineParams]:
        """Return the grids of both inputs and of the result."""
        one, other = self.x_params
        return one, other, self.y_params


class IntegerAdd(_OfTwo):
    """The sum of two tensors of one shape.

    x_bits, y_bits, activation, rounding : see `Regridded`
    """

    def _compute(self, *inputs: np.ndarray) -> np.ndarray:
        one, other = inputs
        grids = self._grids()
        if self.rounding == FLOAT_RULE:
            return elementwise.add_int8(one, other, *grids)
        return fixed_point.add_fixed(one, other, *grids, rounding=self.rounding)

    def compute_real(self, *inputs: Tensor) -> Tensor:
        """Add as torch does."""
        one, other = inputs
        return self.activate(one + other)


class IntegerMultiply(_OfTwo):
    """The product of two tensors whose shapes broadcast.

    x_bits, y_bits, activation, rounding : see `Regridded`
    """

    def _compute(self, *inputs: np.ndarray) -> np.ndarray:
        one, other = inputs
        grids = self._grids()
        if self.rounding == FLOAT_RULE:
            return elementwise.multiply_int8(one, other, *grids)
        return fixed_point.multiply_fixed(
            one, other, *grids, rounding=self.rounding
        )

    def compute_real(self, *inputs: Tensor) -> Tensor:
        """Multiply as torch does."""
        one, other = inputs
        return self.activate(one * other)


class IntegerConcat(Regridded):
    """Tensors side by side, along the axis of channels.

    x_bits, y_bits, activation, rounding : see `Regridded`
    """

    def _compute(self, *inputs: np.ndarray) -> np.ndarray:
        if self.rounding == FLOAT_RULE:
            return elementwise.concat_int8(inputs, self.x_params, self.y_params)
        parts = [
            fixed_point.rescale_fixed(
                x, grid, self.y_params, rounding=self.rounding
            )
            for x, grid in zip(inputs, self.x_params, strict=True)
        ]
        return np.concatenate(parts, axis=1)

    def compute_real(self, *inputs: Tensor) -> Tensor:
        """Concatenate as torch does."""
        return self.activate(torch.cat(inputs, dim=1))
