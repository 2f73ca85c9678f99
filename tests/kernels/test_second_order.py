"""Second-order rounding: loops, torch, brute force and laws."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mini_compress.kernels import affine, naive
from mini_compress.kernels.second_order import (
    fix_weight,
    gptq,
    inverse_factor,
    layer_loss,
)
from tests.support.strategies import quick

CORRELATION = 0.9


def chained_inputs(count, width, seed=0):
    """Return AR(1) inputs: each is 0.9 of the one before it, and noise."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((count, width))
    for i in range(1, width):
        noise = np.sqrt(1 - CORRELATION**2) * x[:, i]
        x[:, i] = CORRELATION * x[:, i - 1] + noise
    return x


def problem(rows, cols, bits=4, seed=0, count=None):
    """Return a weight, the Hessian of its inputs and a grid per row."""
    rng = np.random.default_rng(seed)
    weight = rng.standard_normal((rows, cols)).astype(np.float32)
    x = chained_inputs(count or 8 * cols, cols, seed)
    return weight, x.T @ x / len(x), grid(weight, bits)


def grid(weight, bits, axis=1):
    return affine.choose_affine(weight, bits=bits, symmetric=True, axis=axis)


def grouped(weight, bits, size):
    """Return a grid of one step per group of columns, each step repeated."""
    groups = affine.split_groups(weight, size)
    scale = np.array(grid(groups, bits, axis=-1).scale)[..., 0]
    full = np.repeat(scale, size, axis=1)
    return affine.AffineParams(full, 0, bits, signed=True, narrow=True)


def loss(weight, hessian, params, codes):
    return layer_loss(weight, affine.dequantize(codes, params), hessian)


def quantize_by_inverses(weight, hessian, params):
    """Round column by column as OBQ's equations say, in float64.

    After each column the Hessian of those that are left is inverted anew, and
    the least-squares answer to the error is put on them.
    """
    left = weight.astype(np.float64)
    codes = np.empty(weight.shape, params.dtype)
    scale = np.broadcast_to(params.scale, weight.shape)
    for i in range(weight.shape[1]):
        narrow = left[:, i : i + 1].astype(np.float32)
        column = affine.AffineParams(
            scale[:, i : i + 1], 0, params.bits, signed=True, narrow=True
        )
        codes[:, i : i + 1] = affine.quantize(narrow, column)
        error = left[:, i] - scale[:, i].astype(np.float64) * codes[:, i]
        inverse = np.linalg.inv(hessian[i:, i:])
        left[:, i:] -= np.outer(error, inverse[0]) / inverse[0, 0]
    return codes


def damped(hessian, damping=0.01):
    side = len(hessian)
    return hessian + damping * hessian.diagonal().mean() * np.eye(side)


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("order", ["given", "diagonal"])
def test_blocks_equal_the_loops(bits, order):
    weight, hessian, params = problem(3, 10, bits, seed=bits)
    hessian *= np.outer(*[np.random.default_rng(0).uniform(0.5, 2, 10)] * 2)
    hessian[4] = hessian[:, 4] = 0  # a dead column
    expected = naive.gptq(weight, hessian, params, order=order)
    for block in (1, 3, 4, 10, 128):
        got = gptq(weight, hessian, params, block=block, order=order)
        assert np.array_equal(got, expected)


@pytest.mark.parametrize("seed", range(5))
def test_the_inverse_of_what_is_left_gives_the_same_codes(seed):
    weight, hessian, params = problem(8, 40, seed=seed)
    expected = quantize_by_inverses(weight, damped(hessian), params)
    assert np.array_equal(gptq(weight, hessian, params), expected)
    other = quantize_by_inverses(weight, damped(hessian, 0.1), params)
    got = gptq(weight, hessian, params, damping=0.1)
    assert np.array_equal(got, other)
    assert not np.array_equal(other, expected)


@pytest.mark.parametrize("block", [7, 128])
def test_blocks_change_nothing_in_a_wide_layer(block):
    weight, hessian, params = problem(16, 300)
    one_by_one = gptq(weight, hessian, params, block=1)
    assert np.array_equal(
        gptq(weight, hessian, params, block=block), one_by_one
    )


def test_the_factor_is_that_of_torch():
    _, hessian, _ = problem(1, 100)
    hessian = damped(hessian)
    lower = torch.linalg.cholesky(torch.from_numpy(hessian))
    inverse = torch.cholesky_inverse(lower)
    expected = torch.linalg.cholesky(inverse, upper=True).numpy()
    got = inverse_factor(hessian)
    np.testing.assert_allclose(got, expected, atol=1e-9)
    np.testing.assert_allclose(
        got, np.linalg.cholesky(np.linalg.inv(hessian)).T, atol=1e-9
    )
    np.testing.assert_allclose(got.T @ got @ hessian, np.eye(100), atol=1e-9)


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("size", [0.37, 1.0, 1e6])
def test_inputs_apart_give_plain_rounding(bits, size):
    rng = np.random.default_rng(bits)
    weight = rng.standard_normal((20, 64)).astype(np.float32)
    for params in (
        grid(weight, bits),
        grid(weight, bits, axis=None),
        grouped(weight, bits, 16),
        affine.choose_affine(weight, bits=bits, axis=1),  # asymmetric
    ):
        expected = affine.quantize(weight, params)
        for order in ("given", "diagonal"):
            got = gptq(weight, size * np.eye(64), params, order=order)
            assert np.array_equal(got, expected)
            assert got.dtype == expected.dtype


@given(seed=st.integers(0, 10_000))
@quick
def test_the_scale_of_the_hessian_does_not_matter(seed):
    weight, hessian, params = problem(4, 12, seed=seed)
    hessian[3] = hessian[:, 3] = 0
    # powers of two, which change no digit
    assert np.array_equal(
        gptq(weight, hessian, params), gptq(weight, 1024 * hessian, params)
    )


def test_correlated_inputs_lose_a_fifth_of_plain_rounding():
    shares = []
    for seed in range(5):
        weight, hessian, params = problem(64, 128, seed=seed)
        pushed = loss(weight, hessian, params, gptq(weight, hessian, params))
        plain = affine.quantize(weight, params)
        shares.append(pushed / loss(weight, hessian, params, plain))
    assert np.median(shares) <= 0.3


@pytest.mark.parametrize("seed", range(10))
def test_no_rounding_up_or_down_is_better_than_the_best(seed):
    weight, hessian, params = problem(1, 6, bits=2, seed=seed)
    exact = {"damping": 0.0}
    got = loss(weight, hessian, params, gptq(weight, hessian, params, **exact))
    every = itertools.product([-1, 0, 1], repeat=6)  # all that 2 bits can say
    losses = [
        loss(weight, hessian, params, np.array([codes], np.int8))
        for codes in every
    ]
    assert min(losses) * (1 - 1e-6) <= got < np.median(losses)


@pytest.mark.parametrize("order", ["given", "diagonal"])
def test_groups_keep_their_own_steps_in_any_order(order):
    weight, hessian, _ = problem(4, 32)
    weight[:, :8] *= 3
    hessian *= np.outer(*[np.linspace(0.3, 3, 32)] * 2)
    params = grouped(weight, 4, 8)
    codes = gptq(weight, hessian, params, order=order)
    loops = naive.gptq(weight, hessian, params, order=order)
    assert np.array_equal(codes, loops)
    plain = affine.quantize(weight, params)
    pushed = loss(weight, hessian, params, codes)
    assert pushed < 0.5 * loss(weight, hessian, params, plain)


def test_dead_columns_become_zero_and_move_nothing():
    weight, hessian, params = problem(5, 12)
    hessian[[2, 7]] = hessian[:, [2, 7]] = 0
    alive = np.delete(np.arange(12), [2, 7])
    codes = gptq(weight, hessian, params)
    assert not codes[:, [2, 7]].any()
    rest = gptq(weight[:, alive], hessian[np.ix_(alive, alive)], params)
    assert np.array_equal(codes[:, alive], rest)
    assert not gptq(weight, np.zeros((12, 12)), params).any()


def test_few_inputs_need_damping():
    weight, hessian, params = problem(3, 12, count=5)
    with pytest.raises(ValueError, match="raise the damping"):
        gptq(weight, hessian, params, damping=0)
    codes = gptq(weight, hessian, params)
    plain = affine.quantize(weight, params)
    assert loss(weight, hessian, params, codes) < 0.5 * loss(
        weight, hessian, params, plain
    )


@given(seed=st.integers(0, 10_000), value=st.floats(-2, 2))
@quick
def test_a_fixed_weight_costs_the_least_that_it_can(seed, value):
    rng = np.random.default_rng(seed)
    x = chained_inputs(40, 5, seed)
    hessian, row = x.T @ x, rng.standard_normal(5)
    moved, inverse, cost = fix_weight(row, np.linalg.inv(hessian), 2, value)
    # least squares over the others, the third held at its value
    others = [0, 1, 3, 4]
    target = x @ row - value * x[:, 2]
    expected, *_ = np.linalg.lstsq(x[:, others], target)
    np.testing.assert_allclose(moved[others], expected, atol=1e-9)
    assert moved[2] == value
    missed = layer_loss(row[None], moved[None], hessian)
    np.testing.assert_allclose(cost, missed, rtol=1e-7, atol=1e-9)
    left = np.linalg.inv(hessian[np.ix_(others, others)])
    np.testing.assert_allclose(inverse[np.ix_(others, others)], left, atol=1e-9)
    assert not inverse[2].any()
    assert not inverse[:, 2].any()


def test_fixing_equals_the_loops():
    rng = np.random.default_rng(0)
    row, x = rng.standard_normal(6), chained_inputs(30, 6)
    inverse = np.linalg.inv(x.T @ x)
    loops, inverse_of_loops = row, inverse
    for index in (3, 0, 5):
        row, inverse, _ = fix_weight(row, inverse, index, 0.25)
        loops, inverse_of_loops = naive.fix_weight(
            loops, inverse_of_loops, index, 0.25
        )
        np.testing.assert_allclose(row, loops, rtol=1e-12)
        np.testing.assert_allclose(inverse, inverse_of_loops, atol=1e-15)
    assert (row[[3, 0, 5]] == 0.25).all()


def test_the_loss_is_the_squared_error_of_the_outputs():
    rng = np.random.default_rng(0)
    weight, near = rng.standard_normal((2, 7, 9))
    x = rng.standard_normal((50, 9))
    expected = np.square(x @ weight.T - x @ near.T).sum(axis=1).mean()
    assert layer_loss(weight, near, x.T @ x / 50) == pytest.approx(expected)
