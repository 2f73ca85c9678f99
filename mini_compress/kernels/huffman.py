"""Frequent symbols in few bits, rare ones in more: canonical Huffman codes.

A code is known from its lengths alone: codes of one length are consecutive
numbers, in the order of their symbols, and longer ones go on where shorter
ones end. A stream cannot be entered in the middle, since nobody knows where a
code begins. So it is cut into blocks that begin with a byte, and all blocks are
decoded at once, a symbol of each at a time.
"""

from dataclasses import dataclass

import numpy as np

from .._require import require_dtype, require_equal, require_int, require_ndim

__all__ = ["Encoded", "code_lengths", "decode", "encode", "entropy"]

LONGEST = 16  # bits of a code: two bytes and a bit's place fit in three
MOST_SYMBOLS = 256
BLOCK = 1024  # symbols; a block's two bytes of size are 0.4 % of 4-bit codes
# a length that leads out of any block: of bits that are no symbol's code
BROKEN = LONGEST + 1


@dataclass(frozen=True, eq=False)
class Encoded:
    """Symbols as a stream of bits, and all that is needed to read it.

    stream : (bytes,) uint8, block after block; a code's first bit is the
        highest that is left of a byte
    lengths : (symbols,) uint8, bits of each symbol's code; 0 of one that
        does not occur
    block_bytes : (blocks,) uint16, the bytes of each block of 1,024 symbols;
        the last may have fewer
    count : how many symbols
    """

    stream: np.ndarray
    lengths: np.ndarray
    block_bytes: np.ndarray
    count: int

    @property
    def num_bytes(self) -> int:
        """Bytes of the stream, the lengths and the sizes of the blocks."""
        arrays = (self.stream, self.lengths, self.block_bytes)
        return sum(array.nbytes for array in arrays)


def entropy(symbols: np.ndarray) -> float:
    """Return the bits a symbol takes at least, if each is coded by itself.

    symbols : (...) uint8, one or more

    >>> entropy(np.array([0, 0, 0, 0, 1, 1, 2, 3], np.uint8))
    1.75

    See [huffman1952method]; loops in `naive.entropy`.
    """
    require_dtype("symbols", symbols, np.uint8)
    if symbols.size == 0:
        raise ValueError(f"symbols must not be empty, got {symbols.shape}")
    counts = np.bincount(symbols.ravel())
    shares = counts[counts > 0] / symbols.size
    return float(-(shares * np.log2(shares)).sum()) + 0.0  # no -0.0


def code_lengths(counts: np.ndarray) -> np.ndarray:
    """Return how many bits each symbol's code has: the fewest in all.

    counts : (symbols,) int32 or int64, how often each occurs; at most 256
        symbols
    returns : (symbols,) uint8; 0 of one that does not occur, at most 16. A
        symbol that is alone has a code of 1 bit.

    >>> code_lengths(np.array([4, 2, 1, 1, 0]))
    array([1, 2, 3, 3, 0], dtype=uint8)

    Each symbol is offered for 1 bit, for 1/2, ... down to 2**-16 at the price
    of its count; what is bought must add up to its number of symbols less 1.
    Going up from the smallest, the cheapest two always make one of the next
    size. How many of a symbol's offers are bought is the length of its code.
    See [larmore1990fast], section 2; without the limit of 16 bits it is
    Huffman's code [huffman1952method]. Loops in `naive.code_lengths`.
    """
    require_dtype("counts", counts, np.int32, np.int64)
    require_ndim("counts", counts, 1)
    require_int("symbols of counts", len(counts), 0, MOST_SYMBOLS)
    if (counts < 0).any():
        raise ValueError(f"counts must be >= 0, got {counts.min()}")
    used = np.flatnonzero(counts)
    lengths = np.zeros(len(counts), np.uint8)
    if used.size < 2:
        lengths[used] = 1
        return lengths
    prices = counts[used].astype(np.float64)
    contents = np.eye(used.size, dtype=np.uint8)
    packs, held = prices, contents
    for _ in range(LONGEST - 1):
        pairs = len(packs) // 2 * 2
        packs = np.concatenate([prices, packs[:pairs:2] + packs[1:pairs:2]])
        held = np.concatenate([contents, held[:pairs:2] + held[1:pairs:2]])
        order = np.argsort(packs, kind="stable")
        packs, held = packs[order], held[order]
    lengths[used] = held[: 2 * used.size - 2].sum(axis=0)
    return lengths


def encode(symbols: np.ndarray) -> Encoded:
    """Encode symbols by their own Huffman code.

    symbols : (...) uint8, read in C order

    >>> symbols = np.array([0, 0, 0, 0, 1, 1, 2, 3], np.uint8)
    >>> encoded = encode(symbols)
    >>> [f"{byte:08b}" for byte in encoded.stream]  # 0 10 110 and 111
    ['00001010', '11011100']
    >>> encoded.num_bytes  # with a length for each symbol, and a block's size
    8

    See [huffman1952method]; loops in `naive.encode_bits`.
    """
    require_dtype("symbols", symbols, np.uint8)
    symbols = symbols.ravel()
    lengths = code_lengths(np.bincount(symbols).astype(np.int64))
    widths = lengths[symbols].astype(np.int64)
    codes = _codes(lengths)[symbols]
    starts = np.arange(0, symbols.size, BLOCK)
    before = np.cumsum(widths) - widths  # bits, if there were no blocks
    ends = np.append(before[starts[1:]], widths.sum())[: starts.size]
    block_bytes = -(-np.diff(ends, prepend=0) // 8)
    # each block begins with the next whole byte
    moved = 8 * (np.cumsum(block_bytes) - block_bytes) - before[starts]
    places = before + np.repeat(moved, BLOCK)[: symbols.size]
    bits = np.zeros(8 * block_bytes.sum(), np.uint8)
    for bit in range(lengths.max(initial=0)):
        longer = np.flatnonzero(widths > bit)
        shifted = codes[longer] >> (widths[longer] - 1 - bit)
        bits[places[longer] + bit] = shifted & 1
    return Encoded(
        np.packbits(bits), lengths, block_bytes.astype(np.uint16), symbols.size
    )


def decode(encoded: Encoded) -> np.ndarray:
    """Return the symbols of a stream.

    returns : (count,) uint8

    A table that is no Huffman code's, and a stream whose codes do not end
    where its blocks do, are refused. A stream that was changed otherwise
    cannot be told from one that is right: that takes a checksum.

    >>> decode(encode(np.array([[5, 5], [7, 0]], np.uint8)))
    array([5, 5, 7, 0], dtype=uint8)

    Loops in `naive.decode_bits`.
    """
    if not isinstance(encoded, Encoded):
        got = type(encoded).__name__
        raise TypeError(f"encoded must be an Encoded, got {got}")
    count = _require_whole(encoded)
    blocks = len(encoded.block_bytes)
    stops = np.cumsum(encoded.block_bytes, dtype=np.int64)
    places = 8 * (stops - encoded.block_bytes)  # bits; one for each block
    table, windows = _decoding_table(encoded.lengths), _windows(encoded.stream)
    symbols = np.empty((min(count, BLOCK), blocks), np.uint8)
    last = count - (blocks - 1) * BLOCK  # symbols of the last block
    for number, row in enumerate(symbols):
        live = blocks if number < last else blocks - 1
        place = places[:live]
        window = windows[place >> 3] >> (8 - (place & 7))
        entries = table[window & 0xFFFF]
        row[:live] = entries >> 5
        place += entries & 31  # in `places` itself
    wrong = np.flatnonzero(-(-places // 8) != stops)
    if wrong.size:
        raise ValueError(
            f"stream must end with its block's last code, got another end of "
            f"block {wrong[0]}: the stream or its table is corrupt"
        )
    return np.ascontiguousarray(symbols.T).ravel()[:count]


def _codes(lengths: np.ndarray) -> np.ndarray:
    """Return each symbol's code as a number of `lengths` bits, int64."""
    order = np.argsort(lengths, kind="stable")
    room = _room(lengths[order])
    codes = np.empty(len(lengths), np.int64)
    # shorter codes take the first numbers of 16 bits, each all with its start
    codes[order] = (np.cumsum(room) - room) >> (LONGEST - lengths[order])
    return codes


def _room(lengths: np.ndarray) -> np.ndarray:
    """Return how many numbers of 16 bits begin with a code."""
    return np.where(lengths > 0, 1 << (LONGEST - lengths.astype(np.intp)), 0)


def _decoding_table(lengths: np.ndarray) -> np.ndarray:
    """Return 32 * symbol + length for all that 16 bits may begin with."""
    order = np.argsort(lengths, kind="stable")
    entries = 32 * order + lengths[order]
    table = np.full(1 << LONGEST, BROKEN)
    found = np.repeat(entries, _room(lengths[order]))
    table[: found.size] = found
    return table


def _windows(stream: np.ndarray) -> np.ndarray:
    """Return the 24 bits from each byte on, beyond the end of the stream too.

    A corrupt stream may lead as far as one block of broken codes goes.
    """
    padded = np.zeros(len(stream) + BLOCK * BROKEN // 8 + 3, np.int64)
    padded[: len(stream)] = stream
    return padded[:-2] << 16 | padded[1:-1] << 8 | padded[2:]


def _require_whole(encoded: Encoded) -> int:
    """Refuse parts that do not fit together; return the count."""
    for name, dtype in (
        ("stream", np.uint8),
        ("lengths", np.uint8),
        ("block_bytes", np.uint16),
    ):
        require_dtype(name, getattr(encoded, name), dtype)
        require_ndim(name, getattr(encoded, name), 1)
    count = require_int("count", encoded.count, 0)
    blocks, size = encoded.block_bytes, encoded.block_bytes.sum(dtype=np.int64)
    require_equal("blocks of the stream", -(-count // BLOCK), len(blocks))
    require_equal("bytes of the stream", int(size), len(encoded.stream))
    # a symbol takes one bit at least: what is claimed may not fill the memory
    require_int("bytes of the stream", len(encoded.stream), -(-count // 8))
    lengths = encoded.lengths
    require_int("symbols of lengths", len(lengths), min(count, 1), MOST_SYMBOLS)
    require_int("largest of lengths", lengths.max(initial=0), 0, LONGEST)
    share = int(_room(lengths).sum()) / (1 << LONGEST)
    alone = np.count_nonzero(lengths) == 1 and share == 1 / 2
    if count and share != 1 and not alone:
        raise ValueError(
            "lengths must be those of a Huffman code, whose shares 2**-length "
            f"add up to 1, got {share:g}"
        )
    return count
