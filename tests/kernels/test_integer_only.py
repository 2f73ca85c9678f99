"""I-BERT's integer functions: loops, and the errors that its paper prints."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import naive, tables
from tests.support.strategies import quick

SHAPES = st.sampled_from([(), (0,), (7,), (2, 3)])
ROWS = st.sampled_from([(1,), (7,), (2, 3), (0, 4)])


def whole(low: int, high: int, shapes: st.SearchStrategy = SHAPES):
    """Draw int64 arrays, numbers of every length and both ends among them."""
    value = st.integers(low, high) | st.sampled_from([low, high])
    value |= st.integers(max(low, -100), min(high, 100))
    return hnp.arrays(np.int64, shapes, elements=value)


@quick
@given(whole(0, 2**63 - 1))
def test_roots_equal_the_loops(values):
    roots = tables.integer_sqrt(values)
    assert roots.dtype == np.int64
    assert np.array_equal(roots, naive.integer_sqrt(values))
    assert roots.ravel().tolist() == [math.isqrt(int(v)) for v in values.flat]


def test_roots_are_right_beside_every_square():
    roots = np.concatenate([2 ** np.arange(1, 31), [3_037_000_499, 12_345]])
    for off in (-1, 0, 1):
        got = tables.integer_sqrt(roots**2 + off)
        assert np.array_equal(got, roots - (off < 0))
    for dtype in (np.uint8, np.int32, np.uint64):
        assert tables.integer_sqrt(np.array([99], dtype)).tolist() == [9]


@quick
@given(whole(-(2**31), 0), st.floats(2.0**-15, 0.69))
def test_exp_equals_the_loops(codes, scale):
    powers, unit = tables.integer_exp(codes, scale)
    expected, expected_unit = naive.integer_exp(codes, scale)
    assert unit == expected_unit > 0
    assert np.array_equal(powers, expected)
    assert (powers >= 0).all()


@quick
@given(
    whole(-(2**31), 2**31 - 1, ROWS) | whole(-5000, 5000, ROWS),
    st.floats(2.0**-15, 0.69),
    st.integers(1, 16),
)
def test_softmax_equals_the_loops(codes, scale, bits):
    parts, unit = tables.integer_softmax(codes, scale, bits=bits)
    expected, expected_unit = naive.integer_softmax(codes, scale, bits=bits)
    assert unit == expected_unit == 2.0**-bits
    assert parts.dtype == expected.dtype
    assert np.array_equal(parts, expected)
    assert (parts.sum(axis=-1, dtype=np.int64) <= 2**bits).all()


@quick
@given(
    whole(-(2**31), 2**31 - 1) | whole(-5000, 5000),
    st.floats(2.0**-14, 2.0**-9),
    st.integers(0, 14),
)
def test_gelu_equals_the_loops(codes, scale, shift):
    # shift 0 leaves 38 bits to erf; clip makes a number of a () array
    codes = np.asarray(np.clip(codes, -(2**24), 2**24))
    y, unit = tables.integer_gelu(codes, scale, shift=shift)
    expected, expected_unit = naive.integer_gelu(codes, scale, shift=shift)
    assert unit == expected_unit > 0
    assert np.array_equal(y, expected)


def errors_on(low: float, high: float, scale: float, integer, real):
    """Return the worst and the root mean square error over [low, high]."""
    codes = np.arange(math.ceil(low / scale), math.floor(high / scale) + 1)
    y, unit = integer(codes, scale)
    off = y * unit - real(codes * scale)
    return np.abs(off).max(), np.sqrt(np.mean(off**2))


def test_gelu_has_the_errors_that_are_published():
    # [kim2021ibert], table 1: 0.018 and 0.0082
    worst, rms = errors_on(-4, 4, 2**-13, tables.integer_gelu, tables.gelu)
    assert worst == pytest.approx(0.0182, abs=5e-5)
    assert rms == pytest.approx(0.0082, abs=5e-5)


def test_exp_has_the_error_that_is_published():
    # [kim2021ibert], section 3.5: 1.9e-3
    worst, _ = errors_on(-0.6931, 0, 2**-15, tables.integer_exp, np.exp)
    assert worst == pytest.approx(1.91e-3, abs=1e-5)
    beyond, _ = errors_on(-22, 0, 2**-15, tables.integer_exp, np.exp)
    assert beyond == worst  # the shift divides errors, too


def test_coarse_steps_need_a_smaller_shift():
    def errors(scale: float, shift: int) -> float:
        def gelu(codes, scale):
            return tables.integer_gelu(codes, scale, shift=shift)

        return errors_on(-4, 4, scale, gelu, tables.gelu)[0]

    assert errors(2**-8, 14) > 3 * errors(2**-8, 0)
    assert errors(4 / 127, 0) < 0.0183


def test_softmax_is_off_by_the_polynomial_and_what_is_cut_off():
    rng = np.random.default_rng(0)
    codes = np.rint(rng.normal(0, 3, (500, 50)) / 2**-10).astype(int)
    powers = np.exp((codes - codes.max(axis=-1, keepdims=True)) * 2**-10)
    exact = powers / powers.sum(axis=-1, keepdims=True)
    for bits, cut in ((8, 1 / 256), (16, 2**-15)):
        parts, unit = tables.integer_softmax(codes, 2**-10, bits=bits)
        off = np.abs(parts * unit - exact)
        # exp and the sum of all are off by a share of 1.93e-3 * 2 each
        assert off.max() <= 4 * 1.93e-3 * exact.max() + cut
    first, _ = tables.integer_softmax(codes.T, 2**-10, bits=16, axis=0)
    assert np.array_equal(first.T, parts)
    shifted, _ = tables.integer_softmax(codes + 10_000, 2**-10, bits=16)
    assert np.array_equal(shifted, parts)


def test_softmax_takes_the_longest_row():
    codes = np.zeros(2**16, np.int32)
    parts, _ = tables.integer_softmax(codes, 0.1, bits=16)
    assert (parts == 0).all()  # 32767 / 32768 of a step, rounded down
    parts, _ = tables.integer_softmax(codes[: 2**12], 0.1, bits=16)
    assert (parts == 15).all()  # so are 15.9995 steps
    alone, _ = tables.integer_softmax(codes[:1], 0.1)
    assert alone.tolist() == [255]
