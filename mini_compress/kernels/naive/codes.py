"""Codes of real numbers, and codes packed into bytes, as plain loops."""

import numpy as np

from ..affine_params import AffineParams, code_range

__all__ = [
    "choose_affine",
    "dequantize",
    "pack_bits",
    "quantize",
    "range_error",
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
            zero_point[index] = clamp(exact, quant_min, quant_max)
    return AffineParams(scale, zero_point, bits, signed, narrow)


def quantize(x, params) -> np.ndarray:
    """Divide, round half to even (as Python's round), add zero, saturate."""
    codes = np.empty(x.shape, params.dtype)
    scale = np.broadcast_to(params.scale, x.shape)
    zero_point = np.broadcast_to(params.zero_point, x.shape)
    for i in np.ndindex(*x.shape):
        code = round(float(x[i] / scale[i])) + int(zero_point[i])
        codes[i] = clamp(code, params.quant_min, params.quant_max)
    return codes


def dequantize(codes, params) -> np.ndarray:
    """Subtract the zero point, multiply by the scale."""
    x = np.empty(codes.shape, np.float32)
    scale = np.broadcast_to(params.scale, codes.shape)
    zero_point = np.broadcast_to(params.zero_point, codes.shape)
    for i in np.ndindex(*codes.shape):
        x[i] = scale[i] * np.float32(int(codes[i]) - int(zero_point[i]))
    return x


def range_error(values, ends, bits=8) -> tuple[float, float]:
    """Square each value's error; tell those beyond the last codes apart."""
    params = choose_affine(np.array(ends, np.float64), bits=bits, signed=False)
    scale, zero = np.ravel(params.scale)[0], np.ravel(params.zero_point)[0]
    scale, zero = float(scale), int(zero)
    clipping = rounding = 0.0
    for value in values.flat:
        code = round(float(value) / scale) + zero
        kept = clamp(code, params.quant_min, params.quant_max)
        squared = (float(value) - scale * (kept - zero)) ** 2 / values.size
        if kept == code:
            rounding += squared
        else:
            clipping += squared
    return clipping, rounding


def split_groups(x, group_size) -> np.ndarray:
    """Deal each row's values out to groups, in order."""
    *rows, inner = x.shape
    groups = np.empty((*rows, inner // group_size, group_size), x.dtype)
    for *row, i in np.ndindex(*x.shape):
        groups[(*row, i // group_size, i % group_size)] = x[(*row, i)]
    return groups


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


def clamp(value, low, high) -> int:
    """Saturate a whole number."""
    return max(low, min(high, value))
