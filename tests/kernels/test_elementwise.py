"""Sums and products of codes: against the loops, and what they must be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import affine, elementwise, naive
from mini_compress.kernels.affine import AffineParams
from tests.support.mistakes import assert_refused
from tests.support.strategies import codes_of, grids, quick, random_codes

UINT8 = AffineParams(0.5, 3, bits=8, signed=False)
X = np.ones((2, 3), np.uint8)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


ALIKE = SHAPES.map(lambda shape: (shape, shape))
BROADCAST = hnp.mutually_broadcastable_shapes(num_shapes=2, max_side=4).map(
    lambda drawn: drawn.input_shapes
)


@st.composite
def pairs(draw, shapes=ALIKE):
    """Draw two tensors of codes, their grids, and one for the result."""
    params = [draw(grids()) for _ in range(3)]
    a, b = (
        draw(codes_of(one, shape))
        for one, shape in zip(params, draw(shapes), strict=False)
    )
    return a, b, *params


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and np.array_equal(one, other)


@pytest.mark.filterwarnings("error")
@quick
@given(pairs())
def test_add_equals_the_loops(drawn):
    assert same(elementwise.add_int8(*drawn), naive.add_int8(*drawn))


@pytest.mark.filterwarnings("error")
@quick
@given(pairs(BROADCAST))
def test_multiply_equals_the_loops(drawn):
    assert same(elementwise.multiply_int8(*drawn), naive.multiply_int8(*drawn))


@pytest.mark.filterwarnings("error")
@quick
@given(pairs())
def test_rescale_equals_the_loops_and_two_steps(drawn):
    x, _, x_params, _, y_params = drawn
    out = elementwise.rescale_int8(x, x_params, y_params)
    assert same(out, naive.rescale_int8(x, x_params, y_params))
    real = affine.dequantize(x, x_params)
    assert same(out, affine.quantize(real, y_params))


@quick
@given(st.data(), st.integers(1, 3), st.integers(0, 2))
def test_concat_equals_the_loops(data, count, axis):
    params = [data.draw(grids()) for _ in range(count)]
    parts = []
    for one in params:
        shape = [2, 3, 2]
        shape[axis] = data.draw(st.integers(0, 3))
        parts.append(data.draw(codes_of(one, tuple(shape))))
    y_params = data.draw(grids())
    expected = naive.concat_int8(parts, params, y_params, axis=axis)
    for place in (axis, axis - 3):
        out = elementwise.concat_int8(parts, params, y_params, axis=place)
        assert same(out, expected)


@quick
@given(pairs())
def test_results_are_within_half_a_step(drawn):
    a, b, a_params, b_params, y_params = drawn
    real = [
        affine.dequantize(codes, params).astype(np.float64)
        for codes, params in [(a, a_params), (b, b_params)]
    ]
    ends = np.array([y_params.quant_min, y_params.quant_max])
    low, high = affine.dequantize(ends, y_params)
    for operation, exact in [
        (elementwise.add_int8, real[0] + real[1]),
        (elementwise.multiply_int8, real[0] * real[1]),
    ]:
        got = affine.dequantize(operation(*drawn), y_params)
        error = got - np.clip(exact, low, high)
        assert (abs(error) <= y_params.scale * 0.501).all()


@quick
@given(st.data(), grids())
def test_rescale_to_the_same_grid_changes_nothing(data, params):
    x = data.draw(codes_of(params, (5,)))
    assert same(elementwise.rescale_int8(x, params, params), x)


def test_the_zero_point_is_inside_the_rounding_of_sums_and_outside_of_grids():
    half = AffineParams(0.5, 0, bits=8, signed=False)
    odd = AffineParams(1.0, 1, bits=8, signed=False)
    zero, one = np.array([0, 0], np.uint8), np.array([1, 3], np.uint8)
    out = elementwise.add_int8(one, zero, half, half, odd)
    assert out.tolist() == [2, 2]  # 1.5 and 2.5, ties to even
    out = elementwise.rescale_int8(one, half, odd)
    assert out.tolist() == [1, 3]  # 0.5 and 1.5 to 0 and 2, then 1 is added


def test_a_grid_that_begins_at_its_zero_point_is_a_relu():
    rng = np.random.default_rng(0)
    a, b = (random_codes(rng, np.uint8, 500) for _ in range(2))
    both = AffineParams(0.3, 128, bits=8, signed=False)
    relu = AffineParams(0.4, 0, bits=8, signed=False)
    out = elementwise.add_int8(a, b, both, both, relu)
    real = 0.3 * (a.astype(np.float64) + b - 256)
    assert out[real < 0].max() == 0 < out.max()


def test_large_and_strided_inputs_are_left_as_they_are():
    x = random_codes(np.random.default_rng(0), np.uint8, 900, 300)
    a, b = x[::2, ::-1].T, x[1::2].T  # beyond one block of the cache
    a.flags.writeable = b.flags.writeable = False
    for operation in (elementwise.add_int8, elementwise.multiply_int8):
        out = operation(a, b, UINT8, UINT8, UINT8)
        copies = a.copy(), b.copy()
        assert same(out, operation(*copies, UINT8, UINT8, UINT8))
        assert same(out[:1], operation(a[:1], b[:1], UINT8, UINT8, UINT8))


def add(a=X, b=X, a_params=UINT8, b_params=UINT8, y_params=UINT8):
    return elementwise.add_int8(a, b, a_params, b_params, y_params)


def multiply(a=X, b=X, a_params=UINT8, b_params=UINT8, y_params=UINT8):
    return elementwise.multiply_int8(a, b, a_params, b_params, y_params)


def concat(parts=(X, X), params=(UINT8, UINT8), y_params=UINT8, **options):
    return elementwise.concat_int8(parts, params, y_params, **options)


def params(scale=0.5, zero_point=0, bits=8, signed=False):
    return AffineParams(scale, zero_point, bits, signed)


MISTAKES = [
    (lambda: add(a=[1]), "a must be a numpy array, got list"),
    (lambda: add(b=X.astype(np.int8)), "b must be uint8, got int8"),
    (lambda: add(b=X[:1]), "shape of b must be (2, 3), got (1, 3)"),
    (lambda: add(a_params=None), "a_params must be AffineParams, got NoneType"),
    (
        lambda: add(b_params=params([[0.5], [1.0]])),
        "b_params must have one scale, got shape (2, 1)",
    ),
    (
        lambda: add(y_params=params(bits=9)),
        "y_params must have 8 bits or less, got 9",
    ),
    (
        lambda: add(a=X * 4, a_params=params(bits=2)),
        "a must be in [0, 3], got 4 to 4",
    ),
    (
        lambda: add(a_params=params(1e30), y_params=params(1e-30)),
        "scale of a_params / scale of y_params must be > 0 and at most "
        "2**29, got inf",
    ),
    (
        lambda: multiply(b=X[:, :2]),
        "shapes of a and b must broadcast, got (2, 3) and (2, 2)",
    ),
    (
        lambda: multiply(a_params=params(1e30), b_params=params(1e30)),
        "scale of a_params * b_params / scale of y_params must be > 0 and "
        "at most 2**29, got inf",
    ),
    (
        lambda: elementwise.rescale_int8(X, UINT8, params(bits=16)),
        "y_params must have 8 bits or less, got 16",
    ),
    (lambda: concat(parts=()), "parts must hold arrays, got none"),
    (lambda: concat(params=(UINT8,)), "length of params must be 2, got 1"),
    (lambda: concat(axis=2), "axis must be in [-2, 1], got 2"),
    (
        lambda: concat(parts=(X, X[:1])),
        "parts must be alike but for axis 1, got shapes [(2, 3), (1, 3)]",
    ),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES)
def test_mistakes_are_refused(mistake, message):
    assert_refused(mistake, message)
