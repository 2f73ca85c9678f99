"""Operations between grids in integers: against loops and exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import fixed_point, naive
from mini_compress.kernels.affine import AffineParams
from tests.support.strategies import codes_of, grids, quick

UINT8 = AffineParams(0.5, 3, bits=8, signed=False)
X = np.ones((2, 3), np.uint8)
ROUNDINGS = st.sampled_from(fixed_point.ROUNDINGS)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and np.array_equal(one, other)


def real(codes: np.ndarray, params: AffineParams) -> list[Fraction]:
    scale, zero = Fraction(float(params.scale)), int(params.zero_point)
    return [scale * (int(code) - zero) for code in codes.flat]


def assert_near(
    codes: np.ndarray,
    exact: list[Fraction],
    params: AffineParams,
    rounding: str = "fixed_single",
) -> None:
    """Codes are within half a step of what is exact, 3/4 if rounded twice."""
    most = Fraction(1, 2) if rounding == "fixed_single" else Fraction(3, 4)
    scale, zero = Fraction(float(params.scale)), int(params.zero_point)
    for code, number in zip(codes.flat, exact, strict=True):
        wanted = min(
            max(number / scale + zero, params.quant_min), params.quant_max
        )
        assert abs(int(code) - wanted) <= most + Fraction(1, 1000)


@quick
@given(st.data())
def test_add(data):
    params = [data.draw(grids()) for _ in range(3)]
    shape = data.draw(SHAPES)
    a, b = (data.draw(codes_of(one, shape)) for one in params[:2])
    rounding = data.draw(ROUNDINGS)
    codes = fixed_point.add_fixed(a, b, *params, rounding=rounding)
    assert same(codes, naive.add_fixed(a, b, *params, rounding=rounding))
    one, other = real(a, params[0]), real(b, params[1])
    exact = [x + y for x, y in zip(one, other, strict=True)]
    assert_near(codes, exact, params[2], rounding)


@quick
@given(st.data())
def test_multiply(data):
    params = [data.draw(grids()) for _ in range(3)]
    drawn = data.draw(
        hnp.mutually_broadcastable_shapes(num_shapes=2, max_side=3)
    )
    a, b = (
        data.draw(codes_of(one, shape))
        for one, shape in zip(params, drawn.input_shapes, strict=False)
    )
    rounding = data.draw(ROUNDINGS)
    codes = fixed_point.multiply_fixed(a, b, *params, rounding=rounding)
    assert same(codes, naive.multiply_fixed(a, b, *params, rounding=rounding))
    one, other = np.broadcast_arrays(a, b)
    pairs = zip(real(one, params[0]), real(other, params[1]), strict=True)
    exact = [x * y for x, y in pairs]
    assert_near(codes, exact, params[2], rounding)


@quick
@given(st.data())
def test_rescale(data):
    params = [data.draw(grids()) for _ in range(2)]
    x = data.draw(codes_of(params[0], data.draw(SHAPES)))
    rounding = data.draw(ROUNDINGS)
    codes = fixed_point.rescale_fixed(x, *params, rounding=rounding)
    assert same(codes, naive.rescale_fixed(x, *params, rounding=rounding))
    assert_near(codes, real(x, params[0]), params[1], rounding)


@quick
@given(st.data())
def test_average_pool(data):
    params = [data.draw(grids()) for _ in range(2)]
    kernel = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    options = {
        "kernel": kernel,
        "stride": data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "padding": tuple(data.draw(st.integers(0, x // 2)) for x in kernel),
        "count_include_pad": data.draw(st.booleans()),
        "rounding": data.draw(ROUNDINGS),
    }
    shape = (2, 1, *(data.draw(st.integers(x, 5)) for x in kernel))
    x = data.draw(codes_of(params[0], shape))
    codes = fixed_point.average_pool_fixed(x, *params, **options)
    assert same(codes, naive.average_pool_fixed(x, *params, **options))


def test_a_mean_of_a_whole_image_is_within_half_a_step():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (20, 3, 7, 7), np.uint8)
    y_params = AffineParams(0.013, 7, bits=8, signed=False)
    x_params = AffineParams(0.01, 100, bits=8, signed=False)
    codes = fixed_point.average_pool_fixed(
        x, x_params, y_params, kernel=7, rounding="fixed_single"
    )
    exact = [
        sum(real(image, x_params), Fraction()) / 49
        for image in x.reshape(60, 49)
    ]
    assert_near(codes, exact, y_params)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: fixed_point.add_fixed(X, X[:1], UINT8, UINT8, UINT8),
            r"shape of b must be \(2, 3\), got \(1, 3\)",
        ),
        (
            lambda: fixed_point.multiply_fixed(
                X, X[:, :2], UINT8, UINT8, UINT8
            ),
            "shapes of a and b must broadcast",
        ),
        (
            lambda: fixed_point.rescale_fixed(
                X, UINT8, UINT8, rounding="float32_half_even"
            ),
            "rounding must be one of fixed_single, fixed_double",
        ),
        (
            lambda: fixed_point.average_pool_fixed(
                X.reshape(1, 1, 2, 3), UINT8, UINT8, kernel=4
            ),
            "kernel must fit",
        ),
    ],
)
def test_bad_requests(call, message):
    with pytest.raises(ValueError, match=message):
        call()
