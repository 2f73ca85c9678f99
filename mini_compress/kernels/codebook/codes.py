"""The nearest level of each value, and the level of each code."""

import numpy as np

from ..._require import (
    require_dtype,
    require_equal,
    require_finite,
    require_int,
    require_ndim,
)
from ..planes import num_packed_bytes, unpack_planes

__all__ = ["look_up", "nearest_codes", "squared_error"]

MOST_LEVELS = 256  # as many as a uint8 can tell apart


def nearest_codes(values: np.ndarray, codebook: np.ndarray) -> np.ndarray:
    """Return for each value the number of the level that is nearest.

    values : (...) float32 or float64, finite
    codebook : (levels,) float32, sorted, finite; 1 to 256 of them
    returns : (...) uint8; a value in the middle of two levels takes the lower
        one, and of equal levels the first is taken

    >>> levels = np.array([-1, 0, 4], np.float32)
    >>> nearest_codes(np.array([-9.0, -0.4, 2.0, 2.1]), levels)
    array([0, 1, 1, 2], dtype=uint8)

    Loops in `naive.nearest_codes`.
    """
    require_dtype("values", values, np.float32, np.float64)
    require_finite("values", values)
    require_codebook(codebook)
    codes = np.searchsorted(middles_of(codebook), values.ravel())
    first = np.searchsorted(codebook, codebook)  # of levels that are equal
    return first.astype(np.uint8)[codes].reshape(values.shape)


def middles_of(codebook: np.ndarray) -> np.ndarray:
    """Return what lies half way between neighbors, (levels - 1,) float64."""
    levels = codebook.astype(np.float64)
    return (levels[:-1] + levels[1:]) / 2


def look_up(
    packed: np.ndarray, codebook: np.ndarray, *, bits: int, count: int
) -> np.ndarray:
    """Return the levels that packed codes stand for.

    packed : (num_packed_bytes(count, bits),) uint8, of `planes.pack_planes`;
        every code is below the number of levels
    codebook : (levels,) float32, at most 2**bits of them
    bits : 1 to 8
    count : how many codes
    returns : (count,) float32

    >>> levels = np.array([-1, 0, 0.5, 4], np.float32)
    >>> look_up(np.array([0b11_10_01_00], np.uint8), levels, bits=2, count=4)
    array([-1. ,  0. ,  0.5,  4. ], dtype=float32)

    Where a byte holds several codes whole, all of its levels are looked up at
    once. Loops in `naive.look_up`.
    """
    require_dtype("packed", packed, np.uint8)
    require_codebook(codebook)
    expected = num_packed_bytes(count, bits)
    require_equal("shape of packed", (expected,), packed.shape)
    count, bits = int(count), int(bits)
    require_int("levels", len(codebook), 1, 2**bits)
    if 8 % bits:
        codes = unpack_planes(packed, bits=bits, count=count, signed=False)
        return np.take(codebook, codes)
    every_byte = np.arange(MOST_LEVELS, dtype=np.uint8)
    codes = unpack_planes(
        every_byte, bits=bits, count=MOST_LEVELS * 8 // bits, signed=False
    )
    # bytes with codes that stand for no level do not occur
    levels = np.take(codebook, codes, mode="clip")
    table = levels.reshape(MOST_LEVELS, 8 // bits)  # (bytes, codes of a byte)
    return np.take(table, packed, axis=0).reshape(-1)[:count]


def squared_error(values: np.ndarray, codebook: np.ndarray) -> float:
    """Return the sum of squared distances to the nearest levels.

    values : (...) float32 or float64, finite
    codebook : (levels,) float32, sorted

    >>> squared_error(np.array([0.0, 1.5]), np.array([0, 1], np.float32))
    0.25

    Loops in `naive.squared_error`.
    """
    codes = nearest_codes(values, codebook)
    missed = values - codebook.astype(np.float64)[codes]
    return float((missed**2).sum())


def require_codebook(codebook: np.ndarray, name: str = "codebook") -> None:
    """Refuse levels that are not sorted, or more than codes can name.

    >>> require_codebook(np.array([1, 0], np.float32))
    Traceback (most recent call last):
    ValueError: codebook must be sorted, got 0 after 1
    """
    require_dtype(name, codebook, np.float32)
    require_ndim(name, codebook, 1)
    require_int(f"levels of {name}", len(codebook), 1, MOST_LEVELS)
    require_finite(name, codebook)
    falls = np.flatnonzero(np.diff(codebook) < 0)
    if falls.size:
        high, low = codebook[falls[0] : falls[0] + 2]
        raise ValueError(f"{name} must be sorted, got {low:g} after {high:g}")
