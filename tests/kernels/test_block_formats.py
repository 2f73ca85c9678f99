"""Block formats: against the loops, and what must hold for any values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import naive
from mini_compress.kernels.block_formats import (
    FORMATS,
    bits_per_value,
    decode_blocks,
    encode_blocks,
    num_block_bytes,
)
from mini_compress.kernels.block_formats.normal_float import LEVELS
from mini_compress.kernels.naive.block_layouts import LAYOUTS
from tests.support.blocks import back, drawn, every_format
from tests.support.strategies import quick

K_QUANTS = ("q2_k", "q3_k", "q4_k", "q5_k", "q6_k")
BITS = {  # with the scales, as the formats' own pages have them
    **{"mxfp4": 4.25, "mxfp8_e4m3": 8.25, "mxfp8_e5m2": 8.25, "nvfp4": 4.5},
    **{"q4_0": 4.5, "q8_0": 8.5, "q2_k": 2.625, "q3_k": 3.4375},
    **{"q4_k": 4.5, "q5_k": 5.5, "q6_k": 6.5625},
    **{"nf4": 4.5, "nf4_double": 4.125},
}
# the published table of NF4: bitsandbytes, functional.get_4bit_type
NF4 = [
    *(-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453),
    *(-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0),
    *(0.07958029955625534, 0.16093020141124725, 0.24611230194568634),
    *(0.33791524171829224, 0.44070982933044434, 0.5626170039176941),
    *(0.7229568362236023, 1.0),
]


@every_format
@pytest.mark.parametrize("spread", [1e-6, 0.05, 30])
@pytest.mark.parametrize("blocks", [0.1, 2.1])
def test_both_ways_equal_the_loops(name, blocks, spread):
    count = round(blocks * FORMATS[name].size)
    x = drawn(count, spread=spread, seed=count)
    data = encode_blocks(x, name)
    assert data.dtype == np.uint8
    assert np.array_equal(data, naive.encode_blocks(x, name))
    got = decode_blocks(data, name, count)
    assert got.dtype == np.float32
    expected = naive.decode_blocks(data, name, count)
    assert np.array_equal(got.view("u4"), expected.view("u4"))


@every_format
def test_any_bytes_decode_as_the_loops_read_them(name):
    count = 3 * FORMATS[name].size - 5
    rng = np.random.default_rng(0)
    for _ in range(20):
        size = num_block_bytes(name, count)
        data = rng.integers(0, 256, size, dtype=np.uint8)
        with np.errstate(all="ignore"):
            got = decode_blocks(data, name, count)
            expected = naive.decode_blocks(data, name, count)
        assert np.array_equal(got, expected, equal_nan=True)


@every_format
def test_bits_and_bytes_are_those_of_the_format(name):
    assert bits_per_value(name) == BITS[name]
    size = FORMATS[name].size
    full = num_block_bytes(name, 1024 * size)
    head = full - 1024 * FORMATS[name].num_bytes
    assert full * 8 / (1024 * size) == pytest.approx(BITS[name], abs=0.01)
    assert head == {"nvfp4": 4, "nf4_double": 20}.get(name, 0)
    for count in (0, 1, size, size + 1, 5 * size - 1):
        data = encode_blocks(drawn(count), name)
        assert len(data) == num_block_bytes(name, count)
        filled = num_block_bytes(name, -(-count // size) * size)
        assert len(data) == filled


@every_format
def test_the_fields_fill_a_block_and_no_bit_twice(name):
    layout, form = LAYOUTS[name], FORMATS[name]
    assert (layout.size, layout.num_bytes) == (form.size, form.num_bytes)
    block = np.zeros(form.num_bytes, int)
    places = [place for i in range(layout.size) for place in layout.code(i)]
    for group in range(layout.size // layout.group):
        places += layout.scale(group) + layout.minimum(group)
    for start in (layout.unit, layout.minimum_unit):
        if start is not None:
            places += [(start, 0, 8), (start + 1, 0, 8)]
    if name == "nf4":
        places += [(byte, 0, 8) for byte in range(4)]
    for byte, low, bits in places:
        taken = (2**bits - 1) << low
        assert not block[byte] & taken
        block[byte] |= taken
    assert (block == 255).all()


# how far a value may move, in units of its block's largest
STEPS = {
    **{"q4_0": 1 / 8, "q8_0": 1 / 127, "nf4": 0.31, "nf4_double": 0.62},
    **{"mxfp4": 0.26, "nvfp4": 0.2, "mxfp8_e4m3": 0.13, "mxfp8_e5m2": 0.13},
}


@quick
@given(
    st.sampled_from(list(STEPS)),
    hnp.arrays(
        np.float32,
        st.integers(1, 200),
        elements=st.floats(-1024, 1024, width=32),
    ),
)
def test_no_value_moves_further_than_its_block_allows(name, x):
    got = back(x, name)
    size = {"nvfp4": 16}.get(name, FORMATS[name].size)
    smallest = 2.0**-12  # of a float16 or E4M3 scale that gets too small
    for start in range(0, x.size, size):
        part = slice(start, start + size)
        peak = np.abs(x[part]).max()
        moved = np.abs(got[part] - x[part]).max()
        reach = np.abs(x).max() if name in ("nvfp4", "nf4_double") else peak
        assert moved <= STEPS[name] * peak + smallest * reach + 2**-12


def relative_error(near, x):
    return np.square(near - x).sum() / np.square(x).sum()


@pytest.mark.parametrize("name", K_QUANTS)
def test_k_quants_lose_less_than_even_codes_of_as_many_bits(name):
    x = drawn(10_240)
    size = 16 if name in ("q2_k", "q3_k", "q6_k") else 32
    groups = x.reshape(-1, size)
    step = np.abs(groups).max(axis=1, keepdims=True)
    step /= 2 ** (FORMATS[name].code_bits - 1) - 1
    even = (np.rint(groups / step) * step).ravel()
    assert relative_error(back(x, name), x) < relative_error(even, x)


def test_k_quants_lose_less_with_each_bit():
    x = drawn(10_240)
    errors = np.array([relative_error(back(x, name), x) for name in K_QUANTS])
    # a bit more is half the step and a quarter of the squared error
    assert (errors[1:] < 0.4 * errors[:-1]).all()


@every_format
def test_what_a_format_holds_comes_back_as_it_was(name):
    once = back(drawn(600, spread=0.1), name)
    twice = back(once, name)
    if name in ("mxfp4", "mxfp8_e4m3", "mxfp8_e5m2", "q8_0", "nf4"):
        assert np.array_equal(twice, once)
    assert np.allclose(twice, once, atol=0.25 * np.abs(once).max())
    zeros = np.zeros(300, np.float32)
    assert not back(zeros, name).any()


@pytest.mark.parametrize("name", ["mxfp4", "mxfp8_e4m3", "mxfp8_e5m2"])
def test_the_scale_is_the_power_of_two_of_the_standard(name):
    element = {"mxfp4": 4.0, "mxfp8_e4m3": 256.0, "mxfp8_e5m2": 32768.0}[name]
    for peak in (1.0, 1.999999, 2.0, 0.3, 7e-5, 3e38, 1e-44):
        row = np.zeros(32, np.float32)
        row[7] = -peak
        power = np.floor(np.log2(np.float64(np.float32(peak)))) - np.log2(
            element
        )
        scale = encode_blocks(row, name)[0]
        assert scale == max(power, -127) + 127
    # a peak beyond the largest number is clipped: 7 is 6
    row[7] = -7
    largest = {"mxfp4": -6, "mxfp8_e4m3": -7, "mxfp8_e5m2": -7}[name]
    assert back(row, name)[7] == largest


def test_eight_numbers_and_one_that_blots_them_out():
    x = np.array([0.1, 0.2, -0.3, 0.4, 0.5, -0.6, 0.7, 0.8], np.float32)
    near = [0.125, 0.1875, -0.25, 0.375, 0.5, -0.5, 0.75, 0.75]
    assert back(x, "mxfp4").tolist() == near
    x[7] = 6
    assert back(x, "mxfp4").tolist() == [0, 0, -0.5, 0.5, 0.5, -0.5, 0.5, 6]


def test_the_levels_of_nf4_are_the_published_ones():
    assert np.abs(LEVELS - np.array(NF4)).max() < 3e-7
    assert np.array_equal(back(np.array(LEVELS), "nf4"), LEVELS)


def test_nf4_takes_the_nearest_level_of_its_block():
    x = drawn(640)
    got = back(x, "nf4").reshape(-1, 64)
    rows = x.reshape(-1, 64)
    peak = np.abs(rows).max(axis=1, keepdims=True)
    every = np.abs(rows[..., np.newaxis] - peak[..., np.newaxis] * LEVELS)
    moved = np.abs(got - rows)
    assert np.allclose(moved, every.min(axis=-1), atol=1e-6)


def test_nested_scales_are_near_the_plain_ones():
    x = drawn(64 * 600)
    x[64 * 256 : 64 * 512] *= 8  # so that each 256 have a step of their own
    plain, nested = (encode_blocks(x, name) for name in ("nf4", "nf4_double"))
    mean, *steps = nested[: 4 * 4].view("<f4")
    scales = plain.reshape(-1, 36)[:, :4].copy().view("<f4").ravel()
    assert mean == pytest.approx(scales.mean(), rel=1e-6)
    assert len(steps) == 3
    blocks = nested[16:].reshape(-1, 33)
    own = np.repeat(steps, 256)[: len(blocks)]
    near = blocks[:, 0].view(np.int8) * own + mean
    # the code of the largest one is clipped to 127
    assert (np.abs(near - scales) <= 1.01 * own).all()
    assert len(nested) < len(plain)
    got = decode_blocks(nested, "nf4_double", x.size).reshape(-1, 64)
    step = near[:, np.newaxis].astype(np.float32)
    first = LEVELS[blocks[:, 1:] >> 4] * step  # the high half of each byte
    assert np.allclose(got[:, ::2], first, rtol=1e-5, atol=1e-6)


def test_the_tensor_scale_of_nvfp4_lets_small_weights_be_small():
    x = drawn(640, spread=1e-5)
    for factor in (1, 2.0**-20, 2.0**30):
        scaled = x * np.float32(factor)
        assert np.array_equal(back(scaled, "nvfp4"), back(x, "nvfp4") * factor)
