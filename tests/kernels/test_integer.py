"""Integer products: against the loops, at the limits of exactness, wrapped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import integer, naive
from tests.support.strategies import (
    CODE_DTYPES,
    codes,
    quick,
    random_codes,
    zero_points,
)

INT32 = np.iinfo(np.int32)
SIDE = st.integers(1, 5)


def biases(outputs: int) -> st.SearchStrategy:
    """Draw None or a bias, the ends of int32 often in it."""
    ends = st.sampled_from([INT32.min, INT32.max])
    value = st.integers(-(2**20), 2**20) | ends
    return st.none() | hnp.arrays(np.int32, outputs, elements=value)


@st.composite
def products(draw):
    rows, inner, cols = draw(SIDE), draw(SIDE), draw(SIDE)
    a, b = draw(codes((rows, inner))), draw(codes((inner, cols)))
    a_zero = draw(zero_points(a.dtype, rows))
    b_zero = draw(zero_points(b.dtype, cols))
    return a, b, {"a_zero_point": a_zero, "b_zero_point": b_zero}


@st.composite
def layers(draw):
    samples, inner, outputs = draw(SIDE), draw(SIDE), draw(SIDE)
    x, weight = draw(codes((samples, inner))), draw(codes((outputs, inner)))
    return x, weight, draw(biases(outputs)), draw(zeros_of(x, weight))


@st.composite
def zeros_of(draw, x, weight):
    limits = np.iinfo(x.dtype)
    return {
        "x_zero_point": draw(st.integers(limits.min, limits.max)),
        "weight_zero_point": draw(zero_points(weight.dtype, len(weight))),
    }


@st.composite
def convolutions(draw):
    groups, depth, per_group = (draw(st.integers(1, 2)) for _ in range(3))
    size = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    x = draw(codes((draw(st.integers(1, 2)), groups * depth, 5, 6)))
    weight = draw(codes((groups * per_group, depth, *size)))
    side, step = st.integers(0, 2), st.integers(1, 2)
    options = {
        **draw(zeros_of(x, weight)),
        "stride": draw(step | st.tuples(step, step)),
        "dilation": draw(step | st.tuples(step, step)),
        "padding": draw(
            side | st.tuples(side, side) | st.tuples(side, side, side, side)
        ),
        "groups": groups,
    }
    return x, weight, draw(biases(len(weight))), options


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays are int32 and agree in shape and every value."""
    return one.dtype == other.dtype == np.int32 and np.array_equal(one, other)


@quick
@given(products())
def test_matmul_equals_the_loops(drawn):
    a, b, zeros = drawn
    expected = naive.matmul_int8(a, b, **zeros)
    assert same(integer.matmul_int8(a, b, **zeros), expected)


@quick
@given(layers())
def test_linear_equals_the_loops(drawn):
    x, weight, bias, zeros = drawn
    expected = naive.linear_int8(x, weight, bias, **zeros)
    assert same(integer.linear_int8(x, weight, bias, **zeros), expected)


@quick
@given(convolutions())
def test_conv2d_equals_the_loops(drawn):
    x, weight, bias, options = drawn
    expected = naive.conv2d_int8(x, weight, bias, **options)
    assert same(integer.conv2d_int8(x, weight, bias, **options), expected)


@pytest.mark.parametrize("a_dtype", CODE_DTYPES)
@pytest.mark.parametrize("b_dtype", CODE_DTYPES)
@pytest.mark.parametrize("inner", [0, 1, 300, 1500])
def test_zero_points_subtracted_first_give_the_same(a_dtype, b_dtype, inner):
    rng = np.random.default_rng(inner)
    rows, cols = 259, 1029  # more than any block of a BLAS, and odd
    a = random_codes(rng, a_dtype, rows, inner)
    b = random_codes(rng, b_dtype, inner, cols)
    a_zero = random_codes(rng, a_dtype, rows)
    b_zero = random_codes(rng, b_dtype, cols)
    expected = (a.astype(float) - a_zero[:, None]) @ (b - b_zero.astype(float))
    out = integer.matmul_int8(a, b, a_zero_point=a_zero, b_zero_point=b_zero)
    assert same(out, expected.astype(np.int32))


@pytest.mark.parametrize(
    ("a_value", "b_value"), [(-128, -128), (255, -128), (255, 255)]
)
@pytest.mark.parametrize(
    "inner", [257, 258, 259, 513, 514, 515, 516, 1023, 1024, 1025, 1029, 2049]
)
def test_sums_of_the_largest_products_are_exact(a_value, b_value, inner):
    # one product of 1 makes the sum odd: float32 ends at 2**24 for those
    kinds = {-128: np.int8, 255: np.uint8}
    a = np.full((3, inner), a_value, kinds[a_value])
    b = np.full((inner, 2), b_value, kinds[b_value])
    a[:, 0] = b[0] = 1
    expected = a_value * b_value * (inner - 1) + 1
    assert same(integer.matmul_int8(a, b), np.full((3, 2), expected, np.int32))
    weight = b.T.copy()
    assert same(
        integer.linear_int8(a, weight), np.full((3, 2), expected, np.int32)
    )
    image = a[:1].reshape(1, inner, 1, 1)
    filters = weight.reshape(2, inner, 1, 1)
    out = integer.conv2d_int8(image, filters)
    assert same(out, np.full((1, 2, 1, 1), expected, np.int32))


@pytest.mark.parametrize(
    ("a", "b", "inner"),
    [
        (np.int8(-128), np.int8(-128), 2**17 - 1),  # the longest that fits
        (np.int8(-128), np.int8(-128), 2**17),  # 2**31 becomes -2**31
        (np.uint8(255), np.uint8(255), 33_025),
        (np.uint8(255), np.uint8(255), 33_026),
        (np.uint8(255), np.int8(-128), 66_000),
    ],
)
@pytest.mark.filterwarnings("error")
def test_sums_wrap_around_in_32_bits(a, b, inner):
    row, column = np.full((1, inner), a), np.full((inner, 1), b)
    wrapped = (int(a) * int(b) * inner + 2**31) % 2**32 - 2**31
    expected = np.array([[wrapped]], np.int32)
    assert same(integer.matmul_int8(row, column), expected)
    # the same factors again, now all of them from the zero points
    no_row, no_column = np.zeros_like(row), np.zeros_like(column)
    zeros = {"a_zero_point": a, "b_zero_point": b}
    assert same(integer.matmul_int8(no_row, no_column, **zeros), expected)


def test_large_images_in_groups():
    rng = np.random.default_rng(0)
    x = random_codes(rng, np.uint8, 2, 2, 7, 1031)
    weight = random_codes(rng, np.int8, 2, 1, 2, 2)
    zeros = {"x_zero_point": 9, "weight_zero_point": np.array([3, -4])}
    out = integer.conv2d_int8(x, weight, groups=2, **zeros)
    assert same(out, naive.conv2d_int8(x, weight, groups=2, **zeros))


@pytest.mark.filterwarnings("error")
def test_a_bias_wraps_too():
    x, weight = np.ones((1, 1), np.int8), np.ones((1, 1), np.int8)
    bias = np.array([INT32.max], np.int32)
    assert integer.linear_int8(x, weight, bias).tolist() == [[INT32.min]]
    image, filters = x.reshape(1, 1, 1, 1), weight.reshape(1, 1, 1, 1)
    out = integer.conv2d_int8(image, filters, bias)
    assert out.tolist() == [[[[INT32.min]]]]


def test_leading_axes_broadcast():
    rng = np.random.default_rng(0)
    a = random_codes(rng, np.uint8, 2, 1, 3, 4)
    b = random_codes(rng, np.int8, 5, 4, 2)
    zeros = {"a_zero_point": np.arange(3), "b_zero_point": np.arange(2) - 7}
    out = integer.matmul_int8(a, b, **zeros)
    assert out.shape == (2, 5, 3, 2)
    for i, j in np.ndindex(2, 5):
        assert same(out[i, j], naive.matmul_int8(a[i, 0], b[j], **zeros))


@pytest.mark.parametrize("lead", [(), (1,), (2, 3), (0,), (2, 0)])
def test_linear_keeps_leading_axes(lead):
    rng = np.random.default_rng(0)
    x = random_codes(rng, np.uint8, *lead, 4)
    weight = random_codes(rng, np.int8, 5, 4)
    bias = np.arange(5, dtype=np.int32)
    out = integer.linear_int8(x, weight, bias, x_zero_point=9)
    rows = naive.linear_int8(x.reshape(-1, 4), weight, bias, x_zero_point=9)
    assert same(out, rows.reshape(*lead, 5))


@pytest.mark.parametrize(
    ("a_shape", "b_shape"),
    [
        ((0, 3), (3, 2)),
        ((2, 3), (3, 0)),
        ((2, 0), (0, 3)),
        ((0, 2, 3), (3, 2)),
        ((0, 0), (0, 0)),
    ],
)
def test_products_of_empty_matrices_are_empty_or_zero(a_shape, b_shape):
    a, b = np.empty(a_shape, np.int8), np.empty(b_shape, np.uint8)
    out = integer.matmul_int8(a, b, a_zero_point=5, b_zero_point=7)
    assert same(out, np.zeros((*a_shape[:-1], b_shape[1]), np.int32))
    if a.ndim == 2:
        out = integer.linear_int8(a, b.T, weight_zero_point=7)
        assert same(out, np.zeros((a_shape[0], b_shape[1]), np.int32))


@pytest.mark.parametrize(
    ("x_shape", "weight_shape", "out_shape"),
    [
        ((0, 2, 4, 4), (3, 2, 3, 3), (0, 3, 4, 4)),
        ((2, 2, 4, 4), (0, 2, 3, 3), (2, 0, 4, 4)),
        ((2, 0, 4, 4), (3, 0, 3, 3), (2, 3, 4, 4)),
        ((2, 2, 0, 4), (3, 2, 2, 3), (2, 3, 1, 4)),
    ],
)
def test_convolutions_of_empty_arrays_are_empty_or_zero(
    x_shape, weight_shape, out_shape
):
    x = np.full(x_shape, 3, np.uint8)
    weight = np.ones(weight_shape, np.int8)
    # all that is left is padding, which stands for real 0
    out = integer.conv2d_int8(x, weight, padding=1, x_zero_point=9)
    assert same(out, np.zeros(out_shape, np.int32))


def test_strided_operands_give_the_result_of_their_copies():
    rng = np.random.default_rng(0)
    a = random_codes(rng, np.uint8, 9, 12)[::2, ::-3]  # (5, 4)
    b = random_codes(rng, np.int8, 6, 8).T[::2]  # (4, 6)
    out = integer.matmul_int8(a, b)
    assert same(out, integer.matmul_int8(a.copy(), b.copy()))
    assert same(integer.linear_int8(a, b.T), out)

    x = random_codes(rng, np.uint8, 8, 3, 7, 4).swapaxes(1, 3)[::2]
    weight = random_codes(rng, np.int8, 3, 3, 4, 2).T[:, :, ::-1]
    out = integer.conv2d_int8(x, weight)
    assert same(out, integer.conv2d_int8(x.copy(), weight.copy()))


def test_inputs_stay_as_they_were():
    rng = np.random.default_rng(0)
    x, weight = (
        random_codes(rng, np.int8, 4, 3),
        random_codes(rng, np.int8, 2, 3),
    )
    bias = np.arange(2, dtype=np.int32)
    points = np.arange(2)
    images, filters = x.reshape(1, 3, 2, 2), weight.reshape(2, 3, 1, 1)
    for array in (x, weight, bias, points, images, filters):
        array.flags.writeable = False  # numpy raises where a kernel writes
    integer.matmul_int8(x, weight.T, b_zero_point=points)
    integer.linear_int8(x, weight, bias, weight_zero_point=points)
    integer.conv2d_int8(
        images, filters, bias, weight_zero_point=points, padding=1
    )


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64])
def test_options_of_numpy_count_as_pythons(kind):
    rng = np.random.default_rng(0)
    x = random_codes(rng, np.uint8, 1, 2, 200, 3)
    weight = random_codes(rng, np.int8, 4, 1, 3, 3)
    options = {"padding": 100, "stride": 2, "groups": 2, "x_zero_point": 9}
    given_ones = {name: kind(value) for name, value in options.items()}
    out = integer.conv2d_int8(x, weight, **given_ones)
    assert same(out, integer.conv2d_int8(x, weight, **options))
    acc = np.array([90, -90], np.int32)
    assert (
        integer.requantize(acc, 1.0, kind(100)).tolist()
        == integer.requantize(acc, 1.0, 100).tolist()
    )
