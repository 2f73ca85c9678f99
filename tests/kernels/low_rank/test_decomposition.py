"""Tucker decompositions: bounds that hold for all, and tensorly's errors.

Tried with tensorly 0.10.0.
"""

import numpy as np
import pytest
import tensorly
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tensorly import decomposition as peer

from mini_compress.kernels.low_rank import (
    hosvd,
    mode_product,
    partial_tucker,
    truncated_svd,
    tucker,
    tucker_to_tensor,
    unfold,
)
from tests.support.mistakes import assert_refused
from tests.support.strategies import quick, reals

TENSORS = reals(hnp.array_shapes(min_dims=1, max_dims=4, max_side=4))


def error_of(tensor, core, factors, modes=None) -> float:
    wide = [factor.astype(np.float64) for factor in factors]
    near = tucker_to_tensor(core.astype(np.float64), wide, modes=modes)
    return float(np.linalg.norm(tensor - near))


def slack_of(tensor: np.ndarray) -> float:
    """Return what the squares in float64, and the dtype's rounding, cost."""
    norm = float(np.linalg.norm(tensor.astype(np.float64)))
    eps = float(np.finfo(tensor.dtype).eps)
    return (1e-7 + 100 * eps) * norm + float(np.finfo(tensor.dtype).tiny)


def tails(tensor: np.ndarray, ranks) -> list[float]:
    """Return for each mode the energy of the singular values left out."""
    wide = tensor.astype(np.float64)
    values = [
        np.linalg.svd(unfold(wide, mode), compute_uv=False)
        for mode in range(tensor.ndim)
    ]
    return [
        float((one[rank:] ** 2).sum())
        for one, rank in zip(values, ranks, strict=True)
    ]


@quick
@given(TENSORS, st.data())
def test_what_is_true_of_every_decomposition(tensor, data):
    tensor.flags.writeable = False
    ranks = tuple(data.draw(st.integers(1, side)) for side in tensor.shape)
    slack = slack_of(tensor)
    found = []
    for factorize in (hosvd, tucker):
        core, factors = factorize(tensor, ranks)
        assert core.shape == ranks
        assert {one.dtype for one in (core, *factors)} == {tensor.dtype}
        for factor, side, rank in zip(
            factors, tensor.shape, ranks, strict=True
        ):
            assert factor.shape == (side, rank)
            unit = np.abs(factor.T @ factor - np.eye(rank)).max()
            assert unit < 100 * np.finfo(tensor.dtype).eps
            assert (factor.max(axis=0) >= -factor.min(axis=0)).all()
        found.append(error_of(tensor, core, factors))
    first, last = found
    dropped = tails(tensor, ranks)
    assert last <= first + slack
    assert first <= np.sqrt(sum(dropped)) + slack
    # no tensor of these ranks is nearer than that of one rank alone
    assert last >= np.sqrt(max(dropped)) - slack


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(6, 7, 8), (9, 2, 3), (4, 5, 3, 3)])
def test_full_ranks_give_the_tensor_back(shape, dtype):
    tensor = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    for factorize in (hosvd, tucker):
        core, factors = factorize(tensor, shape)
        again = tucker_to_tensor(core, factors)
        assert again.dtype == dtype
        assert np.abs(again - tensor).max() < 50 * np.finfo(dtype).eps
        energy = np.linalg.norm(core) / np.linalg.norm(tensor)
        assert abs(energy - 1) < 50 * np.finfo(dtype).eps


def test_a_tensor_of_low_rank_is_found():
    rng = np.random.default_rng(1)
    factors = [rng.standard_normal((side, 2)) for side in (8, 9, 7)]
    tensor = tucker_to_tensor(rng.standard_normal((2, 2, 2)), factors)
    core, found = tucker(tensor, (2, 2, 2))
    assert error_of(tensor, core, found) < 1e-7 * np.linalg.norm(tensor)


def test_directions_below_the_root_of_the_precision_may_be_lost():
    # what the docstring says that the squares cost: 1e-6 of the largest value
    # is told from 1e-7; 1e-9 and 1e-10 are both below the rounding of squares
    rng = np.random.default_rng(2)
    left = np.linalg.qr(rng.standard_normal((6, 3))).Q
    right = np.linalg.qr(rng.standard_normal((9, 3))).Q
    for small, kept in [(1e-6, True), (1e-10, False)]:
        tensor = left * np.array([1, small, small / 10]) @ right.T
        vectors = hosvd(tensor, (2, 9))[1][0]
        lost = 1 - np.linalg.norm(vectors.T @ left[:, 1])
        assert (lost < 1e-2) == kept
        core, factors = hosvd(tensor, (2, 9))
        assert error_of(tensor, core, factors) < 1.5e-8 + small


@pytest.mark.parametrize("factorize", [hosvd, tucker])
def test_the_error_falls_as_ranks_grow(factorize):
    tensor = np.random.default_rng(3).standard_normal((6, 7, 8))
    errors = [
        error_of(tensor, *factorize(tensor, (rank, rank, rank)))
        for rank in range(1, 7)
    ]
    assert errors == sorted(errors, reverse=True)


def test_what_is_missed_is_what_the_core_does_not_hold():
    tensor = np.random.default_rng(4).standard_normal((6, 7, 8))
    core, factors = tucker(tensor, (2, 3, 4))
    missed = np.linalg.norm(tensor) ** 2 - np.linalg.norm(core) ** 2
    assert error_of(tensor, core, factors) ** 2 == pytest.approx(missed)
    projected = tensor
    for mode, factor in enumerate(factors):
        projected = mode_product(projected, factor.T, mode)
    assert np.allclose(projected, core)


def test_iterations_lower_the_error_and_the_tolerance_ends_them():
    tensor = np.random.default_rng(5).standard_normal((8, 8, 8))
    ranks = (2, 2, 2)
    errors = [
        error_of(tensor, *tucker(tensor, ranks, max_iterations=n, tolerance=0))
        for n in (0, 1, 2, 5, 50)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] == error_of(tensor, *hosvd(tensor, ranks))
    assert errors[0] - errors[-1] > 0.001 * errors[0]
    # any rise is too small for a tolerance of 1: two turns and no more
    early = error_of(tensor, *tucker(tensor, ranks, tolerance=1))
    assert early == errors[2]


@pytest.mark.parametrize("shape", [(6, 5), (5, 6), (9, 2)])
def test_of_a_matrix_it_is_the_truncated_svd(shape):
    matrix = np.random.default_rng(6).standard_normal(shape)
    left, values, right = truncated_svd(matrix, 2)
    core, factors = tucker(matrix, (2, 2))
    assert np.allclose(
        tucker_to_tensor(core, factors), left * values @ right, atol=1e-7
    )
    core, (one,) = partial_tucker(matrix, [0], [2])
    assert np.allclose(one, left, atol=1e-7)


@pytest.mark.parametrize("shape", [(7, 8, 9), (10, 6, 3, 3)])
def test_full_decompositions_have_the_errors_of_tensorly(shape):
    tensor = np.random.default_rng(7).standard_normal(shape)
    ranks = [max(2, side // 2) for side in shape]
    ours = error_of(tensor, *tucker(tensor, ranks, max_iterations=500))
    core, factors = peer.tucker(tensor, ranks, tol=1e-8, n_iter_max=500)
    theirs = np.linalg.norm(tensor - tensorly.tucker_to_tensor((core, factors)))
    assert ours == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("modes", [(0, 1), (1, 0), (2,), (3, 1, 0)])
def test_partial_decompositions_have_the_errors_of_tensorly(modes, dtype):
    rng = np.random.default_rng(8)
    sides = (12, 10, 3, 4)
    # a signal in noise: of noise alone, each order has an optimum of its own
    parts = [rng.standard_normal((side, side // 2)) for side in sides]
    signal = tucker_to_tensor(rng.standard_normal((6, 5, 1, 2)), parts)
    tensor = (signal + rng.standard_normal(sides)).astype(dtype)
    ranks = [tensor.shape[mode] // 2 for mode in modes]
    core, factors = partial_tucker(
        tensor, modes, ranks, max_iterations=500, tolerance=1e-12
    )
    assert core.shape == tuple(
        dict(zip(modes, ranks, strict=True)).get(mode, side)
        for mode, side in enumerate(tensor.shape)
    )
    # theirs takes the modes in order only
    order = sorted(modes)
    (small, theirs), _ = peer.partial_tucker(
        tensor,
        [tensor.shape[mode] // 2 for mode in order],
        modes=order,
        tol=1e-8,
        n_iter_max=500,
    )
    near = tensorly.tenalg.multi_mode_dot(small, theirs, modes=order)
    expected = np.linalg.norm(tensor - near.astype(np.float64))
    ours = error_of(tensor, core, factors, modes)
    assert ours == pytest.approx(expected, rel=1e-6)


def test_a_rank_beyond_what_the_others_leave_is_filled_up():
    tensor = np.random.default_rng(9).standard_normal((5, 4, 3))
    # the modes of rank 1 leave one column, and five vectors are asked for
    core, factors = tucker(tensor, (5, 1, 1), max_iterations=500, tolerance=0)
    assert core.shape == (5, 1, 1)
    assert np.allclose(factors[0].T @ factors[0], np.eye(5))
    assert np.abs(core[1:]).max() < 1e-6
    tall, columns = np.ones((9, 2)), np.eye(9)
    vectors = hosvd(tall, (9, 2))[1][0]
    assert np.allclose(vectors.T @ vectors, columns)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_largest_and_smallest_floats_are_no_exception(dtype):
    info = np.finfo(dtype)
    pattern = np.arange(1.0, 13).reshape(2, 3, 2).astype(dtype) / 16
    expected = tucker_to_tensor(*tucker(pattern, (1, 1, 1)))
    for scale in (info.max / 64, info.tiny * 64):
        core, factors = tucker(pattern * scale, (1, 1, 1))
        again = tucker_to_tensor(core, factors) / scale
        assert np.allclose(again, expected, rtol=1e-4)
    core, factors = tucker(np.zeros((3, 2, 2), dtype), (2, 1, 1))
    assert not core.any()
    assert np.allclose(factors[0].T @ factors[0], np.eye(2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_core_beyond_the_floats_is_refused(dtype):
    largest = np.full((4, 4), np.finfo(dtype).max, dtype)
    assert_refused(
        lambda: hosvd(largest, (1, 1)), "core must be finite, got infinity"
    )
