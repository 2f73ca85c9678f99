"""Requantization: against the loops, at ties, and at the ends of its range."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import integer, naive
from mini_compress.kernels.requantization import RULES, compare_roundings
from tests.support.strategies import CODE_DTYPES, quick

INT32 = np.iinfo(np.int32)
ROUNDINGS = tuple(RULES)
# Mantissas of every length, exponents from 2**-40 to 2**29.
MULTIPLIERS = st.builds(
    np.ldexp, st.floats(0.5, 1), st.integers(-40, 29)
) | st.builds(lambda exponent: 2.0**exponent, st.integers(-40, 29))
ACCUMULATORS = st.integers(INT32.min, INT32.max) | st.integers(-1000, 1000)


@st.composite
def sums(draw):
    """Draw acc, and one multiplier or one per channel."""
    shape = draw(
        hnp.array_shapes(min_dims=0, max_dims=4, max_side=4)
        | hnp.array_shapes(min_dims=4, max_dims=4, max_side=3)
    )
    acc = draw(hnp.arrays(np.int32, shape, elements=ACCUMULATORS))
    if not shape or draw(st.booleans()):
        return acc, draw(MULTIPLIERS)
    channels = shape[1] if acc.ndim == 4 else shape[-1]
    values = st.lists(MULTIPLIERS, min_size=channels, max_size=channels)
    return acc, np.array(draw(values))


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.filterwarnings("error")
@quick
@given(sums(), st.sampled_from(CODE_DTYPES), st.data())
def test_requantize_equals_the_loops(rounding, drawn, dtype, data):
    limits = np.iinfo(dtype)
    zero_point = data.draw(st.integers(limits.min, limits.max))
    options = {"rounding": rounding, "dtype": dtype}
    out = integer.requantize(*drawn, zero_point, **options)
    assert isinstance(out, np.ndarray)
    assert out.dtype == dtype
    expected = naive.requantize(*drawn, zero_point, **options)
    assert np.array_equal(out, expected)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_every_shift_equals_the_loops(rounding):
    exponents = np.arange(-70, 30)[:, np.newaxis, np.newaxis]
    multiplier = np.ldexp([[0.5], [0.95]], exponents)  # (shifts, 2, 1)
    sums = np.array([INT32.min, -(2**30), -3, 1, 2**24 + 1, INT32.max])
    acc = np.broadcast_to(sums.astype(np.int32), (len(exponents), 2, 6))
    out = integer.requantize(acc, multiplier, 5, rounding=rounding)
    expected = naive.requantize(acc, multiplier, 5, rounding=rounding)
    assert np.array_equal(out, expected)


@quick
@given(MULTIPLIERS)
def test_quantize_multiplier_equals_the_loops_and_is_close(multiplier):
    q, shift = integer.quantize_multiplier(multiplier)
    assert (q, shift) == naive.quantize_multiplier(multiplier)
    assert q.dtype == shift.dtype == np.int32
    assert 2**30 <= q < 2**31
    value = Fraction(int(q)) * Fraction(2) ** (int(shift) - 31)
    exact = Fraction(float(multiplier))
    assert abs(value - exact) <= exact / 2**31


def test_quantize_multiplier_keeps_the_shape_and_carries():
    multiplier = np.array([[1.0, 1 - 2.0**-40], [0.75, 2.0**29]])
    q, shift = integer.quantize_multiplier(multiplier)
    assert q.tolist() == [[2**30, 2**30], [3 * 2**29, 2**30]]
    assert shift.tolist() == [[1, 1], [0, 30]]


# Halves by the named rules. "fixed_double" takes 5 * 0.25 = 1.25 to 2: its
# first step rounds 5 * 0.5 = 2.5 to 3, its second 3 * 0.5 = 1.5 to 2.
@pytest.mark.parametrize(
    ("rounding", "multiplier", "expected"),
    [
        ("float32_half_even", 0.5, [-4, -2, -2, 0, 0, 2, 2, 4]),
        ("fixed_single", 0.5, [-3, -2, -1, 0, 1, 2, 3, 4]),
        ("fixed_double", 0.5, [-3, -2, -1, 0, 1, 2, 3, 4]),
        ("float32_half_even", 0.25, [-2, -1, -1, 0, 0, 1, 1, 2]),
        ("fixed_single", 0.25, [-2, -1, -1, 0, 0, 1, 1, 2]),
        ("fixed_double", 0.25, [-1, -1, 0, 0, 1, 1, 2, 2]),
    ],
)
def test_ties(rounding, multiplier, expected):
    acc = np.array([-7, -5, -3, -1, 1, 3, 5, 7], np.int32)
    out = integer.requantize(acc, multiplier, 0, rounding=rounding)
    assert out.tolist() == expected


def test_sums_are_rounded_to_float32_first():
    acc = np.array([2**24 + 1], np.int32)  # is no float32: 2**24 is
    assert integer.requantize(acc, 2.0**-25, 0).tolist() == [0]  # 0.5
    out = integer.requantize(acc, 2.0**-25, 0, rounding="fixed_single")
    assert out.tolist() == [1]


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        ("float32_half_even", [-1, 1, 1, 3, 3]),  # rint first, then add 1
        ("float32_zero_inside", [0, 0, 2, 2, 4]),
        ("float64_zero_inside", [0, 0, 2, 2, 4]),
        ("float64_half_away", [-1, 0, 2, 3, 4]),
        ("fixed_single", [0, 1, 2, 3, 4]),
        ("fixed_double", [0, 1, 2, 3, 4]),
        ("fixed_double_away", [0, 1, 2, 3, 4]),  # no second rounding
    ],
)
def test_ties_beside_an_odd_zero_point(rounding, expected):
    acc = np.array([-3, -1, 1, 3, 5], np.int32)
    out = integer.requantize(acc, 0.5, 1, rounding=rounding)
    assert out.tolist() == expected


def test_what_is_just_below_a_half_does_not_round_away():
    acc = np.array([1, -1], np.int32)
    multiplier = np.nextafter(0.5, 0)  # adding 0.5 in float64 gives 1
    out = integer.requantize(acc, multiplier, 0, rounding="float64_half_away")
    assert out.tolist() == [0, 0]


def test_gemmlowps_second_rounding_goes_away_from_zero():
    acc = np.array([-6, -2, 2, 6], np.int32)
    both = [
        integer.requantize(acc, 0.25, 0, rounding=name).tolist()
        for name in ("fixed_double", "fixed_double_away")
    ]
    assert both == [[-1, 0, 1, 2], [-2, -1, 1, 2]]


@pytest.mark.parametrize(
    "rounding", ["float32_half_even", "float32_zero_inside"]
)
@quick
@given(sums(), st.data())
def test_a_real_bias_equals_the_loops(rounding, drawn, data):
    acc, multiplier = drawn
    shape = ()
    if acc.ndim:
        shape = (acc.shape[1] if acc.ndim == 4 else acc.shape[-1],)
    value = st.floats(-1000, 1000, width=32)
    bias = data.draw(hnp.arrays(np.float32, shape, elements=value))
    options = {"bias": bias, "rounding": rounding}
    out = integer.requantize(acc, multiplier, 3, **options)
    expected = naive.requantize(acc, multiplier, 3, **options)
    assert np.array_equal(out, expected)


def test_a_real_bias_is_not_rounded():
    acc = np.zeros((1, 2), np.int32)
    bias = np.array([0.5, 0.75], np.float32)
    assert integer.requantize(acc, 2.0, 0, bias=bias).tolist() == [[1, 2]]


def test_roundings_are_compared_sum_by_sum():
    acc = np.arange(-40, 40, dtype=np.int32).reshape(8, 10)
    compared = compare_roundings(acc, 0.25, 3, dtype=np.uint8)
    assert compared.codes.keys() == RULES.keys()
    for name, codes in compared.codes.items():
        expected = integer.requantize(
            acc, 0.25, 3, rounding=name, dtype=np.uint8
        )
        assert np.array_equal(codes, expected)
    first, *others = (codes.ravel() for codes in compared.codes.values())
    agree = [
        all(codes[i] == first[i] for codes in others) for i in range(acc.size)
    ]
    assert (~compared.parted).ravel().tolist() == agree
    assert 0 < sum(agree) < acc.size


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("dtype", CODE_DTYPES)
@pytest.mark.parametrize("multiplier", [1.0, 0.37, 2.0**29])
def test_ends_of_int32_saturate(rounding, dtype, multiplier):
    acc = np.array([INT32.min, INT32.max], np.int32)
    out = integer.requantize(
        acc, multiplier, 100, rounding=rounding, dtype=dtype
    )
    assert out.tolist() == [np.iinfo(dtype).min, np.iinfo(dtype).max]


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("multiplier", [2.0**-40, 1e-30, 1e-300])
@pytest.mark.filterwarnings("error")
def test_tiny_multipliers_leave_the_zero_point(rounding, multiplier):
    acc = np.array([INT32.min, -1, 0, 1, INT32.max], np.int32)
    out = integer.requantize(acc, multiplier, -7, rounding=rounding)
    assert out.tolist() == [-7] * 5


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_one_multiplier_per_channel(rounding):
    factors = np.array([0.5, 0.003])
    acc = np.random.default_rng(0).integers(-9999, 9999, (3, 2, 4, 2))
    acc = acc.astype(np.int32)
    both = [
        integer.requantize(acc[:, i], factors[i], 3, rounding=rounding)
        for i in range(2)
    ]
    images = integer.requantize(acc, factors, 3, rounding=rounding)
    assert np.array_equal(images, np.stack(both, axis=1))
    rows = integer.requantize(
        acc.swapaxes(1, 3)[0, 0], factors, 3, rounding=rounding
    )
    assert np.array_equal(rows, images.swapaxes(1, 3)[0, 0])
    columns = integer.requantize(
        acc, factors.reshape(2, 1, 1), 3, rounding=rounding
    )
    assert np.array_equal(columns, images)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_empty_and_strided_sums(rounding):
    empty = np.empty((0, 3), np.int32)
    options = {"rounding": rounding, "dtype": np.uint8}
    assert integer.requantize(empty, 0.5, 0, **options).shape == (0, 3)
    acc = np.arange(24, dtype=np.int32).reshape(4, 6)[::2, ::-1].T
    acc.flags.writeable = False  # numpy raises where a kernel writes
    out = integer.requantize(acc, 0.37, 4, **options)
    assert np.array_equal(
        out, integer.requantize(acc.copy(), 0.37, 4, **options)
    )
