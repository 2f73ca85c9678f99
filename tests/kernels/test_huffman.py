"""Huffman codes: loops, laws of information, and streams that are corrupt."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import huffman, naive
from mini_compress.kernels.huffman import (
    BLOCK,
    Encoded,
    code_lengths,
    decode,
    encode,
    entropy,
)
from tests.support.strategies import quick

counts_of_symbols = hnp.arrays(
    np.int64,
    st.integers(1, 40),
    elements=st.integers(0, 3) | st.integers(0, 10**6),
)


def skewed(count, num_symbols=16, seed=0):
    """Return symbols of which each is about half as frequent as the last."""
    rng = np.random.default_rng(seed)
    drawn = rng.geometric(0.5, count) - 1
    return np.minimum(drawn, num_symbols - 1).astype(np.uint8)


def bits_of(encoded):
    """Return the stream's bits as text, without what fills up the blocks."""
    text, start = "", 0
    symbols = decode(encoded)
    for block, size in enumerate(encoded.block_bytes):
        own = symbols[block * BLOCK : (block + 1) * BLOCK]
        width = int(encoded.lengths[own].sum(dtype=np.int64))
        part = np.unpackbits(encoded.stream[start : start + size])
        assert 0 <= part.size - width < 8 and not part[width:].any()
        text += "".join(map(str, part[:width]))
        start += int(size)
    return text


@quick
@given(counts_of_symbols)
def test_lengths_are_huffmans(counts):
    got = code_lengths(counts)
    loops = naive.code_lengths(counts)
    assert got.dtype == np.uint8
    # symbols as frequent as others may take turns: the sum is the same
    if max(loops) <= huffman.LONGEST:
        assert (got * counts).sum() == (np.array(loops) * counts).sum()
    assert ((got > 0) == (counts > 0)).all()
    if np.count_nonzero(counts) > 1:
        assert (2.0 ** -got[got > 0].astype(float)).sum() == 1  # Kraft
        shares = counts[counts > 0] / counts.sum()
        least = -(shares * np.log2(shares)).sum()
        assert max(loops) > 16 or (
            least - 1e-9 <= (got * counts).sum() / counts.sum() < least + 1
        )


def test_no_code_is_longer_than_16_bits():
    fibonacci = [1, 1]
    while len(fibonacci) < 24:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    counts = np.array(fibonacci)
    free, got = naive.code_lengths(counts), code_lengths(counts)
    assert max(free) == 23 and got.max() == 16
    assert (2.0 ** -got.astype(float)).sum() == 1
    # rarer symbols never have shorter codes, and the limit costs little
    assert (np.diff(got.astype(int)) <= 0).all()
    assert (got * counts).sum() < 1.001 * (np.array(free) * counts).sum()


def test_limited_lengths_are_the_best_of_all():
    """Against all lengths that fill 16 bits, for few and lopsided symbols."""
    limit, counts = 3, np.array([1, 1, 2, 4, 8])
    best = min(
        (np.array(lengths) * counts).sum()
        for lengths in np.ndindex(*[limit + 1] * 5)
        if min(lengths) and sum(2.0**-x for x in lengths) <= 1
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(huffman, "LONGEST", limit)
        got = code_lengths(counts)
    assert got.max() == limit and (got * counts).sum() == best
    assert best > (np.array(naive.code_lengths(counts)) * counts).sum()


@quick
@given(
    hnp.arrays(
        np.uint8,
        hnp.array_shapes(max_dims=2, max_side=40),
        elements=st.integers(0, 5) | st.integers(0, 255),
    )
)
def test_streams_are_those_of_the_loops(symbols):
    encoded = encode(symbols)
    assert np.array_equal(decode(encoded), symbols.ravel())
    bits = bits_of(encoded)
    assert bits == naive.encode_bits(symbols.ravel(), encoded.lengths)
    loops = naive.decode_bits(bits, encoded.lengths, symbols.size)
    assert loops == symbols.ravel().tolist()
    assert entropy(symbols) == pytest.approx(naive.entropy(symbols))


@pytest.mark.parametrize(
    "count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 10 * BLOCK + 7]
)
@pytest.mark.parametrize("num_symbols", [1, 2, 16, 256])
def test_blocks_begin_with_bytes_and_are_counted(count, num_symbols):
    symbols = skewed(count, num_symbols)
    if num_symbols == 256:  # all of them, and some codes of many bits
        rng = np.random.default_rng(0)
        symbols = (rng.beta(0.3, 3, count) * 256).astype(np.uint8)
    encoded = encode(symbols)
    assert np.array_equal(decode(encoded), symbols)
    assert len(encoded.block_bytes) == -(-count // BLOCK)
    assert encoded.num_bytes == (
        len(encoded.stream)
        + len(encoded.lengths)
        + 2 * len(encoded.block_bytes)
    )
    if np.unique(symbols).size > 1:
        mean = 8 * len(encoded.stream) / count
        filling = 8 * len(encoded.block_bytes) / count
        assert entropy(symbols) <= mean < entropy(symbols) + 1 + filling


def test_powers_of_two_reach_the_entropy():
    symbols = np.repeat(np.arange(4), [512, 256, 128, 128]).astype(np.uint8)
    assert entropy(symbols) == 1.75
    assert len(encode(symbols).stream) == 1024 * 1.75 / 8
    assert entropy(np.zeros(5, np.uint8)) == 0
    empty = encode(np.zeros((0, 3), np.uint8))
    assert empty.num_bytes == 0 and decode(empty).shape == (0,)


def test_inputs_stay_as_they_are():
    symbols = skewed(3000).reshape(60, 50)
    symbols.flags.writeable = False  # numpy raises where a kernel writes
    encoded = encode(symbols[::2, ::-1])
    for array in (encoded.stream, encoded.lengths, encoded.block_bytes):
        array.flags.writeable = False
    assert np.array_equal(decode(encoded), symbols[::2, ::-1].ravel())
    assert np.array_equal(decode(encoded), decode(encoded))


ENCODED = encode(skewed(3 * BLOCK))
LENGTHS = ENCODED.lengths


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stream": ENCODED.stream[:-1]}, "bytes of the stream must be"),
        ({"count": 3 * BLOCK + 1}, "blocks of the stream must be 4, got 3"),
        ({"count": 3 * BLOCK - 100}, "got another end of block 2"),
        (
            {"stream": ENCODED.stream[:9], "block_bytes": np.uint16([9, 0, 0])},
            "bytes of the stream must be >= 384, got 9",
        ),
        ({"count": -1}, "count must be >= 0, got -1"),
        ({"block_bytes": ENCODED.block_bytes[:2]}, "must be 3, got 2"),
        ({"block_bytes": ENCODED.block_bytes + 1}, "bytes of the stream"),
        ({"block_bytes": ENCODED.block_bytes[::-1]}, "end of block 0"),
        ({"lengths": LENGTHS[:0]}, r"symbols of lengths must be in \[1, 256\]"),
        ({"lengths": LENGTHS * 0}, "add up to 1, got 0"),
        ({"lengths": LENGTHS + 1}, "largest of lengths|add up to 1, got 0.5"),
        ({"lengths": np.full(16, 3, np.uint8)}, "add up to 1, got 2"),
        ({"lengths": np.full(16, 17, np.uint8)}, r"in \[0, 16\], got 17"),
        ({"lengths": np.full(16, 4, np.uint8)}, "end of block 0: the stream"),
        ({"lengths": LENGTHS[:0].repeat(257)}, "symbols of lengths"),
        ({"lengths": LENGTHS[None]}, "lengths must have 1 axes"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    changed = replace(ENCODED, **changes)
    with pytest.raises(ValueError, match=message):
        decode(changed)


def test_no_corrupt_stream_leads_beyond_its_memory():
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        stream = ENCODED.stream.copy()
        where = rng.integers(len(stream), size=rng.integers(1, 20))
        stream[where] = rng.integers(256, size=where.size)
        try:
            symbols = decode(replace(ENCODED, stream=stream))
        except ValueError:
            refused += 1
        else:
            assert symbols.shape == (3 * BLOCK,)
    assert refused > 200
    ones = np.full_like(ENCODED.stream, 255)
    with pytest.raises(ValueError, match="is corrupt"):
        decode(replace(ENCODED, stream=ones))
    alone = encode(np.zeros(2000, np.uint8))
    with pytest.raises(ValueError, match="is corrupt"):
        decode(replace(alone, stream=~alone.stream))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: encode([1]), TypeError, "symbols must be a numpy array"),
        (lambda: encode(np.zeros(3)), TypeError, "symbols must be uint8, got"),
        (lambda: decode(b""), TypeError, "must be an Encoded, got bytes"),
        (lambda: entropy(np.uint8([])), ValueError, "must not be empty"),
        (lambda: code_lengths(np.array([-1])), ValueError, ">= 0, got -1"),
        (lambda: code_lengths(np.ones(2)), TypeError, "int32 or int64, got"),
        (
            lambda: code_lengths(np.zeros(257, np.int64)),
            ValueError,
            r"symbols of counts must be in \[0, 256\], got 257",
        ),
        (
            lambda: decode(Encoded(np.zeros(1), LENGTHS, LENGTHS, 1)),
            TypeError,
            "stream must be uint8, got float64",
        ),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
