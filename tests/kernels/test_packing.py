"""Packed codes: against the loops, there and back, and the stated bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import naive, packing, planes
from tests.support.strategies import quick

ORDERS = ("low_first", "high_first")


@st.composite
def narrow_codes(draw, widths, kinds=(True, False)):
    """Draw codes that fit their bits, signed or not."""
    bits, signed = draw(st.sampled_from(widths)), draw(st.sampled_from(kinds))
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if not signed:
        low, high = 0, 2**bits - 1
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=9))
    dtype = np.int8 if signed else np.uint8
    codes = hnp.arrays(dtype, shape, elements=st.integers(low, high))
    return draw(codes), bits


@quick
@given(narrow_codes([1, 2, 4]), st.sampled_from(ORDERS))
def test_packing_equals_the_loops_and_is_undone(drawn, order):
    codes, bits = drawn
    packed = packing.pack_bits(codes, bits=bits, order=order)
    assert packed.dtype == np.uint8
    expected = naive.pack_bits(codes, bits=bits, order=order)
    assert np.array_equal(packed, expected)

    options = {
        "bits": bits,
        "count": codes.size,
        "signed": codes.dtype == np.int8,
        "order": order,
    }
    unpacked = packing.unpack_bits(packed, **options)
    assert unpacked.dtype == codes.dtype
    assert np.array_equal(unpacked, codes.ravel())
    assert np.array_equal(unpacked, naive.unpack_bits(packed, **options))


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("signed", [True, False])
def test_every_byte_survives_the_way_there_and_back(bits, order, signed):
    every = np.arange(256, dtype=np.uint8)
    count = 256 * 8 // bits
    options = {"bits": bits, "order": order}
    codes = packing.unpack_bits(every, count=count, signed=signed, **options)
    assert codes.size == count
    assert np.array_equal(packing.pack_bits(codes, **options), every)


@pytest.mark.parametrize(
    ("codes", "bits", "order", "expected"),
    [
        ([1, -2, 7], 4, "low_first", ["11100001", "00000111"]),
        ([1, -2, 7], 4, "high_first", ["00011110", "01110000"]),
        ([1, -2, 0, -1, 1], 2, "low_first", ["11001001", "00000001"]),
        ([1, -2, 0, -1, 1], 2, "high_first", ["01100011", "01000000"]),
        ([-1, 0, 0, 0, 0, 0, 0, 0, -1], 1, "low_first", ["00000001"] * 2),
        ([-1, 0, 0, 0, 0, 0, 0, 0, -1], 1, "high_first", ["10000000"] * 2),
    ],
)
def test_bytes_are_the_stated_ones(codes, bits, order, expected):
    packed = packing.pack_bits(np.array(codes, np.int8), bits=bits, order=order)
    assert [f"{byte:08b}" for byte in packed] == expected


@quick
@given(narrow_codes(range(1, 9)))
def test_planes_take_their_bits_and_are_undone(drawn):
    codes, bits = drawn
    packed = planes.pack_planes(codes, bits=bits)
    assert len(packed) == planes.num_packed_bytes(codes.size, bits)
    # each plane but a full byte's may end in a byte that is partly empty
    assert codes.size * bits <= 8 * len(packed) < codes.size * bits + 24
    signed = codes.dtype == np.int8
    unpacked = planes.unpack_planes(
        packed, bits=bits, count=codes.size, signed=signed
    )
    assert unpacked.dtype == codes.dtype
    assert np.array_equal(unpacked, codes.ravel())


def test_planes_start_with_the_low_bits():
    codes = np.array([0b000111, 0b011001, -1], np.int8)
    packed = planes.pack_planes(codes, bits=6)
    fours, twos = ["10010111", "00001111"], ["00110100"]
    assert [f"{byte:08b}" for byte in packed] == fours + twos


@pytest.mark.parametrize("order", ORDERS)
def test_empty_and_strided_codes(order):
    empty = packing.pack_bits(np.empty((0, 3), np.int8), bits=4, order=order)
    assert empty.shape == (0,)
    options = {"bits": 4, "signed": True, "order": order}
    assert packing.unpack_bits(empty, count=0, **options).shape == (0,)
    assert planes.pack_planes(np.empty(0, np.int8), bits=3).shape == (0,)

    codes = (np.arange(48) % 16 - 8).astype(np.int8).reshape(6, 8)[::2, ::-1].T
    codes.flags.writeable = False  # numpy raises where a kernel writes
    packed = packing.pack_bits(codes, bits=4, order=order)
    copied = packing.pack_bits(codes.copy(), bits=4, order=order)
    assert np.array_equal(packed, copied)
    spread = np.repeat(packed, 2)[::2]
    spread.flags.writeable = False
    unpacked = packing.unpack_bits(spread, count=24, **options)
    assert np.array_equal(unpacked, codes.ravel())


@pytest.mark.parametrize("bits", [3, 8])
@pytest.mark.parametrize("signed", [True, False])
def test_unpacked_codes_are_no_view_of_the_bytes(bits, signed):
    packed = planes.pack_planes(np.uint8([1, 2, 3]), bits=bits)
    options = {"bits": bits, "count": 3, "signed": signed}
    planes.unpack_planes(packed, **options)[:] = 0
    assert planes.unpack_planes(packed, **options).tolist() == [1, 2, 3]


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
def test_numbers_of_numpy_count_as_pythons(kind):
    assert planes.num_packed_bytes(kind(100), kind(3)) == 38
    codes = np.int8([-3, 3] * 50)
    packed = planes.pack_planes(codes, bits=kind(3))
    out = planes.unpack_planes(packed, bits=kind(3), count=kind(100))
    assert np.array_equal(out, codes)
    packed = packing.pack_bits(codes, bits=kind(4))
    out = packing.unpack_bits(
        packed, bits=kind(4), count=kind(100), signed=True
    )
    assert np.array_equal(out, codes)
