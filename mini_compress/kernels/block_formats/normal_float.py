"""NF4: blocks of 64 whose levels are quantiles of a normal distribution.

The nested form stores the blocks' scales as codes of 8 bits, too.
"""

from dataclasses import dataclass

import numpy as np

from ..codebook import normal_float_levels
from ..packing import pack_bits, unpack_bits
from .form import BlockFormat, Parts, RowFormat
from .runs import divide

SIZE = 64  # values that share a scale
NESTED = 256  # scales that share a factor
MOST = 128  # steps of a scale's code on each side of the mean

LEVELS = normal_float_levels()
MIDDLES = (LEVELS[1:] + LEVELS[:-1]) / 2


def encode_nf4(rows: np.ndarray) -> Parts:
    """Return each block's largest size, and the levels nearest to its values.

    rows : (blocks, 64) float32
    """
    scale = np.abs(rows).max(axis=1, keepdims=True)
    return scale.astype("<f4").view(np.uint8), _codes(rows, scale)


def decode_nf4(scale: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Multiply each code's level by its block's scale."""
    return _values(codes) * np.ascontiguousarray(scale).view("<f4")


def _codes(rows: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the nearest levels' codes, the first of a byte in its high bits.

    As bitsandbytes and torchao pack them; a tie takes the lower level.
    """
    nearest = np.searchsorted(MIDDLES, divide(rows, scale)).astype(np.uint8)
    packed = pack_bits(nearest, bits=4, order="high_first")
    return packed.reshape(len(rows), -1)


def _values(codes: np.ndarray) -> np.ndarray:
    """Return the levels that packed codes stand for, (blocks, 64) float32."""
    fields = unpack_bits(
        codes.ravel(),
        bits=4,
        count=2 * codes.size,
        signed=False,
        order="high_first",
    )
    levels = np.take(LEVELS, fields.astype(np.intp))
    return levels.reshape(len(codes), -1)


@dataclass(frozen=True)
class NestedFormat(BlockFormat):
    """NF4 whose scales are codes of 8 bits: "double quantization".

    The head holds the mean of all scales, float32, and for each 256 of them a
    step, float32: scale = code * step + mean.

    See [dettmers2023qlora], section 3; as torchao builds it, from evenly
    spaced codes.
    """

    def head_bytes(self, blocks: int) -> int:
        """Bytes of the mean and the steps."""
        return 4 + 4 * -(-blocks // NESTED)

    def encode(self, rows: np.ndarray) -> tuple[bytes, Parts]:
        """Encode the scales first, then the values by what they became."""
        scale = np.abs(rows).max(axis=1)
        mean = np.float32(scale.mean()) if len(scale) else np.float32(0)
        off = np.zeros((-(-len(scale) // NESTED), NESTED), np.float32)
        off.ravel()[: len(scale)] = scale - mean
        step = np.abs(off).max(axis=1, keepdims=True) / np.float32(MOST)
        codes = np.clip(np.rint(divide(off, step)), -MOST, MOST - 1)
        codes = codes.ravel()[: len(scale)].astype(np.int8)
        head = np.array([mean, *step.ravel()], "<f4").tobytes()
        stored = codes[:, np.newaxis].view(np.uint8)
        return head, (stored, _codes(rows, _scales(head, stored, 0)))

    def decode(self, head: bytes, parts: Parts, first: int) -> np.ndarray:
        """Decode the scales, then the values."""
        scale, codes = parts
        return _values(codes) * _scales(head, scale, first)


def _scales(head: bytes, codes: np.ndarray, first: int) -> np.ndarray:
    """Return scales, (blocks, 1) float32, of blocks from `first` on."""
    shared = np.frombuffer(head, "<f4")
    own = (first + np.arange(len(codes))) // NESTED
    step = shared[1 + own][:, np.newaxis]  # of each block
    return codes.view(np.int8) * step + shared[0]


NF4 = RowFormat(SIZE, 4, {"scale": 4, "codes": 32}, encode_nf4, decode_nf4)
NF4_DOUBLE = NestedFormat(SIZE, 4, {"scale": 1, "codes": 32})
