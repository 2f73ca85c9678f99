"""Operations between grids without any float, as plain loops."""

import numpy as np

from .codes import clamp
from .elementwise import grid
from .integer import (
    _scale_fixed_double,
    _scale_fixed_double_away,
    _scale_fixed_single,
)
from .pooling import _Windows

__all__ = ["add_fixed", "average_pool_fixed", "multiply_fixed", "rescale_fixed"]

RULES = {
    "fixed_single": _scale_fixed_single,
    "fixed_double": _scale_fixed_double,
    "fixed_double_away": _scale_fixed_double_away,
}


def add_fixed(
    a, b, a_params, b_params, y_params, *, rounding="fixed_single"
) -> np.ndarray:
    """Bring both to a fine common grid, add, requantize."""
    (a_scale, a_zero), (b_scale, b_zero) = grid(a_params), grid(b_params)
    twice = 2 * max(float(a_scale), float(b_scale))
    scaled = RULES[rounding]
    out = np.empty(a.shape, y_params.dtype)
    for i in np.ndindex(*a.shape):
        one = (int(a[i]) - int(a_zero)) << 20
        other = (int(b[i]) - int(b_zero)) << 20
        total = scaled(one, float(a_scale) / twice, 0)
        total += scaled(other, float(b_scale) / twice, 0)
        out[i] = _code(total, twice / 2**20, y_params, rounding)
    return out


def multiply_fixed(
    a, b, a_params, b_params, y_params, *, rounding="fixed_single"
) -> np.ndarray:
    """Multiply the distances from the zero points, requantize."""
    (a_scale, a_zero), (b_scale, b_zero) = grid(a_params), grid(b_params)
    a, b = np.broadcast_arrays(a, b)
    scale = float(a_scale) * float(b_scale)
    out = np.empty(a.shape, y_params.dtype)
    for i in np.ndindex(*a.shape):
        product = (int(a[i]) - int(a_zero)) * (int(b[i]) - int(b_zero))
        out[i] = _code(product, scale, y_params, rounding)
    return out


def rescale_fixed(
    x, x_params, y_params, *, rounding="fixed_single"
) -> np.ndarray:
    """Requantize each code's distance from its zero point."""
    scale, zero = grid(x_params)
    out = np.empty(x.shape, y_params.dtype)
    for i in np.ndindex(*x.shape):
        steps = int(x[i]) - int(zero)
        out[i] = _code(steps, float(scale), y_params, rounding)
    return out


def average_pool_fixed(
    x,
    x_params,
    y_params,
    *,
    kernel,
    stride=None,
    padding=0,
    count_include_pad=False,
    rounding="fixed_single",
) -> np.ndarray:
    """Add each window's codes; the number of pixels divides the scale."""
    windows = _Windows(x, kernel, stride, padding)
    scale, zero = grid(x_params)
    out = np.empty(windows.shape, y_params.dtype)
    for at in np.ndindex(*out.shape):
        codes = windows.pixels(at)
        rows, cols = windows.size
        count = rows * cols if count_include_pad else len(codes)
        total = sum(code - int(zero) for code in codes)
        y_scale, _ = grid(y_params)
        multiplier = float(scale) / (float(y_scale) * count)
        out[at] = _rounded(total, multiplier, y_params, rounding)
    return out


def _code(steps, scale, params, rounding) -> int:
    """Return the code of so many steps of a scale."""
    y_scale, _ = grid(params)
    return _rounded(steps, scale / float(y_scale), params, rounding)


def _rounded(steps, multiplier, params, rounding) -> int:
    _, zero = grid(params)
    code = RULES[rounding](steps, multiplier, 0) + int(zero)
    return clamp(code, params.quant_min, params.quant_max)
