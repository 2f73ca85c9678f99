"""Ranks: planted ones are found, up to the cliff; shares and break-evens."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mini_compress.kernels.low_rank import (
    break_even_rank,
    energy_rank,
    evbmf,
    truncated_svd,
)
from tests.support.strategies import quick, reals

VALUES = hnp.arrays(
    np.float64,
    st.integers(1, 12),
    elements=st.floats(0, 1e3).map(lambda value: round(value, 3)),
)


def planted(seed: int, rows: int, cols: int, rank: int, strength: float):
    """Return noise plus `rank` values at a multiple of the noise's edge."""
    rng = np.random.default_rng(seed)
    left = np.linalg.qr(rng.standard_normal((rows, rank))).Q
    right = np.linalg.qr(rng.standard_normal((cols, rank))).Q
    edge = np.sqrt(rows) + np.sqrt(cols)
    noise = rng.standard_normal((rows, cols))
    return strength * edge * left @ right.T + noise


def times_found(shape, rank: int, strength: float, seeds: int) -> int:
    found = [evbmf(planted(i, *shape, rank, strength)) for i in range(seeds)]
    return found.count(rank)


@pytest.mark.parametrize(
    ("shape", "rank"),
    [
        ((64, 64), 0),
        ((64, 64), 1),
        ((64, 64), 8),
        ((64, 64), 16),
        ((64, 256), 16),
        ((256, 64), 16),
        ((40, 30), 7),
        ((20, 200), 5),
    ],
)
def test_a_planted_rank_is_found(shape, rank):
    assert times_found(shape, rank, 2.0, seeds=100) >= 95


def test_weak_signals_are_missed_and_those_above_the_threshold_found():
    assert times_found((64, 64), 8, 1.0, seeds=50) <= 10
    assert times_found((64, 64), 8, 1.5, seeds=50) >= 48
    assert times_found((64, 256), 8, 1.1, seeds=50) >= 45


@pytest.mark.parametrize(
    ("shape", "found", "lost"), [((64, 64), 16, 24), ((64, 256), 32, 40)]
)
def test_the_cliff_is_where_the_docstring_says(shape, found, lost):
    # the estimator declares a signal that fills the matrix to be all noise
    for seed in range(20):
        assert evbmf(planted(seed, *shape, found, 2.0)) == found
        assert evbmf(planted(seed, *shape, lost, 2.0)) == 0


@pytest.mark.parametrize("scale", [1e-300, 1e-3, 1e3, 1e300])
def test_neither_scale_nor_transpose_nor_rotation_matter(scale):
    rng = np.random.default_rng(0)
    matrix = planted(0, 30, 50, 4, 1.4)
    rank = evbmf(matrix)
    assert rank == 4
    assert evbmf(matrix * scale) == rank
    assert evbmf(matrix.T * scale) == rank
    rotation = np.linalg.qr(rng.standard_normal((30, 30))).Q
    assert evbmf(rotation @ matrix) == rank
    assert evbmf(matrix.astype(np.float32)) == rank


@quick
@given(reals(hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)))
def test_any_matrix_has_an_estimate(matrix):
    matrix.flags.writeable = False
    rank = evbmf(matrix)
    assert 0 <= rank <= min(matrix.shape)
    assert evbmf(-matrix) == rank


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_noise_only_rounding_is_left_out(dtype):
    rng = np.random.default_rng(1)
    product = rng.standard_normal((32, 4)) @ rng.standard_normal((4, 40))
    assert evbmf(product.astype(dtype)) == 4
    assert evbmf(np.zeros((5, 3), dtype)) == 0
    assert evbmf(np.eye(5, dtype=dtype)) == 0  # all values alike: all noise
    assert evbmf(np.ones((1, 1), dtype)) == 0
    assert evbmf(np.ones((1, 9), dtype)) == 0
    assert evbmf(np.ones((7, 3), dtype)) == 1


def free_energy(values, rows: int, cols: int, variance: float) -> float:
    """Return the formula as published, term by term, for rows <= cols."""
    a = rows / cols
    bound = (1 + 2.5129 * a**0.5) * (1 + a / (2.5129 * a**0.5))
    total = 0.0
    for value in values:
        x = value**2 / (cols * variance)
        if x <= bound:
            total += x - np.log(x)
        else:
            t = (x - (1 + a) + np.sqrt((x - 1 - a) ** 2 - 4 * a)) / 2
            total += x - t + np.log((t + 1) / x) + a * np.log(t / a + 1)
    return total


@pytest.mark.parametrize("rank", [0, 3, 8, 20])
@pytest.mark.parametrize("strength", [1.0, 1.1, 1.4])
def test_the_rank_is_that_of_the_lowest_free_energy(rank, strength):
    rows, cols = 32, 48
    a = rows / cols
    bound = (1 + 2.5129 * a**0.5) * (1 + a / (2.5129 * a**0.5))
    for seed in range(3):
        matrix = planted(seed, rows, cols, rank, strength)
        values = np.linalg.svd(matrix, compute_uv=False)
        first = int(np.ceil(rows / (1 + a))) - 1
        rest = values[first:] ** 2 / cols
        low = max(rest[0] / bound, rest.mean())
        levels = np.linspace(low, (values**2).sum() / (rows * cols), 1000)
        energies = [free_energy(values, rows, cols, one) for one in levels]
        threshold = cols * levels[int(np.argmin(energies))] * bound
        # a value so near to the threshold that a finer grid could turn it
        near = np.abs(values**2 / threshold - 1) < 2 / levels.size
        assert not near.any()
        assert evbmf(matrix) == np.count_nonzero(values**2 > threshold)


@quick
@given(VALUES, st.floats(0.01, 1))
def test_the_smallest_rank_that_keeps_a_share(values, share):
    values.flags.writeable = False
    rank = energy_rank(values, share)
    squares = np.sort(values**2)[::-1]
    total = squares.sum()
    if total == 0:
        assert rank == 0
        return
    rounding = 1e-14
    assert squares[:rank].sum() >= share * total * (1 - rounding)
    assert squares[: rank - 1].sum() < share * total
    assert energy_rank(values * 2.0**-300, share) == rank
    assert energy_rank(values[::-1].copy(), share) == rank
    assert energy_rank(values, min(1, share * 1.5)) >= rank


def test_a_share_is_of_the_energy_that_truncation_keeps():
    matrix = np.random.default_rng(2).standard_normal((20, 30))
    every = np.linalg.svd(matrix, compute_uv=False)
    for share in (0.5, 0.9, 0.99):
        rank = energy_rank(every, share)
        left, values, right = truncated_svd(matrix, rank)
        error = np.linalg.norm(matrix - left * values @ right)
        assert error <= np.sqrt(1 - share) * np.linalg.norm(matrix)
        if rank > 1:
            left, values, right = truncated_svd(matrix, rank - 1)
            error = np.linalg.norm(matrix - left * values @ right)
            assert error > np.sqrt(1 - share) * np.linalg.norm(matrix)


def test_ties_of_a_share_are_met():
    equal = np.full(100, 0.7)  # sums of its squares are rounded
    for count in range(1, 101):
        assert energy_rank(equal, count / 100) == count


@quick
@given(st.integers(1, 5000), st.integers(1, 5000))
def test_break_even_is_the_last_rank_that_saves_numbers(rows, cols):
    rank = break_even_rank(rows, cols)
    assert rank * (rows + cols) < rows * cols
    assert (rank + 1) * (rows + cols) >= rows * cols
    assert rank == break_even_rank(cols, rows)
