"""Codes of 1 to 8 bits in exactly that many bits each.

`pack_bits` knows 1, 2 and 4 bits, which divide a byte. A code of another
width is cut into planes of those widths, from its low bits up: 3 bits are a
plane of 2 and a plane of 1, 7 bits are planes of 4, 2 and 1.
"""

import numpy as np

from .._require import require_dtype, require_equal, require_int
from .packing import (
    pack_bits,
    require_codes_fit,
    unpack_bits,
    with_signs,
)

__all__ = ["num_packed_bytes", "pack_planes", "unpack_planes"]


def pack_planes(codes: np.ndarray, *, bits: int) -> np.ndarray:
    """Pack codes of `bits` bits.

    codes : (...) int8 or uint8, read in C order; every code fits `bits`
        (int8: [-2**(bits-1), 2**(bits-1) - 1], uint8: [0, 2**bits - 1])
    bits : 1 to 8
    returns : (num_packed_bytes(size, bits),) uint8, one plane after another

    >>> codes = np.array([-4, 3, 1, 0], np.int8)
    >>> packed = pack_planes(codes, bits=3)
    >>> len(packed), unpack_planes(packed, bits=3, count=4)
    (2, array([-4,  3,  1,  0], dtype=int8))
    """
    require_dtype("codes", codes, np.int8, np.uint8)
    widths = _plane_widths(bits)
    require_codes_fit(codes, bits)
    fields: np.ndarray = codes.ravel().view(np.uint8)
    planes = []
    for width in widths:
        plane = fields & (2**width - 1)
        planes.append(plane if width == 8 else pack_bits(plane, bits=width))
        fields = fields >> (width % 8)
    return np.concatenate(planes)


def unpack_planes(
    packed: np.ndarray, *, bits: int, count: int, signed: bool = True
) -> np.ndarray:
    """Take codes out of the planes that `pack_planes` made.

    packed : (num_packed_bytes(count, bits),) uint8
    bits : 1 to 8
    count : how many codes
    signed : the codes are in two's complement
    returns : (count,) int8 when signed, else uint8; never a view of `packed`

    >>> packed = np.array([0b00011100, 0b0001], np.uint8)
    >>> unpack_planes(packed, bits=3, count=4)
    array([-4,  3,  1,  0], dtype=int8)
    """
    require_dtype("packed", packed, np.uint8)
    expected = num_packed_bytes(count, bits)
    count, bits = int(count), int(bits)  # numpy's would overflow below
    require_equal("shape of packed", (expected,), packed.shape)
    if bits == 8:
        return packed.astype(np.int8 if signed else np.uint8)
    codes = np.zeros(count, np.uint8)
    start = shift = 0
    for width in _plane_widths(bits):
        stop = start + -(-count * width // 8)
        plane = unpack_bits(
            packed[start:stop], bits=width, count=count, signed=False
        )
        codes |= plane << shift
        start, shift = stop, shift + width
    return with_signs(codes, bits) if signed else codes


def num_packed_bytes(count: int, bits: int) -> int:
    """Return how many bytes `count` codes of 1 to 8 bits take.

    >>> num_packed_bytes(1000, 3), num_packed_bytes(1000, 8)
    (375, 1000)
    """
    count = require_int("count", count, 0)
    return sum(-(-count * width // 8) for width in _plane_widths(bits))


def _plane_widths(bits: int) -> list[int]:
    """Return the powers of two that sum to `bits`."""
    bits = require_int("bits", bits, 1, 8)
    return [width for width in (8, 4, 2, 1) if bits & width]
