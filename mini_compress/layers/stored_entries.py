"""Entries of a sparse layer: codes, and the gaps between them."""

import math

import numpy as np

from .._require import require_dtype
from ..kernels.huffman import encode
from ..kernels.planes import num_packed_bytes
from ..kernels.sparse import RelativeIndexMatrix
from .stored_codes import HuffmanCodes, PackedCodes, stream_size

INDEX_BITS = range(1, 9)


def find_entries(
    codes: np.ndarray, *, index_bits: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes of non-zeros and fillers, and the gaps before them.

    codes : (outputs, ...) uint8, 0 where there is no weight
    index_bits : 1 to 8, of a gap
    returns : two arrays, (entries,) uint8

    >>> codes = np.array([[0, 2, 0, 0, 0, 1]], np.uint8)
    >>> find_entries(codes, index_bits=1)
    (array([2, 0, 1], dtype=uint8), array([1, 1, 1], dtype=uint8))
    """
    require_dtype("codes", codes, np.uint8)
    rows = codes.reshape(len(codes), -1).astype(np.float32)
    matrix = RelativeIndexMatrix.from_dense(rows, index_bits=index_bits)
    return matrix.values.astype(np.uint8), matrix.unpack_gaps()


def plan_entries(
    codes: np.ndarray,
    num_levels: int,
    *,
    bits: int,
    index_bits: int | None = None,
    huffman: bool = False,
) -> dict[str, int | None]:
    """Choose how entries take the fewest bytes: settings of their layer.

    codes : (outputs, inner) uint8, 0 where there is no weight
    num_levels : the codes are at most this
    bits : 1 to 8, of a code
    index_bits : of a gap; None for those that suit best
    huffman : whether codes, and gaps, may be streams
    returns : index_bits, num_values, code_bytes and gap_bytes

    >>> codes = np.array([[0, 2, 0, 0, 0, 1]], np.uint8)
    >>> plan_entries(codes, 2, bits=2)
    {'index_bits': 1, 'num_values': 3, 'code_bytes': None, 'gap_bytes': None}
    """
    widths = INDEX_BITS if index_bits is None else [index_bits]
    best, least = {}, np.inf
    for width in widths:
        found, gaps = find_entries(codes, index_bits=width)
        code_size, code_bytes = _smaller(found, bits, num_levels + 1, huffman)
        gap_size, gap_bytes = _smaller(gaps, width, 2**width, huffman)
        if code_size + gap_size < least:
            least = code_size + gap_size
            best = {
                "index_bits": width,
                "num_values": len(found),
                "code_bytes": code_bytes,
                "gap_bytes": gap_bytes,
            }
    return best


def make_stored(
    count: int, bits: int, num_symbols: int, num_bytes: int | None
) -> PackedCodes | HuffmanCodes:
    """Return what keeps `count` codes, as a stream of `num_bytes` or packed.

    >>> make_stored(8, 3, 5, None)
    PackedCodes()
    """
    if num_bytes is None:
        return PackedCodes(count=count, bits=bits)
    return HuffmanCodes(
        count=count, num_symbols=num_symbols, num_bytes=num_bytes
    )


def require_within(gaps: np.ndarray, shape: tuple[int, ...]) -> None:
    """Refuse gaps that lead beyond the last weight.

    gaps : (entries,) uint8
    shape : of the weight

    >>> require_within(np.array([1, 1], np.uint8), (1, 3))
    Traceback (most recent call last):
    ValueError: gaps must end within 3 weights, got place 3
    """
    size = math.prod(shape)
    last = int(gaps.sum(dtype=np.int64)) + len(gaps) - 1
    if last >= size:
        raise ValueError(
            f"gaps must end within {size} weights, got place {last}"
        )


def _smaller(
    symbols: np.ndarray, bits: int, num_symbols: int, huffman: bool
) -> tuple[int, int | None]:
    """Return the bytes that symbols take, and those of a stream if smaller."""
    packed = num_packed_bytes(len(symbols), bits)
    if not huffman:
        return packed, None
    encoded = encode(symbols)
    size = stream_size(encoded, num_symbols)
    return (size, len(encoded.stream)) if size < packed else (packed, None)
