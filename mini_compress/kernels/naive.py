"""The kernels as plain loops: what each one means, one number at a time.

Read these first. The fast kernels of the other files give the same results
bit for bit, and the tests compare them with these. Sums are Python integers,
which do not overflow; `_wrap` brings them to int32 at the end. Input is not
checked here.
"""

import math

import numpy as np

from .affine_params import AffineParams, code_range

__all__ = [
    "choose_affine",
    "conv2d_int8",
    "dequantize",
    "linear_int8",
    "matmul_int8",
    "pack_bits",
    "quantize",
    "quantize_multiplier",
    "requantize",
    "split_groups",
    "unpack_bits",
]


def choose_affine(
    x, *, bits=8, symmetric=False, signed=True, axis=None
) -> AffineParams:
    """Choose one scale and zero point for each set of values that share."""
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis) % x.ndim
    shape = [1 if i in axes else size for i, size in enumerate(x.shape)]
    scale = np.empty(shape, np.float32)
    zero_point = np.empty(shape, np.int32)
    narrow = symmetric and signed
    quant_min, quant_max = code_range(bits, signed, narrow)
    for index in np.ndindex(*shape):
        shared = tuple(
            slice(None) if i in axes else j for i, j in enumerate(index)
        )
        low = min(x.dtype.type(0), *x[shared].flat)
        high = max(x.dtype.type(0), *x[shared].flat)
        if symmetric:
            high = max(-low, high)
            low = -high
        step = (high - low) / (quant_max - quant_min)
        smallest = np.finfo(np.float32).tiny  # below it steps lose precision
        scale[index] = 1 if low == high == 0 else max(step, smallest)
        if symmetric:
            zero_point[index] = (quant_min + quant_max + 1) // 2
        else:
            exact = round(float(quant_min - low / scale[index]))
            zero_point[index] = _clamp(exact, quant_min, quant_max)
    return AffineParams(scale, zero_point, bits, signed, narrow)


def quantize(x, params) -> np.ndarray:
    """Divide, round half to even (as Python's round), add zero, saturate."""
    codes = np.empty(x.shape, params.dtype)
    scale = np.broadcast_to(params.scale, x.shape)
    zero_point = np.broadcast_to(params.zero_point, x.shape)
    for i in np.ndindex(*x.shape):
        code = round(float(x[i] / scale[i])) + int(zero_point[i])
        codes[i] = _clamp(code, params.quant_min, params.quant_max)
    return codes


def dequantize(codes, params) -> np.ndarray:
    """Subtract the zero point, multiply by the scale."""
    x = np.empty(codes.shape, np.float32)
    scale = np.broadcast_to(params.scale, codes.shape)
    zero_point = np.broadcast_to(params.zero_point, codes.shape)
    for i in np.ndindex(*codes.shape):
        x[i] = scale[i] * np.float32(int(codes[i]) - int(zero_point[i]))
    return x


def split_groups(x, group_size) -> np.ndarray:
    """Deal each row's values out to groups, in order."""
    *rows, inner = x.shape
    groups = np.empty((*rows, inner // group_size, group_size), x.dtype)
    for *row, i in np.ndindex(*x.shape):
        groups[(*row, i // group_size, i % group_size)] = x[(*row, i)]
    return groups


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
    rounding="float32_half_even",
    dtype=np.int8,
) -> np.ndarray:
    """Scale each sum by the named rule, add the zero point, saturate."""
    rule = {
        "float32_half_even": _scale_float32,
        "fixed_single": _scale_fixed_single,
        "fixed_double": _scale_fixed_double,
    }[rounding]
    if np.ndim(multiplier) == 1 and acc.ndim == 4:
        multiplier = np.reshape(multiplier, (-1, 1, 1))
    multipliers = np.broadcast_to(multiplier, acc.shape)
    limits = np.iinfo(dtype)
    out = np.empty(acc.shape, dtype)
    for i in np.ndindex(*acc.shape):
        code = rule(int(acc[i]), float(multipliers[i])) + zero_point
        out[i] = _clamp(code, limits.min, limits.max)
    return out


def _scale_float32(acc, multiplier) -> int:
    return round(float(np.float32(acc) * np.float32(multiplier)))


def _scale_fixed_single(acc, multiplier) -> int:
    q, shift = quantize_multiplier(multiplier)
    down = 31 - shift
    return (acc * q + (1 << (down - 1))) >> down


def _scale_fixed_double(acc, multiplier) -> int:
    q, shift = quantize_multiplier(multiplier)
    raised = _clamp(acc << max(shift, 0), -(2**31), 2**31 - 1)
    product = raised * q
    nudge = 2**30 if product >= 0 else 1 - 2**30
    high = abs(product + nudge) // 2**31
    high = high if product + nudge >= 0 else -high
    down = max(-shift, 0)
    return (high + (1 << down >> 1)) >> down


def quantize_multiplier(multiplier) -> tuple[int, int]:
    """Write m as q * 2**(shift - 31), with q of 31 bits."""
    mantissa, shift = math.frexp(multiplier)
    q = math.floor(mantissa * 2**31 + 0.5)
    return (q, shift) if q < 2**31 else (q // 2, shift + 1)


def pack_bits(codes, *, bits, order="low_first") -> np.ndarray:
    """Put each code's low bits into the next free place of the byte."""
    per_byte = 8 // bits
    packed = [0] * -(-codes.size // per_byte)
    for i, code in enumerate(codes.flat):
        place = i % per_byte
        if order == "high_first":
            place = per_byte - 1 - place
        packed[i // per_byte] |= (int(code) & (2**bits - 1)) << bits * place
    return np.array(packed, np.uint8)


def unpack_bits(
    packed, *, bits, count, signed, order="low_first"
) -> np.ndarray:
    """Read each place of each byte; the top bit of a signed code is -2**."""
    per_byte = 8 // bits
    codes = np.empty(count, np.int8 if signed else np.uint8)
    for i in range(count):
        place = i % per_byte
        if order == "high_first":
            place = per_byte - 1 - place
        code = int(packed[i // per_byte]) >> bits * place & (2**bits - 1)
        if signed and code >= 2 ** (bits - 1):
            code -= 2**bits
        codes[i] = code
    return codes


def _pair(value) -> tuple[int, ...]:
    return (value, value) if np.ndim(value) == 0 else tuple(value)


def _clamp(value, low, high) -> int:
    return max(low, min(high, value))


def _wrap(value) -> int:
    """Keep the low 32 bits, as a two's complement register does."""
    return (value + 2**31) % 2**32 - 2**31
