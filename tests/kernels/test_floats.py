"""Small floats: all codes and all ties, against ml_dtypes and the loops."""

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mini_compress.kernels import floats, naive
from mini_compress.kernels.floats import FloatFormat
from tests.support.strategies import quick, reals

FORMATS = {
    "E4M3FN": (floats.E4M3FN, ml_dtypes.float8_e4m3fn),
    "E5M2": (floats.E5M2, ml_dtypes.float8_e5m2),
    "E2M1": (floats.E2M1, ml_dtypes.float4_e2m1fn),
    "E3M2": (floats.E3M2, ml_dtypes.float6_e3m2fn),
    "E2M3": (floats.E2M3, ml_dtypes.float6_e2m3fn),
    "E8M0": (floats.E8M0, ml_dtypes.float8_e8m0fnu),
    "BFLOAT16": (floats.BFLOAT16, ml_dtypes.bfloat16),
    "FLOAT16": (floats.FLOAT16, np.float16),
    "E3M4, IEEE": (FloatFormat(3, 4), ml_dtypes.float8_e3m4),
    "E4M3, IEEE": (FloatFormat(4, 3), ml_dtypes.float8_e4m3),
}
every_format = pytest.mark.parametrize("name", FORMATS)
SMALL = [format for format, _ in FORMATS.values() if format.bits <= 8]


def same_bits(one, other):
    """Whether float32 arrays agree bit for bit, NaN of any kind aside."""
    nan = np.isnan(one)
    assert np.array_equal(nan, np.isnan(other))
    return np.array_equal(one[~nan].view("u4"), other[~nan].view("u4"))


def neighbors(format, peer):
    """Return all finite numbers, all ties, and what lies next to a tie."""
    every = np.arange(2**format.bits).astype(format.dtype).view(peer)
    finite = np.unique(every.astype(np.float32))
    finite = finite[np.isfinite(finite)].astype(np.float64)
    ties = (finite[1:] + finite[:-1]) / 2
    ties = ties.astype(np.float32)
    beside = [np.nextafter(ties, np.float32(side)) for side in (-1e38, 1e38)]
    found = np.concatenate([finite.astype(np.float32), ties, *beside])
    return found if format.mantissa_bits else found[found > 0]


@every_format
def test_every_code_is_that_of_the_library(name):
    format, peer = FORMATS[name]
    codes = np.arange(2**format.bits).astype(format.dtype)
    got = floats.decode(codes, format)
    assert got.dtype == np.float32
    assert same_bits(got, codes.view(peer).astype(np.float32))
    if format.bits <= 8:
        assert same_bits(got, naive.decode_float(codes, format))


@every_format
def test_every_number_tie_and_neighbor_is_cast_as_by_the_library(name):
    format, peer = FORMATS[name]
    x = neighbors(format, peer)
    if format == floats.E8M0:
        # ml_dtypes takes this one up, though it lies below the tie, among
        # float32's subnormal numbers
        x = x[x != np.nextafter(np.float32(1.5 * 2.0**-127), np.float32(0))]
    with np.errstate(over="ignore"):
        expected = x.astype(peer).view(format.dtype)
    got = floats.encode(x, format)
    assert got.dtype == format.dtype
    assert np.array_equal(got, expected)
    # in float64 as well, in which these numbers are the same
    assert np.array_equal(floats.encode(x.astype(np.float64), format), got)


@pytest.mark.parametrize("format", SMALL)
def test_casts_equal_the_loops(format):
    rng = np.random.default_rng(0)
    x = format.values[np.isfinite(format.values)]
    x = np.concatenate([x, (x[1:] + x[:-1]) / 2, rng.normal(size=20) * 2])
    x = x.astype(np.float32)
    if not format.mantissa_bits:
        x = x[x > 0]
    expected = naive.encode_float(x, format)
    assert np.array_equal(floats.encode(x, format), expected)


@pytest.mark.parametrize(
    ("format", "dtype"),
    [
        (floats.E4M3FN, torch.float8_e4m3fn),
        (floats.E5M2, torch.float8_e5m2),
        (floats.BFLOAT16, torch.bfloat16),
    ],
)
def test_random_numbers_are_cast_as_by_torch(format, dtype):
    rng = np.random.default_rng(1)
    x = (rng.normal(size=20_000) * np.exp(rng.normal(size=20_000) * 4)).astype(
        np.float32
    )
    x = np.clip(x, -format.largest, format.largest)
    expected = torch.from_numpy(x).to(dtype).to(torch.float32).numpy()
    got = floats.decode(floats.encode(x, format), format)
    assert same_bits(got, expected)


@every_format
def test_what_lies_beyond_the_largest_becomes_that(name):
    format, _ = FORMATS[name]
    x = np.array([3e38, np.finfo(np.float32).max, 1e300])
    got = floats.decode(floats.encode(x, format), format)
    assert (got[1:] == format.largest).all()
    if format.mantissa_bits:
        assert (floats.decode(floats.encode(-x, format), format) == -got).all()


def test_zero_keeps_its_sign():
    codes = floats.encode(np.array([0.0, -0.0, -1e-9]), floats.E2M1)
    assert codes.tolist() == [0, 8, 8]
    assert np.signbit(floats.decode(codes, floats.E2M1)).tolist() == [
        *(False, True, True)
    ]


SHAPES = [(e, m) for e in range(1, 9) for m in range(1, 16 - e)]


@quick
@given(st.sampled_from(SHAPES), reals(7))
def test_rounding_is_to_the_nearest_and_not_twice(bits, x):
    exponent_bits, mantissa_bits = bits
    sizes = {"exponent_bits": exponent_bits, "mantissa_bits": mantissa_bits}
    once = floats.round_to_float(x, **sizes)
    assert (once.dtype, once.shape) == (x.dtype, x.shape)
    assert np.array_equal(floats.round_to_float(once, **sizes), once)
    if exponent_bits + mantissa_bits <= 7:
        assert np.array_equal(once, naive.round_to_float(x, **sizes))
    order = np.argsort(x)
    assert (np.diff(once[order]) >= 0).all()


@pytest.mark.parametrize("name", ["E4M3FN", "E5M2", "E2M1", "E3M2", "E2M3"])
def test_sizes_alone_mean_the_formats_of_hardware(name):
    format, _ = FORMATS[name]
    x = np.linspace(-1.1, 1.1, 1001) * format.largest
    got = floats.round_to_float(
        x,
        exponent_bits=format.exponent_bits,
        mantissa_bits=format.mantissa_bits,
    )
    expected = floats.decode(floats.encode(x, format), format)
    assert np.array_equal(got, expected)


def test_numbers_that_the_papers_print():
    # Micikevicius and others, table 1; OCP MX 1.0, tables 1 to 5
    assert (floats.E4M3FN.largest, floats.E5M2.largest) == (448, 57344)
    assert floats.E4M3FN.values[1] == 2.0**-9
    assert floats.E5M2.values[1] == 2.0**-16
    assert (floats.E3M2.largest, floats.E2M3.largest) == (28, 7.5)
    values = floats.E2M1.values[:8].tolist()
    assert values == [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    assert (floats.E8M0.values[0], floats.E8M0.largest) == (2.0**-127, 2.0**127)


@pytest.mark.parametrize("kind", [np.uint8, np.int64])
def test_numbers_of_numpy_count_as_pythons(kind):
    format = FloatFormat(kind(4), kind(3), "nan")
    assert format.largest == 448
    got = floats.round_to_float(
        np.array([449.0]), exponent_bits=kind(4), mantissa_bits=kind(3)
    )
    assert got == 448


def test_any_layout_and_nothing_at_all():
    x = np.arange(24, dtype=np.float32).reshape(4, 6)[::2, ::-1].T
    x.flags.writeable = False
    got = floats.encode(x, floats.E4M3FN)
    assert np.array_equal(got, floats.encode(x.copy(), floats.E4M3FN))
    for format in (floats.E2M1, floats.E8M0, floats.FLOAT16):
        empty = floats.encode(np.empty((0, 2), np.float32), format)
        assert empty.shape == (0, 2)
        assert floats.decode(empty, format).shape == (0, 2)
    with pytest.raises(ValueError, match="read-only"):
        floats.E2M1.values[0] = 1
