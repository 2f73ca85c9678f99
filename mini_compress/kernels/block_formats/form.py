"""What a block format is: how many values share which fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

Parts = tuple[np.ndarray, ...]  # of fields: (blocks, bytes) uint8 each


@dataclass(frozen=True)
class BlockFormat:
    """Blocks of `size` values, each of the same fields of bytes.

    size : values of a block
    code_bits : bits of a value's own code
    fields : name -> bytes, in the order in which they lie in the block
    """

    size: int
    code_bits: int
    fields: Mapping[str, int]

    @property
    def num_bytes(self) -> int:
        """Bytes of a block."""
        return sum(self.fields.values())

    def head_bytes(self, blocks: int) -> int:
        """Bytes in front of so many blocks, of what these share."""
        return 0

    def encode(self, rows: np.ndarray) -> tuple[bytes, Parts]:
        """Return the head, and the fields of each block.

        rows : (blocks, size) float32
        """
        raise NotImplementedError

    def decode(self, head: bytes, parts: Parts, first: int) -> np.ndarray:
        """Return the values of some blocks, (blocks, size) float32.

        first : the number of the first of them
        """
        raise NotImplementedError

    def split(self, blocks: np.ndarray) -> Parts:
        """Cut (blocks, num_bytes) uint8 into fields."""
        ends = np.cumsum(list(self.fields.values()))
        return tuple(np.hsplit(blocks, ends[:-1]))


@dataclass(frozen=True)
class RowFormat(BlockFormat):
    """A block format whose blocks know nothing of each other.

    encode_rows : (blocks, size) float32 -> the fields of each block
    decode_rows : the fields of each block -> (blocks, size) float32
    """

    encode_rows: Callable[[np.ndarray], Parts]
    decode_rows: Callable[..., np.ndarray]

    def encode(self, rows: np.ndarray) -> tuple[bytes, Parts]:
        """Return no head, and the fields of each block."""
        return b"", self.encode_rows(rows)

    def decode(self, head: bytes, parts: Parts, first: int) -> np.ndarray:
        """Return the values of some blocks."""
        return self.decode_rows(*parts)


@dataclass(frozen=True)
class ScaledFormat(RowFormat):
    """A block format with one more scale, float32, for the whole tensor.

    largest : what a block can hold; the scale turns the tensor's largest
        value into that
    """

    largest: float

    def head_bytes(self, blocks: int) -> int:
        """Bytes of the scale."""
        return 4

    def encode(self, rows: np.ndarray) -> tuple[bytes, Parts]:
        """Divide by the scale first."""
        peak = np.abs(rows).max(initial=0)
        scale = np.float32(peak / self.largest) or np.float32(1)
        head = np.array(scale, "<f4").tobytes()
        return head, self.encode_rows(rows / scale)

    def decode(self, head: bytes, parts: Parts, first: int) -> np.ndarray:
        """Multiply by the scale at last."""
        return self.decode_rows(*parts) * np.frombuffer(head, "<f4")
