"""Blocks of 32 evenly spaced codes with a scale in float16: Q4_0 and Q8_0.

Both encoders are GGUF's own, to the bit: each adds half a step in its own way.
"""

import numpy as np

from .form import Parts, RowFormat
from .runs import from_half, largest_of, pack_runs, to_half, unpack_runs

SIZE = 32  # values of a block
TINY = np.finfo(np.float32).tiny  # below it, 1 / scale overflows


def encode_q4_0(rows: np.ndarray) -> Parts:
    """Let the value of largest size be code 0, which stands for -8 steps.

    rows : (blocks, 32) float32

    See GGUF, gguf.quants.Q4_0: ties go up.
    """
    scale = largest_of(rows) / np.float32(-8)
    codes = np.trunc(rows * _inverse(scale) + np.float32(8.5))
    fields = np.minimum(codes, 15).astype(np.uint8)
    return to_half(scale), pack_runs(fields, bits=4, run=SIZE // 2)


def decode_q4_0(scale: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return scale * (code - 8)."""
    fields = unpack_runs(codes, bits=4, run=SIZE // 2)
    return from_half(scale) * (fields.view(np.int8) - np.int8(8))


def encode_q8_0(rows: np.ndarray) -> Parts:
    """Let the value of largest size be 127 or -127 steps.

    rows : (blocks, 32) float32

    See GGUF, gguf.quants.Q8_0: ties go away from 0.
    """
    scale = np.abs(rows).max(axis=1, keepdims=True) / np.float32(127)
    steps = rows * _inverse(scale)
    whole = np.trunc(steps)
    codes = whole + np.trunc(2 * (steps - whole))
    return to_half(scale), codes.astype(np.int8).view(np.uint8)


def decode_q8_0(scale: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return scale * code."""
    return from_half(scale) * codes.view(np.int8)


def _inverse(scale: np.ndarray) -> np.ndarray:
    """Return 1 / scale, and 0 where that is too small to have one."""
    inverse = np.zeros_like(scale)
    return np.divide(1, scale, out=inverse, where=np.abs(scale) >= TINY)


Q4_0 = RowFormat(SIZE, 4, {"scale": 2, "codes": 16}, encode_q4_0, decode_q4_0)
Q8_0 = RowFormat(SIZE, 8, {"scale": 2, "codes": 32}, encode_q8_0, decode_q8_0)
