"""Pooling of codes: against the loops, and what its numbers must be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_compress.kernels import affine, naive, pooling
from mini_compress.kernels.affine import AffineParams
from mini_compress.kernels.windows import image_windows, make_pool_window
from tests.support.mistakes import assert_refused
from tests.support.strategies import codes_of, grids, quick, random_codes

UINT8 = AffineParams(0.5, 3, bits=8, signed=False)
INT8 = AffineParams(0.5, 3, bits=8, signed=True)
X = np.ones((1, 2, 4, 5), np.uint8)


@st.composite
def pools(draw):
    """Draw codes, their grid, and how they are pooled."""
    params = draw(grids())
    rows, cols = kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    side, width = st.integers(0, rows - 1), st.integers(0, cols - 1)
    options = {
        "kernel": kernel,
        "stride": draw(st.none() | st.integers(1, 3)),
        "padding": draw(
            st.tuples(side, width) | st.tuples(side, width, side, width)
        ),
    }
    shape = draw(
        st.tuples(st.integers(1, 2), st.integers(1, 2)) | st.just((0, 2))
    ) + draw(st.tuples(st.integers(rows, 5), st.integers(cols, 5)))
    return draw(codes_of(params, shape)), params, options


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and np.array_equal(one, other)


@quick
@given(pools())
def test_max_pool_equals_the_loops(drawn):
    x, _, options = drawn
    expected = naive.max_pool_int8(x, **options)
    assert same(pooling.max_pool_int8(x, **options), expected)


@pytest.mark.filterwarnings("error")
@quick
@given(pools(), grids(), st.booleans())
def test_average_pool_equals_the_loops(drawn, y_params, count_include_pad):
    x, x_params, options = drawn
    options["count_include_pad"] = count_include_pad
    expected = naive.average_pool_int8(x, x_params, y_params, **options)
    out = pooling.average_pool_int8(x, x_params, y_params, **options)
    assert same(out, expected)


@pytest.mark.filterwarnings("error")
@quick
@given(pools(), grids())
def test_global_average_pool_equals_the_loops(drawn, y_params):
    x, x_params, _ = drawn
    expected = naive.global_average_pool_int8(x, x_params, y_params)
    out = pooling.global_average_pool_int8(x, x_params, y_params)
    assert same(out, expected)


@quick
@given(pools())
def test_the_largest_code_is_the_largest_number(drawn):
    x, params, options = drawn
    out = affine.dequantize(pooling.max_pool_int8(x, **options), params)
    window = make_pool_window(x, **options)
    real = image_windows(affine.dequantize(x, params), window, -np.inf)
    assert np.array_equal(out, real.max(axis=(2, 3)))


@quick
@given(pools(), grids(fewest_bits=8))
def test_means_are_within_half_a_step(drawn, y_params):
    x, x_params, options = drawn
    out = pooling.average_pool_int8(
        x, x_params, y_params, **options, count_include_pad=True
    )
    real = affine.dequantize(x, x_params).astype(np.float64)
    rows, cols = options["kernel"]
    window = make_pool_window(x, **options)
    means = image_windows(real, window, 0).sum(axis=(2, 3))
    means /= rows * cols
    low, high = affine.dequantize(
        np.array([y_params.quant_min, y_params.quant_max]), y_params
    )
    error = affine.dequantize(out, y_params) - np.clip(means, low, high)
    assert (abs(error) <= y_params.scale * 0.501).all()


def test_one_rule_for_windows_and_another_for_whole_images():
    grid = AffineParams(1.0, 1, bits=8, signed=False)
    x = np.array([[[[1, 2, 3, 4]]]], np.uint8)  # 0, 1, 2 and 3
    out = pooling.average_pool_int8(x, grid, grid, kernel=(1, 2))
    assert out.ravel().tolist() == [2, 4]  # 0.5 + 1 to 2, 2.5 + 1 to 4
    halves = [
        pooling.average_pool_int8(part, grid, grid, kernel=(1, 2)).item()
        for part in (x[..., :2], x[..., 2:])
    ]
    assert halves == [1, 3]  # 0.5 to 0, 2.5 to 2, then 1 is added


def test_padding_is_not_the_largest_and_counts_as_asked():
    x = np.full((1, 1, 2, 2), -100, np.int8)
    out = pooling.max_pool_int8(x, kernel=2, stride=1, padding=1)
    assert (out == -100).all()
    means = [
        pooling.average_pool_int8(
            x, INT8, INT8, kernel=2, padding=1, count_include_pad=counted
        )[0, 0, 0, 0]
        for counted in (False, True)
    ]
    assert means == [-100, -23]  # -103 / 4 + 3 = -22.75


def test_inputs_of_any_layout_are_left_as_they_are():
    x = random_codes(np.random.default_rng(0), np.uint8, 6, 8, 3, 2)
    turned = x.transpose(3, 2, 0, 1)[..., ::-1]
    turned.flags.writeable = False  # numpy raises where a kernel writes
    for pool in (
        lambda x: pooling.max_pool_int8(x, kernel=2),
        lambda x: pooling.average_pool_int8(x, UINT8, INT8, kernel=2),
        lambda x: pooling.global_average_pool_int8(x, UINT8, INT8),
    ):
        assert same(pool(turned), pool(turned.copy()))


def max_pool(x=X, kernel=2, **options):
    return pooling.max_pool_int8(x, kernel=kernel, **options)


def average(x=X, x_params=UINT8, y_params=UINT8, kernel=2, **options):
    return pooling.average_pool_int8(
        x, x_params, y_params, kernel=kernel, **options
    )


def overall(x=X, x_params=UINT8, y_params=UINT8):
    return pooling.global_average_pool_int8(x, x_params, y_params)


def params(scale=0.5, zero_point=0, bits=8, signed=False):
    return AffineParams(scale, zero_point, bits, signed)


MISTAKES = [
    (lambda: max_pool(x=[[1]]), "x must be a numpy array, got list"),
    (
        lambda: max_pool(x=X.astype(np.int32)),
        "x must be int8 or uint8, got int32",
    ),
    (lambda: max_pool(x=X[0]), "x must have 4 axes, got shape (2, 4, 5)"),
    (lambda: max_pool(kernel=0), "kernel must be >= 1, got 0"),
    (
        lambda: max_pool(kernel=(1, 2, 3)),
        "kernel must be an int or a pair, got (1, 2, 3)",
    ),
    (lambda: max_pool(stride=0), "stride must be >= 1, got 0"),
    (lambda: max_pool(padding=-1), "padding must be >= 0, got -1"),
    (
        lambda: max_pool(kernel=(3, 2), padding=2),
        "padding must be less than the kernel (3, 2), got 2",
    ),
    (
        lambda: max_pool(kernel=(4, 6)),
        "kernel must fit the padded x, got a span of (4, 6) in (4, 5)",
    ),
    (lambda: average(x_params=0.5), "x_params must be AffineParams, got float"),
    (
        lambda: average(y_params=params(bits=16)),
        "y_params must have 8 bits or less, got 16",
    ),
    (
        lambda: average(x_params=params([0.5, 1.0])),
        "x_params must have one scale, got shape (2,)",
    ),
    (lambda: average(x_params=INT8), "x must be int8, got uint8"),
    (
        lambda: average(x=X * 9, x_params=params(bits=3)),
        "x must be in [0, 7], got 9 to 9",
    ),
    (
        lambda: average(x_params=params(1e10), y_params=params(1e-10)),
        "scale of x_params / scale of y_params must be > 0 and at most "
        "2**29, got 1.0000000200408773e+20",
    ),
    (
        lambda: average(count_include_pad=1),
        "count_include_pad must be True or False, got int",
    ),
    (lambda: overall(x=X[0]), "x must have 4 axes, got shape (2, 4, 5)"),
    (
        lambda: overall(x=X[:, :, :0]),
        "pixels of x must be in [1, 8388608], got 0",
    ),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES)
def test_mistakes_are_refused(mistake, message):
    assert_refused(mistake, message)
