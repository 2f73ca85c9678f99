"""Integer products and their requantization, as plain loops.

Sums are Python integers, which do not overflow; `_wrap` brings them to int32
at the end.
"""

import math
from fractions import Fraction

import numpy as np

from .codes import clamp

__all__ = [
    "conv2d_int8",
    "linear_int8",
    "matmul_int8",
    "matmul_saturating",
    "quantize_multiplier",
    "requantize",
]


def matmul_int8(a, b, *, a_zero_point=0, b_zero_point=0) -> np.ndarray:
    """Sum (a - a_zero_point) * (b - b_zero_point) over the inner axis."""
    rows, inner = a.shape
    cols = b.shape[1]
    a_zero = np.broadcast_to(a_zero_point, rows)
    b_zero = np.broadcast_to(b_zero_point, cols)
    out = np.empty((rows, cols), np.int32)
    for i in range(rows):
        for j in range(cols):
            total = 0
            for k in range(inner):
                a_value = int(a[i, k]) - int(a_zero[i])
                b_value = int(b[k, j]) - int(b_zero[j])
                total += a_value * b_value
            out[i, j] = _wrap(total)
    return out


def matmul_saturating(a, b) -> np.ndarray:
    """Clamp each sum of two neighbouring products to 16 bits, add those."""
    rows, inner = a.shape
    out = np.empty((rows, b.shape[1]), np.int32)
    for i, j in np.ndindex(*out.shape):
        products = [int(a[i, k]) * int(b[k, j]) for k in range(inner)]
        pairs = [sum(products[k : k + 2]) for k in range(0, inner, 2)]
        out[i, j] = sum(clamp(pair, -(2**15), 2**15 - 1) for pair in pairs)
    return out


def linear_int8(
    x, weight, bias=None, *, x_zero_point=0, weight_zero_point=0
) -> np.ndarray:
    """Multiply by the transposed weight, add the bias."""
    out = matmul_int8(
        x,
        weight.T,
        a_zero_point=x_zero_point,
        b_zero_point=weight_zero_point,
    )
    for i, j in np.ndindex(*out.shape):
        out[i, j] = _wrap(
            int(out[i, j]) + (0 if bias is None else int(bias[j]))
        )
    return out


def conv2d_int8(
    x,
    weight,
    bias=None,
    *,
    x_zero_point=0,
    weight_zero_point=0,
    stride=1,
    padding=0,
    dilation=1,
    groups=1,
) -> np.ndarray:
    """Slide each filter over the image; outside it every code is real 0."""
    (down, across), (row_gap, col_gap) = _pair(stride), _pair(dilation)
    top, left, bottom, right = (
        padding if np.size(padding) == 4 else _pair(padding) * 2
    )
    images, _, height, width = x.shape
    outputs, depth, rows, cols = weight.shape
    zeros = np.broadcast_to(weight_zero_point, outputs)
    out_height = (height + top + bottom - (rows - 1) * row_gap - 1) // down + 1
    out_width = (width + left + right - (cols - 1) * col_gap - 1) // across + 1
    out = np.empty((images, outputs, out_height, out_width), np.int32)
    for n, o, i, j in np.ndindex(*out.shape):
        total = 0 if bias is None else int(bias[o])
        first = o // (outputs // groups) * depth  # this group's first channel
        for c, r, s in np.ndindex(depth, rows, cols):
            y_pos = i * down + r * row_gap - top
            x_pos = j * across + s * col_gap - left
            if 0 <= y_pos < height and 0 <= x_pos < width:
                code = int(x[n, first + c, y_pos, x_pos]) - x_zero_point
                total += code * (int(weight[o, c, r, s]) - int(zeros[o]))
        out[n, o, i, j] = _wrap(total)
    return out


def requantize(
    acc,
    multiplier,
    zero_point,
    *,
    bias=None,
    rounding="float32_half_even",
    dtype=np.int8,
) -> np.ndarray:
    """Scale each sum by the named rule, add the zero point, saturate."""
    outside = 0 if rounding.endswith("zero_inside") else zero_point
    multipliers = _per_channel(multiplier, acc)
    biases = None if bias is None else _per_channel(bias, acc)
    limits = np.iinfo(dtype)
    out = np.empty(acc.shape, dtype)
    for i in np.ndindex(*acc.shape):
        real = None if biases is None else np.float32(acc[i]) + biases[i]
        total = int(acc[i]) if real is None else real
        scaled = _SCALES[rounding](total, float(multipliers[i]), zero_point)
        out[i] = clamp(scaled + outside, limits.min, limits.max)
    return out


def _per_channel(values, acc) -> np.ndarray:
    if np.ndim(values) == 1 and acc.ndim == 4:
        values = np.reshape(values, (-1, 1, 1))
    return np.broadcast_to(values, acc.shape)


def _scale_float32(acc, multiplier, _) -> int:
    return round(float(np.float32(acc) * np.float32(multiplier)))


def _scale_float32_zero_inside(acc, multiplier, zero_point) -> int:
    scaled = np.float32(acc) * np.float32(multiplier)
    return round(float(scaled + np.float32(zero_point)))


def _scale_float64_zero_inside(acc, multiplier, zero_point) -> int:
    return round(acc * float(np.float32(multiplier)) + zero_point)


def _scale_float64_half_away(acc, multiplier, _) -> int:
    exact = Fraction(abs(acc * multiplier))  # the product is a float64
    size = math.floor(exact + Fraction(1, 2))
    return size if acc > 0 else -size


def _scale_fixed_single(acc, multiplier, _) -> int:
    q, shift = quantize_multiplier(multiplier)
    down = 31 - shift
    return (acc * q + (1 << (down - 1))) >> down


def _scale_fixed_double(acc, multiplier, _) -> int:
    high, down = _high_half(acc, multiplier)
    return (high + (1 << down >> 1)) >> down


def _scale_fixed_double_away(acc, multiplier, _) -> int:
    """Shift down; add 1 if what is cut off is more than the threshold."""
    high, down = _high_half(acc, multiplier)
    mask = (1 << down) - 1
    threshold = (mask >> 1) + (high < 0)
    return (high >> down) + ((high & mask) > threshold)


def _high_half(acc, multiplier) -> tuple[int, int]:
    """Double the product with q and keep its rounded upper 32 bits."""
    q, shift = quantize_multiplier(multiplier)
    raised = clamp(acc << max(shift, 0), -(2**31), 2**31 - 1)
    product = raised * q
    nudged = product + (2**30 if product >= 0 else 1 - 2**30)
    high = abs(nudged) // 2**31
    return high if nudged >= 0 else -high, max(-shift, 0)


_SCALES = {
    "float32_half_even": _scale_float32,
    "float32_zero_inside": _scale_float32_zero_inside,
    "float64_zero_inside": _scale_float64_zero_inside,
    "float64_half_away": _scale_float64_half_away,
    "fixed_single": _scale_fixed_single,
    "fixed_double": _scale_fixed_double,
    "fixed_double_away": _scale_fixed_double_away,
}


def quantize_multiplier(multiplier) -> tuple[int, int]:
    """Write m as q * 2**(shift - 31), with q of 31 bits."""
    mantissa, shift = math.frexp(multiplier)
    q = math.floor(mantissa * 2**31 + 0.5)
    return (q, shift) if q < 2**31 else (q // 2, shift + 1)


def _pair(value) -> tuple[int, ...]:
    return (value, value) if np.ndim(value) == 0 else tuple(value)


def _wrap(value) -> int:
    """Keep the low 32 bits, as a two's complement register does."""
    return (value + 2**31) % 2**32 - 2**31
