"""Codes in a file: in so many bits each, or by how often they occur."""

import numpy as np
import torch
from torch import Tensor, nn

from .._require import require_equal, require_int
from ..kernels.huffman import BLOCK, Encoded, decode, encode
from ..kernels.planes import num_packed_bytes, pack_planes, unpack_planes

# bytes: a stream has two arrays more than packed codes, and a file's header
# names each and says where it is
STREAM_HEADER = 200


class PackedCodes(nn.Module):
    """Codes of 1 to 8 bits, packed.

    Buffer: packed, uint8, as of `kernels.planes`.

    >>> codes = PackedCodes(count=3, bits=4)
    >>> codes.store(np.array([1, 2, 15], np.uint8))
    >>> codes.packed.tolist(), codes.read()
    ([33, 15], array([ 1,  2, 15], dtype=uint8))
    """

    packed: Tensor

    def __init__(self, *, count: int, bits: int) -> None:
        super().__init__()
        self.count, self.bits = count, bits
        num_bytes = num_packed_bytes(count, bits)
        self.register_buffer(
            "packed", torch.zeros(num_bytes, dtype=torch.uint8)
        )

    def store(self, codes: np.ndarray) -> None:
        """Pack codes: (...) uint8, `count` of them."""
        self.packed.copy_(torch.from_numpy(pack_planes(codes, bits=self.bits)))

    def read(self) -> np.ndarray:
        """Return the codes, (count,) uint8."""
        return unpack_planes(
            self.packed.numpy(), bits=self.bits, count=self.count, signed=False
        )


class HuffmanCodes(nn.Module):
    """Codes as a Huffman stream, its table, and the sizes of its blocks.

    count : how many codes
    num_symbols : the codes are below this
    num_bytes : of the stream

    Buffers: stream, (num_bytes,) uint8; lengths, (num_symbols,) uint8;
    block_bytes, (blocks,) int16. See `kernels.huffman`.

    >>> codes = HuffmanCodes(count=4, num_symbols=3, num_bytes=1)
    >>> codes.store(np.array([0, 0, 2, 0], np.uint8))
    >>> codes.lengths.tolist(), codes.read()
    ([1, 0, 1], array([0, 0, 2, 0], dtype=uint8))
    """

    stream: Tensor
    lengths: Tensor
    block_bytes: Tensor

    def __init__(self, *, count: int, num_symbols: int, num_bytes: int) -> None:
        super().__init__()
        self.count = count
        # a code takes one bit at least
        require_int("bytes of the stream", num_bytes, -(-count // 8), 2 * count)
        for name, size, dtype in (
            ("stream", num_bytes, torch.uint8),
            ("lengths", num_symbols, torch.uint8),
            ("block_bytes", -(-count // BLOCK), torch.int16),
        ):
            self.register_buffer(name, torch.zeros(size, dtype=dtype))

    def store(self, codes: np.ndarray) -> None:
        """Encode codes: (...) uint8, `count` of them."""
        encoded = encode(codes)
        require_equal(
            "bytes of the stream", self.stream.numel(), encoded.stream.size
        )
        self.stream.copy_(torch.from_numpy(encoded.stream))
        self.lengths.zero_()[: encoded.lengths.size] = torch.from_numpy(
            encoded.lengths
        )
        sizes = encoded.block_bytes.astype(np.int16)
        self.block_bytes.copy_(torch.from_numpy(sizes))

    def read(self) -> np.ndarray:
        """Return the codes, (count,) uint8; refuse a corrupt stream."""
        return decode(
            Encoded(
                self.stream.numpy(),
                self.lengths.numpy(),
                self.block_bytes.numpy().view(np.uint16),
                self.count,
            )
        )


def stream_size(encoded: Encoded, num_symbols: int) -> int:
    """Return the bytes that a stream takes in a file with all that is its own.

    num_symbols : the codes are below this; the table has a length for each,
        whether it occurs or not

    >>> stream_size(encode(np.zeros(2000, np.uint8)), num_symbols=8)
    462

    Those are 250 of the stream, 8 of the table, 4 of the sizes of 2 blocks,
    and what they take in the file's header.
    """
    table_and_sizes = num_symbols + encoded.block_bytes.nbytes
    return encoded.stream.nbytes + table_and_sizes + STREAM_HEADER
