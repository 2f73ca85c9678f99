"""Sums, products and changes of grid of codes, as plain loops."""

from fractions import Fraction

import numpy as np

from .codes import clamp

__all__ = ["add_int8", "concat_int8", "multiply_int8", "rescale_int8"]


def add_int8(a, b, a_params, b_params, y_params) -> np.ndarray:
    """Add two scaled codes and one offset; each sum of a product is fused."""
    y_scale, y_zero = grid(y_params)
    (a_scale, a_zero), (b_scale, b_zero) = grid(a_params), grid(b_params)
    a_ratio, b_ratio = a_scale / y_scale, b_scale / y_scale
    offset = y_zero - _fused(a_ratio, a_zero, b_ratio * b_zero)
    out = np.empty(a.shape, y_params.dtype)
    for i in np.ndindex(*a.shape):
        total = _fused(a_ratio, a[i], _fused(b_ratio, b[i], offset))
        out[i] = nearest(total, y_params)
    return out


def multiply_int8(a, b, a_params, b_params, y_params) -> np.ndarray:
    """Multiply two codes' distances from zero by the scales, add the zero."""
    y_scale, y_zero = grid(y_params)
    (a_scale, a_zero), (b_scale, b_zero) = grid(a_params), grid(b_params)
    a, b = np.broadcast_arrays(a, b)
    multiplier = a_scale * b_scale / y_scale
    out = np.empty(a.shape, y_params.dtype)
    for i in np.ndindex(*a.shape):
        product = np.float32(a[i] - a_zero) * np.float32(b[i] - b_zero)
        out[i] = nearest(product * multiplier + y_zero, y_params)
    return out


def rescale_int8(x, x_params, y_params) -> np.ndarray:
    """Say which number each code stands for, and the nearest code for that."""
    (x_scale, x_zero), (y_scale, y_zero) = grid(x_params), grid(y_params)
    out = np.empty(x.shape, y_params.dtype)
    for i in np.ndindex(*x.shape):
        real = x_scale * np.float32(x[i] - x_zero)
        code = np.float32(round(float(real / y_scale)))
        out[i] = nearest(code + y_zero, y_params)
    return out


def concat_int8(parts, params, y_params, *, axis=1) -> np.ndarray:
    """Change each part's grid, then copy them one after another."""
    shape = list(parts[0].shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    out = np.empty(shape, y_params.dtype)
    start = 0
    for part, one in zip(parts, params, strict=True):
        place = [slice(None)] * out.ndim
        place[axis] = slice(start, start + part.shape[axis])
        out[tuple(place)] = rescale_int8(part, one, y_params)
        start += part.shape[axis]
    return out


def grid(params) -> tuple[np.float32, np.float32]:
    """Return a tensor's one scale and one zero point."""
    return np.float32(params.scale.item()), np.float32(params.zero_point.item())


def nearest(value, params) -> int:
    """Round to the nearest code, ties to even, and saturate."""
    return clamp(round(float(value)), params.quant_min, params.quant_max)


def _fused(factor, code, addend) -> np.float32:
    """Compute factor * code + addend exactly, then round to float32."""
    exact = Fraction(float(factor)) * int(code) + Fraction(float(addend))
    return _to_float32(exact)


def _to_float32(exact: Fraction) -> np.float32:
    """Return the nearest float32, the even one of two that are as near."""
    near = np.float32(float(exact))
    around = [np.nextafter(near, np.float32(s) * np.inf) for s in (-1, 1)]
    return min(
        [near, *around],
        key=lambda x: (abs(Fraction(float(x)) - exact), x.view(np.int32) & 1),
    )
