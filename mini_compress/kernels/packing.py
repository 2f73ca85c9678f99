"""Codes of fewer than 8 bits, several to a byte.

A 4-bit code in an int8 array wastes half of its byte. `pack_bits` puts 2, 4 or
8 codes into each byte, `unpack_bits` takes them out again. Signed codes are
held in two's complement: the low bits of the int8, nothing else.
"""

import numpy as np

from .._require import (
    require_dtype,
    require_int,
    require_ndim,
    require_one_of,
)
from .affine_params import code_range

__all__ = ["pack_bits", "unpack_bits"]

ORDERS = ("low_first", "high_first")  # both are in use: see `pack_bits`


def pack_bits(
    codes: np.ndarray, *, bits: int, order: str = "low_first"
) -> np.ndarray:
    """Pack codes of 1, 2 or 4 bits into bytes.

    codes : (...) int8 or uint8, read in C order; every code fits `bits`
        (int8: [-2**(bits-1), 2**(bits-1) - 1], uint8: [0, 2**bits - 1])
    bits : 1, 2 or 4
    order : where the first code of a byte goes
        "low_first": in the lowest bits, as in ONNX's int4
        "high_first": in the highest bits, as in bitsandbytes' NF4
    returns : (ceil(size * bits / 8),) uint8; the last byte is filled with 0

    >>> pack_bits(np.array([1, -2, 7], np.int8), bits=4)
    array([225,   7], dtype=uint8)
    >>> [f"{byte:08b}" for byte in _]
    ['11100001', '00000111']

    See ONNX, "4 bit integer types"; loops in `naive.pack_bits`.
    """
    require_dtype("codes", codes, np.int8, np.uint8)
    bits = _require_bits(bits, order)
    require_codes_fit(codes, bits)
    per_byte = 8 // bits
    fields = codes.ravel().view(np.uint8) & (2**bits - 1)
    padded = np.zeros(-(-fields.size // per_byte) * per_byte, np.uint8)
    padded[: fields.size] = fields
    padded = padded.reshape(-1, per_byte)  # (bytes, codes of a byte)
    shifted = padded << _shifts(bits, order)
    return np.bitwise_or.reduce(shifted, axis=1)


def unpack_bits(
    packed: np.ndarray,
    *,
    bits: int,
    count: int,
    signed: bool,
    order: str = "low_first",
) -> np.ndarray:
    """Take `count` codes out of bytes that `pack_bits` made.

    packed : (ceil(count * bits / 8),) uint8
    bits : 1, 2 or 4
    count : how many codes, >= 0
    signed : the codes are in two's complement
    order : "low_first" or "high_first", as packed
    returns : (count,) int8 when signed, else uint8

    >>> packed = np.array([0b11100001, 0b00000111], np.uint8)
    >>> unpack_bits(packed, bits=4, count=3, signed=True)
    array([ 1, -2,  7], dtype=int8)

    See ONNX, "4 bit integer types"; loops in `naive.unpack_bits`.
    """
    require_dtype("packed", packed, np.uint8)
    require_ndim("packed", packed, 1)
    bits = _require_bits(bits, order)
    count = require_int("count", count, 0)
    expected = -(-count * bits // 8)
    if packed.size != expected:
        raise ValueError(
            f"packed must have {expected} bytes for {count} codes of {bits} "
            f"bits, got {packed.size}"
        )
    column = packed[:, np.newaxis]  # (bytes, 1)
    fields = column >> _shifts(bits, order) & (2**bits - 1)
    codes = fields.ravel()[:count]
    return with_signs(codes, bits) if signed else codes


def require_codes_fit(codes: np.ndarray, bits: int) -> None:
    """Refuse int8 or uint8 codes that need more than `bits` bits.

    >>> require_codes_fit(np.array([3], np.int8), 2)
    Traceback (most recent call last):
    ValueError: codes must be in [-2, 1] for 2 bits, got 3 to 3
    """
    low, high = code_range(bits, codes.dtype == np.int8, narrow=False)
    if codes.size and (codes.min() < low or codes.max() > high):
        raise ValueError(
            f"codes must be in [{low}, {high}] for {bits} bits, "
            f"got {codes.min()} to {codes.max()}"
        )


def with_signs(fields: np.ndarray, bits: int) -> np.ndarray:
    """Read fields of `bits` bits, uint8, as two's complement, int8.

    >>> with_signs(np.array([0b0111, 0b1000], np.uint8), bits=4)
    array([ 7, -8], dtype=int8)
    """
    sign = 1 << (bits - 1)  # the top bit counts negative
    return (fields ^ sign).view(np.int8) - np.int8(sign)


def _require_bits(bits: int, order: str) -> int:
    bits = require_int("bits", bits, 1)
    require_one_of("bits", bits, (1, 2, 4))
    require_one_of("order", order, ORDERS)
    return bits


def _shifts(bits: int, order: str) -> np.ndarray:
    """Return how far each code of a byte is shifted to the left."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    return shifts if order == "low_first" else shifts[::-1]
