"""Block formats as llama.cpp's Python package reads and writes them.

Tried with gguf 0.19.0. Where the two differ is said here: MXFP4 ties, and
scale bytes that are no numbers in the formats' own standards.
"""

import gguf
import numpy as np
import pytest
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

from mini_compress.kernels.block_formats import (
    FORMATS,
    decode_blocks,
    encode_blocks,
)

K_QUANTS = ("q2_k", "q3_k", "q4_k", "q5_k", "q6_k")
SHARED = ("mxfp4", "nvfp4", "q4_0", "q8_0", *K_QUANTS)
BLOCKS = 2000


def kind_of(name):
    return GGMLQuantizationType[name.upper()]


def random_blocks(name, seed=0):
    """Return blocks of any bytes, (blocks, bytes) uint8."""
    rng = np.random.default_rng(seed)
    shape = BLOCKS, FORMATS[name].num_bytes
    return rng.integers(0, 256, shape, dtype=np.uint8)


def ours_and_theirs(name, blocks):
    """Decode blocks by both, (blocks, size) float32 each."""
    head = np.frombuffer(np.float32(1).tobytes(), np.uint8)
    data = np.concatenate([head if name == "nvfp4" else [], blocks.ravel()])
    count = len(blocks) * FORMATS[name].size
    with np.errstate(all="ignore"):
        theirs = gguf.quants.dequantize(blocks, kind_of(name))
        ours = decode_blocks(data.astype(np.uint8), name, count)
    return ours.reshape(theirs.shape), theirs


def same_bits(one, other):
    """Whether arrays agree bit for bit, NaN of any kind aside."""
    nan = np.isnan(one)
    if not np.array_equal(nan, np.isnan(other)):
        return False
    return np.array_equal(one[~nan].view("u4"), other[~nan].view("u4"))


@pytest.mark.parametrize("name", SHARED)
def test_blocks_are_as_long(name):
    size, num_bytes = GGML_QUANT_SIZES[kind_of(name)]
    assert (size, num_bytes) == (FORMATS[name].size, FORMATS[name].num_bytes)


@pytest.mark.parametrize("name", ["q4_0", "q8_0", *K_QUANTS])
def test_random_bytes_decode_to_the_same_bits(name):
    assert same_bits(*ours_and_theirs(name, random_blocks(name)))


@pytest.mark.parametrize("name", K_QUANTS)
def test_finite_units_decode_to_the_same_bits(name):
    blocks = random_blocks(name, seed=1)
    start = 0
    for field, size in FORMATS[name].fields.items():
        if "unit" in field:
            units = np.random.default_rng(2).normal(size=(BLOCKS, 1))
            blocks[:, start : start + size] = units.astype("<f2").view("u1")
        start += size
    ours, theirs = ours_and_theirs(name, blocks)
    assert np.isfinite(ours).all()
    assert same_bits(ours, theirs)


def test_mxfp4_decodes_to_the_same_bits_where_the_scale_is_a_number():
    blocks = random_blocks("mxfp4")
    blocks[:256, 0] = np.arange(256)  # every scale
    ours, theirs = ours_and_theirs("mxfp4", blocks)
    number = blocks[:, 0] < 255
    assert same_bits(ours[number], theirs[number])
    # 255 means NaN in E8M0; gguf takes it for one more power of two
    assert np.isnan(ours[~number]).all()
    assert not np.isnan(theirs[~number]).any()


def test_nvfp4_decodes_to_the_same_bits_where_the_scale_is_a_number():
    blocks = random_blocks("nvfp4")
    blocks[:256, :4] = np.arange(256)[:, np.newaxis]
    ours, theirs = (
        x.reshape(BLOCKS, 4, 16) for x in ours_and_theirs("nvfp4", blocks)
    )
    scale = blocks[:, :4]
    number = scale < 127
    assert same_bits(ours[number] + 0, theirs[number] + 0)
    # E4M3 has its one NaN at 127, which is 0 in gguf; from 128 on it is
    # negative, where gguf does not look at the sign
    assert np.isnan(ours[scale == 127]).all()
    assert not theirs[scale == 127].any()
    negative = (scale > 127) & (scale < 255)
    assert np.array_equal(ours[negative], -theirs[negative])


@pytest.mark.parametrize("name", ["q4_0", "q8_0"])
@pytest.mark.parametrize("spread", [1e-9, 0.02, 1, 1000])
def test_encoded_bytes_are_the_same(name, spread):
    rng = np.random.default_rng(0)
    x = (spread * rng.normal(size=(300, 96))).astype(np.float32)
    # whole and half steps, which are ties
    x[::3] = np.rint(2 * x[::3] / spread) / 2 * spread
    x[1] = 0
    theirs = gguf.quants.quantize(x, kind_of(name))
    assert np.array_equal(encode_blocks(x, name), theirs.ravel())


def test_mxfp4_is_encoded_alike_but_for_ties():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 96)).astype(np.float32)
    name, count = "mxfp4", x.size
    theirs = gguf.quants.quantize(x, kind_of(name)).ravel()
    ours = encode_blocks(x, name)
    assert np.array_equal(ours[::17], theirs[::17])  # the scales
    values = decode_blocks(ours, name, count)
    assert np.array_equal(values, decode_blocks(theirs, name, count))
    # ours is half to even, as the standard asks; gguf takes the smaller one
    ties = np.zeros(32, np.float32)
    ties[:6] = [4, 0.25, 0.75, 1.25, 1.75, 2.5]
    theirs = gguf.quants.quantize(ties, kind_of(name)).ravel()
    got = decode_blocks(encode_blocks(ties, name), name, 32)[:6]
    assert got.tolist() == [4, 0, 1, 1, 2, 2]
    got = decode_blocks(theirs, name, 32)[:6]
    assert got.tolist() == [4, 0, 0.5, 1, 1.5, 2]
