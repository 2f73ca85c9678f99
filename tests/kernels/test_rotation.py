"""Hadamard rotations: against scipy and the loops, and what must hold."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels import naive, rotation
from tests.support.strategies import quick, reals

SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, max_side=21)


@pytest.mark.parametrize("size", [1, 2, 4, 8, 32, 256])
def test_the_matrix_is_that_of_scipy_and_of_the_loops(size):
    got = rotation.hadamard(size)
    assert np.allclose(got, scipy.linalg.hadamard(size) / np.sqrt(size))
    assert np.allclose(got, naive.hadamard(size))
    assert np.allclose(got @ got, np.eye(size))


@quick
@given(reals(SHAPES), st.integers(0, 5), st.booleans())
def test_rotating_equals_the_loops_and_is_undone(x, seed, inverse):
    signs = rotation.random_signs(x.shape[-1], seed=seed)
    got = rotation.rotate(x, signs, inverse=inverse)
    assert (got.dtype, got.shape) == (x.dtype, x.shape)
    largest = np.abs(x).max(initial=1) * x.shape[-1]
    close = {"atol": 8 * np.finfo(x.dtype).eps * largest, "rtol": 0}
    expected = naive.rotate(x, signs, inverse=inverse)
    assert np.allclose(got, expected, **close)
    back = rotation.rotate(got, signs, inverse=not inverse)
    assert np.allclose(back, x, **close)


@pytest.mark.parametrize("length", [1, 2, 9, 100, 300, 784])
def test_products_of_rows_stay(length):
    rng = np.random.default_rng(0)
    weight, x = rng.normal(size=(2, 5, length))
    signs = rotation.random_signs(length, seed=3)
    rotated = rotation.rotate(weight, signs) @ rotation.rotate(x, signs).T
    assert np.allclose(rotated, weight @ x.T)
    sizes = rotation.block_sizes(length)
    assert sum(sizes) == length
    assert sizes == sorted(set(sizes), reverse=True)


def test_an_outlier_is_spread():
    row = np.zeros(64, np.float32)
    row[5] = 8
    spread = np.abs(rotation.rotate(row, rotation.random_signs(64)))
    assert np.allclose(spread, 1)


def test_signs_are_drawn_evenly_and_by_the_seed():
    signs = rotation.random_signs(10_000, seed=1)
    assert signs.dtype == np.int8
    assert set(signs.tolist()) == {-1, 1}
    assert abs(signs.mean()) < 0.04  # four standard errors
    assert np.array_equal(signs, rotation.random_signs(10_000, seed=1))
    assert not np.array_equal(signs, rotation.random_signs(10_000, seed=2))


def test_the_input_stays_as_it_was():
    x = np.arange(24.0).reshape(4, 6)[::2, ::-1]
    x.flags.writeable = False
    got = rotation.rotate(x, rotation.random_signs(6))
    assert np.array_equal(
        got, rotation.rotate(x.copy(), rotation.random_signs(6))
    )
    got[:] = 0
    assert rotation.rotate(x[:0]).shape == (0, 6)


ONE = np.ones((2, 4), np.float32)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: rotation.hadamard(12), ValueError, "power of two, got 12"),
        (lambda: rotation.hadamard(0), ValueError, "size must be >= 1, got 0"),
        (lambda: rotation.hadamard(4.0), TypeError, "size must be a whole"),
        (
            lambda: rotation.rotate(ONE.astype(int)),
            TypeError,
            "x must be float",
        ),
        (lambda: rotation.rotate(ONE * np.nan), ValueError, "x must be finite"),
        (lambda: rotation.rotate(ONE[:, :0]), ValueError, "got shape (2, 0)"),
        (lambda: rotation.rotate(ONE[0, 0, ...]), ValueError, "got shape ()"),
        (
            lambda: rotation.rotate(ONE, np.ones(4)),
            TypeError,
            "signs must be int8, got float64",
        ),
        (
            lambda: rotation.rotate(ONE, np.ones(3, np.int8)),
            ValueError,
            "shape of signs must be (4,), got (3,)",
        ),
        (
            lambda: rotation.rotate(ONE, np.array([1, -1, 0, 1], np.int8)),
            ValueError,
            "signs must be 1 and -1",
        ),
        (
            lambda: rotation.rotate(ONE, inverse=1),
            TypeError,
            "inverse must be True or False, got int",
        ),
        (
            lambda: rotation.random_signs(4, seed=-1),
            ValueError,
            "seed must be >= 0, got -1",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)
