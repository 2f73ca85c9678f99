"""Grids of activations: real = scale * (code - zero_point), codes in uint8.

One scale and one zero point for each tensor, in buffers of the module that
reads or makes the codes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .._require import require_equal, require_int, require_one_of
from ..kernels.affine import AffineParams
from ..kernels.fixed_point import ROUNDINGS as FIXED_RULES
from .base import InferenceModule

# how sums are rounded; the first is onnxruntime's, the others have no floats
FLOAT_RULE = "float32_half_even"
ROUNDINGS = (FLOAT_RULE, *FIXED_RULES)
# what a fused activation function cuts off below and above, in real numbers
ACTIVATIONS: dict[str, tuple[float | None, float | None]] = {
    "none": (None, None),
    "relu": (0.0, None),
    "relu6": (0.0, 6.0),
}


def to_codes(
    values: Tensor, scale: Tensor, zero_point: Tensor, last: int
) -> Tensor:
    """Return the codes of real numbers, uint8; ties go to the even quotient.

    values : (...) float32, finite
    scale, zero_point : () float32 and int32
    last : the largest code; the smallest is 0

    Equals `kernels.affine.quantize`.

    >>> values = torch.tensor([-1.0, 0.25, 0.75, 9.0])
    >>> to_codes(values, torch.tensor(0.5), torch.tensor(1), 15)
    tensor([ 0,  1,  3, 15], dtype=torch.uint8)
    """
    # the sum finds NaN and infinity in one pass; a large one is no proof
    if not values.sum().isfinite() and not values.isfinite().all():
        got = "NaN" if values.isnan().any() else "infinity"
        raise ValueError(f"input must be finite, got {got}")
    codes = torch.round(values / scale) + zero_point
    return codes.clamp(0, last).to(torch.uint8)


def to_real(codes: Tensor, params: AffineParams) -> Tensor:
    """Return the numbers that codes stand for, float32 of the codes' shape.

    >>> params = AffineParams(0.5, 3, bits=4, signed=False)
    >>> to_real(torch.tensor([0, 3, 5], dtype=torch.uint8), params)
    tensor([-1.5000,  0.0000,  1.0000])
    """
    scale, zero = float(params.scale), int(params.zero_point)
    return (codes.to(torch.float32) - zero) * scale


def require_codes(codes: Any, params: AffineParams) -> None:
    """Refuse anything but codes of a grid.

    >>> params = AffineParams(0.5, 3, bits=4, signed=False)
    >>> require_codes(torch.tensor([16], dtype=torch.uint8), params)
    Traceback (most recent call last):
    ValueError: codes must be at most 15, got 16
    """
    if not isinstance(codes, Tensor) or codes.dtype != torch.uint8:
        got = codes.dtype if isinstance(codes, Tensor) else type(codes).__name__
        raise TypeError(f"codes must be a uint8 tensor, got {got}")
    last = params.quant_max
    if last < np.iinfo(np.uint8).max and codes.numel() and codes.max() > last:
        raise ValueError(f"codes must be at most {last}, got {codes.max()}")


def same_grid(one: AffineParams, other: AffineParams) -> bool:
    """Say whether two grids have the same codes for the same numbers.

    >>> one = AffineParams(0.5, 3, bits=4, signed=False)
    >>> same_grid(one, AffineParams(0.5, 2, bits=4, signed=False))
    False
    """
    return (
        np.array_equal(one.scale, other.scale)
        and np.array_equal(one.zero_point, other.zero_point)
        and one.bits == other.bits
        and one.signed == other.signed
    )


class GivesCodes(InferenceModule):
    """A module whose results are codes of a grid of its own.

    y_bits : of the codes, 2 to 8
    activation : a key of `ACTIVATIONS`, fused: the codes beyond what it cuts
        off are those of its ends
    rounding : one of `ROUNDINGS`, see `kernels.integer.requantize`

    Buffers: y_scale, () float32; y_zero_point, () int32.
    """

    num_inputs = 1
    y_scale: Tensor
    y_zero_point: Tensor

    def output_grid(self, grids: Sequence[AffineParams]) -> AffineParams:
        """Return the grid of the results, whatever those of the inputs."""
        require_equal("number of inputs", self.num_inputs, len(grids))
        return self.y_params

    def _make_grid(self, y_bits: int, activation: str, rounding: str) -> None:
        """Register the buffers and note the settings."""
        require_int("y_bits", y_bits, 2, 8)
        require_one_of("activation", activation, ACTIVATIONS)
        require_one_of("rounding", rounding, ROUNDINGS)
        self.y_bits = int(y_bits)
        self.activation = activation
        self.rounding = rounding
        self.settings |= {"y_bits": self.y_bits}
        if activation != "none":  # every byte counts
            self.settings["activation"] = activation
        if rounding != FLOAT_RULE:
            self.settings["rounding"] = rounding
        self.register_buffer("y_scale", torch.ones(()))
        self.register_buffer("y_zero_point", torch.zeros((), dtype=torch.int32))

    @property
    def y_params(self) -> AffineParams:
        """The grid of the results."""
        return params_of(self.y_scale, self.y_zero_point, self.y_bits)

    def set_grid(self, params: AffineParams) -> None:
        """Take a grid of unsigned codes for the results."""
        self.y_scale.fill_(np.asarray(params.scale).item())
        self.y_zero_point.fill_(np.asarray(params.zero_point).item())

    @property
    def limits(self) -> tuple[int, int]:
        """The lowest and the highest code that a result may have."""
        params = self.y_params
        ends = [params.quant_min, params.quant_max]
        for i, real in enumerate(ACTIVATIONS[self.activation]):
            if real is not None:
                code = np.rint(real / params.scale) + params.zero_point
                ends[i] = int(np.clip(code, 0, params.quant_max))
        return ends[0], ends[1]

    def clamp(self, codes: np.ndarray) -> Tensor:
        """Bring codes within the limits; a tensor of them.

        codes : (...) uint8, which may be overwritten
        """
        low, high = self.limits
        if low > 0 or high < np.iinfo(np.uint8).max:
            np.clip(codes, low, high, out=codes)
        return torch.from_numpy(codes)

    def activate(self, real: Tensor) -> Tensor:
        """Apply the fused activation function to real numbers."""
        low, high = ACTIVATIONS[self.activation]
        return real if low is None else real.clamp(low, high)

    def require_valid(self) -> None:
        """Refuse a grid that is none, by name."""
        super().require_valid()
        require_grid("y", self.y_scale, self.y_zero_point, self.y_bits)


def params_of(scale: Tensor, zero_point: Tensor, bits: int) -> AffineParams:
    """Return the grid that two buffers hold."""
    return AffineParams(scale.item(), int(zero_point), bits=bits, signed=False)


def require_grid(
    name: str, scale: Tensor, zero_point: Tensor, bits: int
) -> None:
    """Refuse numbers that are no grid, by the names of the buffers.

    >>> require_grid("y", torch.tensor(0.0), torch.tensor(0), 8)
    Traceback (most recent call last):
    ValueError: y_scale must be > 0, got 0
    """
    if not scale > 0:
        raise ValueError(f"{name}_scale must be > 0, got {scale.item():g}")
    last = 2**bits - 1
    require_int(f"{name}_zero_point", zero_point.item(), 0, last)
