"""Bytes of a block: fields, codes in runs, and scales in half precision."""

import numpy as np


def unpack_runs(data: np.ndarray, *, bits: int, run: int) -> np.ndarray:
    """Take codes out of bytes in the order of GGUF's blocks.

    data : (blocks, bytes) uint8
    bits : 1, 2 or 4, of a code
    run : how many bytes in a row; their lowest bits are `run` codes that
        follow each other, the next bits the next `run`
    returns : (blocks, bytes * 8 / bits) uint8

    >>> unpack_runs(np.array([[0x31, 0x42]], np.uint8), bits=4, run=2)
    array([[1, 2, 3, 4]], dtype=uint8)
    """
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    # (blocks, runs, 1, run) >> (codes of a byte, 1)
    codes = data.reshape(len(data), -1, 1, run) >> shifts[:, np.newaxis]
    codes &= 2**bits - 1
    return codes.reshape(len(data), -1)


def pack_runs(codes: np.ndarray, *, bits: int, run: int) -> np.ndarray:
    """Put codes into bytes as `unpack_runs` takes them out.

    >>> pack_runs(np.array([[1, 2, 3, 4]], np.uint8), bits=4, run=2)
    array([[49, 66]], dtype=uint8)
    """
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    # (blocks, runs, codes of a byte, run)
    fields = codes.reshape(len(codes), -1, 8 // bits, run)
    shifted = fields << shifts[:, np.newaxis]
    joined = np.bitwise_or.reduce(shifted, axis=2)  # (blocks, runs, run)
    return joined.reshape(len(codes), -1)


def from_half(data: np.ndarray) -> np.ndarray:
    """Read (blocks, 2) bytes as float16; return (blocks, 1) float32."""
    # copied, because a view needs the bytes of a number side by side
    return np.ascontiguousarray(data).view("<f2").astype(np.float32)


def to_half(scale: np.ndarray) -> np.ndarray:
    """Return scales, (blocks, 1), as (blocks, 2) bytes; refuse too large ones.

    >>> to_half(np.array([[1e9]], np.float32))
    Traceback (most recent call last):
    ValueError: scale of a block must be at most 65504, got 1e+09
    """
    largest = np.abs(scale).max(initial=0)
    if largest > np.finfo(np.float16).max:
        raise ValueError(
            f"scale of a block must be at most 65504, got {largest:g}"
        )
    return scale.astype("<f2").view(np.uint8)


def largest_of(groups: np.ndarray) -> np.ndarray:
    """Return the value of largest size in the last axis, with its sign.

    >>> largest_of(np.array([[1.0, -3.0, 2.0]]))
    array([[-3.]])
    """
    place = np.abs(groups).argmax(axis=-1, keepdims=True)
    return np.take_along_axis(groups, place, axis=-1)


def divide(x: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Return x / step, and 0 where step is 0.

    >>> divide(np.array([1.0, 2.0]), np.array([0.0, 4.0]))
    array([0. , 0.5])
    """
    shape = np.broadcast_shapes(x.shape, step.shape)
    return np.divide(x, step, out=np.zeros(shape, x.dtype), where=step != 0)
