"""Softmax and layer normalization of codes: loops, floats, invariances."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from mini_compress.kernels import naive, tables
from mini_compress.kernels.affine import AffineParams, dequantize
from tests.support.strategies import CODE_DTYPES, codes, quick

SCALES = st.floats(2.0**-9, 2) | st.sampled_from([0.25, 0.5, 1.0])
SHAPES = st.sampled_from([(1,), (5,), (3, 4), (2, 3, 2), (0, 3)])


def grid_of(values: np.ndarray, scale: float, zero: int = 0) -> AffineParams:
    return AffineParams(scale, zero, 8, values.dtype == np.int8)


@quick
@given(SHAPES.flatmap(codes), SCALES)
def test_softmax_equals_the_loops(drawn, scale):
    params = grid_of(drawn, scale)
    got = tables.softmax_int8(drawn, params)
    assert got.dtype == drawn.dtype
    assert np.array_equal(got, naive.softmax_int8(drawn, params))


@quick
@given(codes((4, 6)), SCALES)
def test_softmax_is_within_half_a_step_of_the_real_one(drawn, scale):
    params = grid_of(drawn, scale)
    real = torch.from_numpy(dequantize(drawn, params)).double()
    exact = functional.softmax(real, dim=-1).numpy()
    grid = tables.softmax_params(signed=params.signed)
    got = dequantize(tables.softmax_int8(drawn, params), grid)
    assert (got[exact > 255.5 / 256] == 255 / 256).all()
    off = np.abs(got - np.minimum(exact, 255 / 256))
    assert off.max() <= 0.5 / 256 * (1 + 1e-5)


@pytest.mark.parametrize("dtype", CODE_DTYPES)
def test_softmax_takes_any_axis_and_forgets_the_zero_point(dtype):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 100, (3, 4, 5)).astype(dtype)
    params = grid_of(x, 0.1)
    last = tables.softmax_int8(np.moveaxis(x, 1, -1), params)
    for axis in (1, -2):
        got = tables.softmax_int8(x, params, axis=axis)
        assert np.array_equal(np.moveaxis(got, 1, -1), last)
    assert np.array_equal(
        tables.softmax_int8(x, grid_of(x, 0.1, 90), axis=1), got
    )
    alone = tables.softmax_int8(x[:, :1], params, axis=1)
    assert (alone == np.iinfo(dtype).max).all()


def draw_layer(
    rng: np.random.Generator, n: int, signed: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, AffineParams, AffineParams]:
    """Return codes, weight, bias and both grids of a layer normalization."""
    low = -128 if signed else 0
    spread = rng.uniform(2, 40)
    drawn = np.rint(rng.normal(low + 128, spread, (60, n)))
    x = np.clip(drawn, low, low + 255).astype(np.int8 if signed else np.uint8)
    zero_points = rng.integers(low, low + 256, 2).tolist()
    x_params = AffineParams(rng.uniform(0.01, 0.1), zero_points[0], 8, signed)
    y_params = AffineParams(rng.uniform(0.01, 0.1), zero_points[1], 8, signed)
    weight, bias = rng.normal(1, 0.3, n), rng.normal(0, 0.3, n)
    return x, weight, bias, x_params, y_params


def float_steps(x, weight, bias, x_params, y_params, eps=1e-5) -> np.ndarray:
    """Return what torch gives, in steps of the output, not yet rounded."""
    zero = int(x_params.zero_point)
    real = (x.astype(np.float64) - zero) * np.float64(x_params.scale)
    y = functional.layer_norm(
        torch.from_numpy(real),
        (x.shape[-1],),
        torch.from_numpy(weight),
        torch.from_numpy(bias),
        eps,
    )
    steps = y.numpy() / np.float64(y_params.scale)
    return steps + int(y_params.zero_point)


@pytest.mark.parametrize("n", [1, 2, 3, 16, 100])
@pytest.mark.parametrize("signed", [True, False])
def test_layer_norm_equals_the_loops(n, signed):
    layer = draw_layer(np.random.default_rng(n), n, signed)
    for eps in (0, 1e-5, 0.3):
        got = tables.layer_norm_int8(*layer, eps=eps)
        expected = naive.layer_norm_int8(*layer, eps=eps)
        assert got.dtype == layer[-1].dtype
        assert np.array_equal(got, expected)


def test_layer_norm_keeps_the_last_bits_of_the_loops():
    # of two codes both are 1 deviation off, but for eps; that is taken away
    gaps = np.arange(1, 100)
    x = np.stack([100 + gaps, np.full_like(gaps, 100)], axis=1)  # (99, 2)
    layer = (
        x.astype(np.uint8),
        np.ones(2),
        np.array([-1.0, 1.0]),
        AffineParams(0.05, 0, 8, signed=False),
        AffineParams(2.0**-13, 0, 8, signed=True),
    )
    got = tables.layer_norm_int8(*layer, eps=1e-3)
    assert len(np.unique(got)) > 10
    assert np.array_equal(got, naive.layer_norm_int8(*layer, eps=1e-3))


@pytest.mark.parametrize("n", [4, 16, 64, 768])
@pytest.mark.parametrize("signed", [True, False])
def test_layer_norm_differs_from_the_real_one_at_near_ties_only(n, signed):
    layer = draw_layer(np.random.default_rng(n), n, signed)
    got = tables.layer_norm_int8(*layer)
    steps = float_steps(*layer)
    limits = np.iinfo(got.dtype)
    nearest = np.clip(np.rint(steps), limits.min, limits.max)
    assert len(np.unique(got)) > 50  # not all of it saturates
    off = np.abs(got - np.clip(steps, limits.min, limits.max))
    # the root is floored at 2**-8 of n * deviation, here at least 4
    assert off.max() <= 0.5 + 0.01
    assert (got != nearest).mean() <= 0.005


@quick
@given(
    codes((3, 5)),
    SCALES,
    st.integers(0, 100),
    st.lists(st.integers(-20, 20), min_size=3, max_size=3),
)
def test_layer_norm_forgets_shift_scale_and_zero_point(x, scale, zero, shifts):
    x = np.clip(x, 30, 90)
    y_params = AffineParams(0.02, 0, 8, signed=True)
    weight, bias = np.linspace(-2, 2, 5), np.linspace(0, 1, 5)

    def normalize(x: np.ndarray, x_params: AffineParams) -> np.ndarray:
        return tables.layer_norm_int8(
            x, weight, bias, x_params, y_params, eps=0
        )

    y = normalize(x, grid_of(x, scale))
    assert np.array_equal(normalize(x, grid_of(x, 3.0, zero)), y)
    shifted = (x + np.array(shifts)[:, np.newaxis]).astype(x.dtype)
    assert np.array_equal(normalize(shifted, grid_of(x, scale)), y)


@pytest.mark.filterwarnings("error")
def test_rows_of_equal_codes_give_the_bias():
    x = np.full((2, 6), 7, np.uint8)
    params = AffineParams(0.5, 0, 8, signed=False)
    y_params = AffineParams(0.25, 3, 8, signed=False)
    weight, bias = np.ones(6), np.arange(6.0)
    for eps in (0, 1e-5):
        y = tables.layer_norm_int8(x, weight, bias, params, y_params, eps=eps)
        assert y.tolist() == [[3, 7, 11, 15, 19, 23]] * 2


def test_nothing_overflows_at_the_limits():
    n = 2**15
    x = np.tile(np.array([0, 255], np.uint8), n // 2)[np.newaxis]
    x_params = AffineParams(1.0, 0, 8, signed=False)
    y_params = AffineParams(2.0**-6, 0, 8, signed=True)
    weight, bias = np.full(n, 2.0**8), np.full(n, 2.0**18)
    for sign in (1, -1):
        y = tables.layer_norm_int8(x, weight, sign * bias, x_params, y_params)
        assert (y == (127 if sign > 0 else -128)).all()
    # one code against all others has the largest normalized number
    x = np.zeros((1, n), np.uint8)
    x[0, 0] = 255
    y = tables.layer_norm_int8(x, weight, 0 * bias, x_params, y_params)
    assert y[0, 0] == 127
    assert (y[0, 1:] == -91).all()  # -2**14 / sqrt(2**15 - 1)
    eps = 2.0**45 / n**2
    y = tables.layer_norm_int8(x, weight, 0 * bias, x_params, y_params, eps=eps)
    steps = float_steps(x, weight, 0 * bias, x_params, y_params, eps)
    assert np.array_equal(y, np.clip(np.rint(steps), -128, 127))
