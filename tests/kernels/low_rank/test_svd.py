"""Truncated SVD: nothing of its rank is nearer, and how near a sketch comes.

Against numpy's full SVD, and scikit-learn's randomized one (tried: 1.9.1).
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.utils import extmath

from mini_compress.kernels.low_rank import randomized_svd, truncated_svd
from tests.support.mistakes import assert_refused
from tests.support.strategies import quick, reals

MATRICES = reals(hnp.array_shapes(min_dims=2, max_dims=2, max_side=7))
BOTH = [truncated_svd, randomized_svd]


def rounding(matrix: np.ndarray) -> float:
    """Return what is taken for 0: a hundred roundings of the norm."""
    norm = float(np.linalg.norm(matrix.astype(np.float64)))
    info = np.finfo(matrix.dtype)
    return 100 * float(info.eps) * norm + float(info.tiny)


def error_of(matrix: np.ndarray, factors) -> float:
    left, values, right = (factor.astype(np.float64) for factor in factors)
    return float(np.linalg.norm(matrix - left * values @ right))


def decaying(rng, rows: int, cols: int, power: float) -> np.ndarray:
    """Return a matrix whose singular values are 1 / i**power."""
    small = min(rows, cols)
    left = np.linalg.qr(rng.standard_normal((rows, small))).Q
    right = np.linalg.qr(rng.standard_normal((cols, small))).Q
    return left / np.arange(1.0, small + 1) ** power @ right.T


@pytest.mark.parametrize("factorize", BOTH)
@quick
@given(MATRICES, st.data())
def test_the_error_is_the_root_of_the_squares_left_out(factorize, matrix, data):
    matrix.flags.writeable = False
    rank = data.draw(st.integers(1, min(matrix.shape)))
    # where the sketch is as wide as the matrix, nothing is random
    left, values, right = factorize(matrix, rank)
    every = np.linalg.svd(matrix.astype(np.float64), compute_uv=False)
    dropped = float(np.sqrt((every[rank:] ** 2).sum()))
    slack = rounding(matrix)
    assert abs(error_of(matrix, (left, values, right)) - dropped) <= slack
    assert np.abs(values - every[:rank]).max() <= slack
    assert left.shape == (len(matrix), rank)
    assert values.shape == (rank,)
    assert right.shape == (rank, matrix.shape[1])
    assert {part.dtype for part in (left, values, right)} == {matrix.dtype}


@pytest.mark.parametrize("factorize", BOTH)
@quick
@given(MATRICES, st.data())
def test_factors_are_orthonormal_and_signs_chosen(factorize, matrix, data):
    rank = data.draw(st.integers(1, min(matrix.shape)))
    left, values, right = factorize(matrix, rank)
    slack = 100 * np.finfo(matrix.dtype).eps
    assert np.abs(left.T @ left - np.eye(rank)).max() <= slack
    assert np.abs(right @ right.T - np.eye(rank)).max() <= slack
    assert (values >= 0).all()
    assert (values[1:] <= values[:-1]).all()
    assert (left.max(axis=0) >= -left.min(axis=0)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_other_matrix_of_the_rank_is_nearer(dtype):
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((12, 9)).astype(dtype)
    for rank in (1, 3, 8):
        left, values, right = truncated_svd(matrix, rank)
        least = error_of(matrix, (left, values, right))
        for _ in range(200):
            step = rng.choice([1e-3, 0.1, 1])
            one = left + step * rng.standard_normal(left.shape)
            # the best right factor for a left one that is near, or far
            other = np.linalg.lstsq(one, matrix, rcond=None)[0]
            assert np.linalg.norm(matrix - one @ other) > least


@pytest.mark.parametrize("shape", [(60, 40), (40, 60)])
def test_signs_and_factors_are_those_of_scikit_learn(shape):
    matrix = decaying(np.random.default_rng(1), *shape, power=1.0)
    ours = truncated_svd(matrix, 5)
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    flipped = extmath.svd_flip(left, right, u_based_decision=True)
    theirs = flipped[0][:, :5], values[:5], flipped[1][:5]
    for one, other in zip(ours, theirs, strict=True):
        assert np.abs(one - other).max() < 1e-12


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(300, 200), (200, 300)])
def test_a_sketch_is_within_a_hundredth_of_the_best(shape, dtype):
    exact = decaying(np.random.default_rng(2), *shape, power=1.0)
    matrix = exact.astype(dtype)
    every = np.linalg.svd(matrix, compute_uv=False)
    for rank in (1, 8, 64):
        best = float(np.sqrt((every[rank:] ** 2).sum()))
        for seed in range(3):
            found = error_of(matrix, randomized_svd(matrix, rank, seed=seed))
            assert found < 1.01 * best
        peer = extmath.randomized_svd(
            matrix,
            rank,
            n_oversamples=10,
            n_iter=2,
            power_iteration_normalizer="QR",
            random_state=0,
        )
        # both are random: neither comes much nearer to the best
        assert found - best < 2 * (error_of(matrix, peer) - best) + 1e-4


def test_power_iterations_and_oversampling_come_nearer():
    matrix = decaying(np.random.default_rng(3), 300, 300, power=0.3)
    errors = [
        np.mean(
            [
                error_of(
                    matrix,
                    randomized_svd(
                        matrix,
                        20,
                        oversample=extra,
                        power_iterations=count,
                        seed=seed,
                    ),
                )
                for seed in range(5)
            ]
        )
        for extra, count in [(0, 0), (20, 0), (20, 1), (20, 4)]
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] - errors[1] > 0.001 * errors[0]


def test_orthonormal_sketches_keep_what_many_products_would_lose():
    # without a QR after each product all columns turn to the first direction
    matrix = decaying(np.random.default_rng(4), 80, 80, power=4.0)
    values = randomized_svd(matrix, 20, power_iterations=6)[1]
    expected = 1 / np.arange(1.0, 21) ** 4
    assert np.abs(values / expected - 1).max() < 1e-6


def test_a_seed_fixes_the_sketch():
    matrix = np.random.default_rng(5).standard_normal((40, 50))
    first, again, other = (
        randomized_svd(matrix, 3, seed=seed, power_iterations=0)
        for seed in (0, 0, 1)
    )
    assert all(map(np.array_equal, first, again))
    assert not np.allclose(first[1], other[1], rtol=1e-6)


@pytest.mark.parametrize("factorize", BOTH)
@pytest.mark.parametrize("exponent", [-120, -20, 100])
def test_a_power_of_two_scales_the_values_alone(factorize, exponent):
    matrix = np.random.default_rng(6).standard_normal((30, 20), np.float32)
    left, values, right = factorize(matrix, 4)
    scale = np.float32(2.0) ** np.float32(exponent)
    scaled = factorize(matrix * scale, 4)
    for one, other in zip(scaled, (left, values * scale, right), strict=True):
        assert np.allclose(
            one, other, rtol=1e-4, atol=1e-5 * np.abs(other).max()
        )


@pytest.mark.parametrize("factorize", BOTH)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_largest_and_smallest_floats_are_no_exception(factorize, dtype):
    info = np.finfo(dtype)
    for size in (info.max / 8, info.max, info.smallest_subnormal):
        matrix = np.array([[size, 0], [0, size / 2]], dtype)
        left, values, _ = factorize(matrix, 1)
        assert values[0] == pytest.approx(float(size), rel=1e-6)
        assert np.abs(left.T @ left - 1).max() < 1e-6
    zeros = factorize(np.zeros((3, 2), dtype), 1)
    assert not zeros[1].any()
    assert np.abs(zeros[0].T @ zeros[0] - 1).max() < 1e-6


@pytest.mark.parametrize("factorize", BOTH)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_beyond_the_floats_are_refused(factorize, dtype):
    largest = np.full((4, 4), np.finfo(dtype).max, dtype)
    assert_refused(
        lambda: factorize(largest, 1),
        "singular values of the matrix must be finite, got infinity",
    )
