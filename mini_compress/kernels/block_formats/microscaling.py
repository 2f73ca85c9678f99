"""Blocks of small floats: MXFP4, MXFP8 and NVFP4.

A scale in 8 bits says how large the block's values are, floats of 4 or 8 bits
where within that they lie. Layouts are GGUF's (`gguf.quants`), from which two
things differ, for the formats' own standards say so: a tie between two numbers
of E2M1 takes the even code, and a scale whose byte means NaN gives NaN.
"""

from functools import partial

import numpy as np

from ..floats import E2M1, E4M3FN, E5M2, E8M0, FloatFormat, decode, encode
from .form import Parts, RowFormat, ScaledFormat
from .runs import divide, pack_runs

MX_SIZE = 32  # values that share a scale
NV_SIZE = 16
NV_SUPER = 64  # values of a block in GGUF: four that have their own scale

# E2M1's number in the low and in the high bits of each byte; -0 is 0 there,
# as in GGUF
BYTES = np.arange(256)
LOW, HIGH = E2M1.values[BYTES & 15] + 0, E2M1.values[BYTES >> 4] + 0


def power_scale(rows: np.ndarray, format: FloatFormat) -> np.ndarray:
    """Return each row's scale, a power of two, as its code in E8M0.

    rows : (blocks, size) float32
    returns : (blocks, 1) uint8; of a row of zeros the smallest scale

    The largest value's power of two becomes that of the format's largest
    number: 2**(floor(log2(peak)) - floor(log2(format.largest))). A peak
    that reaches further up than the format does is clipped later.

    >>> power_scale(np.array([[0.1, -7.9]], np.float32), E2M1)
    array([[127]], dtype=uint8)

    See [ocp2023microscaling], section 6.3.
    """
    peak = np.abs(rows).max(axis=1, keepdims=True)
    # of 1 a fraction of .5 and an exponent of 1: np.frexp's rule
    power = np.frexp(peak)[1] - np.frexp(np.float32(format.largest))[1]
    smallest = 1 - E8M0.bias - 1
    power = np.where(peak > 0, np.maximum(power, smallest), smallest)
    return encode(np.ldexp(1.0, power), E8M0)


def encode_mx(rows: np.ndarray, format: FloatFormat) -> tuple:
    """Return scales and codes, a byte each."""
    scale = power_scale(rows, format)
    return scale, encode(rows / decode(scale, E8M0), format)


def encode_mxfp4(rows: np.ndarray) -> Parts:
    """Return scales and codes, two to a byte."""
    scale, codes = encode_mx(rows, E2M1)
    return scale, pack_runs(codes, bits=4, run=MX_SIZE // 2)


def decode_mxfp4(scale: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Multiply each code's number by its block's scale."""
    numbers = _numbers(codes, MX_SIZE // 2)
    numbers *= decode(scale, E8M0)
    return numbers


def decode_mx(
    scale: np.ndarray, codes: np.ndarray, format: FloatFormat
) -> np.ndarray:
    """Multiply each code's number by its block's scale."""
    return decode(codes, format) * decode(scale, E8M0)


def encode_nvfp4(rows: np.ndarray) -> Parts:
    """Return four scales of a block, in E4M3, and codes, two to a byte."""
    parts = rows.reshape(len(rows), NV_SUPER // NV_SIZE, NV_SIZE)
    peak = np.abs(parts).max(axis=-1)
    scale = encode(peak / np.float32(E2M1.largest), E4M3FN)
    steps = decode(scale, E4M3FN)[..., np.newaxis]
    codes = encode(divide(parts, steps), E2M1).reshape(rows.shape)
    return scale, pack_runs(codes, bits=4, run=NV_SIZE // 2)


def decode_nvfp4(scale: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Multiply each code's number by the scale of its 16."""
    parts = _numbers(codes, NV_SIZE // 2).reshape(len(codes), -1, NV_SIZE)
    parts *= decode(scale, E4M3FN)[..., np.newaxis]
    return parts.reshape(len(codes), -1)


def _numbers(codes: np.ndarray, run: int) -> np.ndarray:
    """Return the numbers of E2M1's codes in runs, as `unpack_runs` has them.

    codes : (blocks, bytes) uint8
    returns : (blocks, 2 * bytes) float32
    """
    # each byte is looked up as it is, which takes less time than cutting it;
    # numpy looks up by intp alone, and would convert bytes twice
    index = codes.reshape(len(codes), -1, run).astype(np.intp)
    numbers = np.empty((*index.shape[:2], 2, run), np.float32)
    for half, table in enumerate((LOW, HIGH)):
        numbers[:, :, half] = np.take(table, index)
    return numbers.reshape(len(codes), -1)


MXFP4 = RowFormat(
    MX_SIZE, 4, {"scale": 1, "codes": 16}, encode_mxfp4, decode_mxfp4
)
MXFP8_E4M3, MXFP8_E5M2 = (
    RowFormat(
        MX_SIZE,
        8,
        {"scale": 1, "codes": 32},
        partial(encode_mx, format=format),
        partial(decode_mx, format=format),
    )
    for format in (E4M3FN, E5M2)
)
NVFP4 = ScaledFormat(
    NV_SUPER,
    4,
    {"scales": 4, "codes": 32},
    encode_nvfp4,
    decode_nvfp4,
    largest=E4M3FN.largest * E2M1.largest,
)
