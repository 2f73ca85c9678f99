"""The nearest outputs: the truncated SVD of outputs that are written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_compress.kernels.low_rank import output_svd, truncated_svd
from tests.support.mistakes import assert_refused
from tests.support.strategies import quick


def moment_of(inputs: np.ndarray) -> np.ndarray:
    return inputs @ inputs.T / inputs.shape[1]


def product(svd) -> np.ndarray:
    left, values, right = svd
    return left * values @ right


@quick
@given(
    sides=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    count=st.integers(1, 12),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_outputs_are_the_truncated_svd_of_the_outputs(sides, count, seed, data):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal(sides)
    # fewer inputs than columns leave directions that never occur
    inputs = rng.standard_normal((sides[1], count))
    outputs = matrix @ inputs
    rank = data.draw(st.integers(1, min(sides)))
    near = product(output_svd(matrix, moment_of(inputs), rank))
    left, values, right = np.linalg.svd(outputs, full_matrices=False)
    best = left[:, :rank] * values[:rank] @ right[:rank]
    size = np.linalg.norm(outputs)
    # the outputs themselves where the values are apart, else their distance
    apart = len(values) <= rank or values[rank - 1] > 1.01 * values[rank]
    if apart:
        assert np.abs(near @ inputs - best).max() < 1e-6 * size
    missed = np.linalg.norm(outputs - near @ inputs)
    assert missed <= np.linalg.norm(outputs - best) + 1e-7 * size


def test_values_are_the_root_mean_squares_of_the_outputs():
    rng = np.random.default_rng(0)
    matrix, inputs = rng.standard_normal((5, 8)), rng.standard_normal((8, 30))
    left, values, _ = output_svd(matrix, moment_of(inputs), 5)
    along = left.T @ matrix @ inputs  # (5, 30)
    assert np.allclose(values, np.sqrt((along**2).mean(axis=1)))
    assert (np.diff(values) < 0).all()
    assert np.allclose(left.T @ left, np.eye(5))
    near = product(output_svd(matrix, moment_of(inputs), 2))
    missed = ((matrix @ inputs - near @ inputs) ** 2).sum(axis=0).mean()
    assert missed == pytest.approx((values[2:] ** 2).sum())


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_all_inputs_alike_make_it_the_truncated_svd(scale):
    matrix = np.random.default_rng(1).standard_normal((6, 4))
    expected = truncated_svd(matrix, 3)
    left, values, right = output_svd(matrix, scale * np.eye(4), 3)
    root = np.sqrt(scale)
    assert np.allclose(left, expected[0])
    assert np.allclose(values / root, expected[1])
    assert np.allclose(right * root, expected[2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3, 9), (9, 3)])
@pytest.mark.parametrize("count", [1, 2, 40])
def test_full_rank_gives_the_matrix_back_whatever_the_inputs(
    shape, count, dtype
):
    rng = np.random.default_rng(2)
    matrix = rng.standard_normal(shape).astype(dtype)
    moment = moment_of(rng.standard_normal((shape[1], count)))
    factors = output_svd(matrix, moment.astype(dtype), 3)
    assert {x.dtype for x in factors} == {np.dtype(dtype)}
    allowed = 1e-7 + 100 * np.finfo(dtype).eps
    assert np.abs(product(factors) - matrix).max() < allowed


def test_what_inputs_never_show_follows_as_far_as_it_can():
    matrix = np.array([[1.0, 5.0], [1.0, 3.0]])
    moment = np.diag([1.0, 0.0])  # the second input is always 0
    near = product(output_svd(matrix, moment, 1))
    assert np.allclose(near, [[1, 4], [1, 4]])  # projected on (1, 1)


def test_ranks_that_outputs_do_not_need_go_to_the_matrix():
    matrix = np.diag([1.0, 2.0, 5.0])
    moment = np.diag([1.0, 0.0, 0.0])
    near = product(output_svd(matrix, moment, 2))
    assert np.allclose(near, np.diag([1.0, 0.0, 5.0]))


def test_without_outputs_nothing_is_left():
    for matrix, moment in [
        (np.ones((2, 3)), np.zeros((3, 3))),
        (np.zeros((2, 3)), np.eye(3)),
    ]:
        left, values, right = output_svd(matrix, moment, 2)
        assert not values.any()
        assert not right.any()
        assert np.allclose(left.T @ left, np.eye(2))


def test_the_moment_is_not_changed():
    matrix, moment = np.ones((2, 3)), np.eye(3)
    moment.flags.writeable = matrix.flags.writeable = False
    output_svd(matrix, moment, 1)


@pytest.mark.parametrize(
    ("moment", "message"),
    [
        (np.eye(2), "shape of moment must be (3, 3), got (2, 2)"),
        (np.ones(3), "moment must have 2 axes, got shape (3,)"),
        (np.eye(3, dtype=int), "moment must be float32 or float64, got int64"),
        (np.full((3, 3), np.nan), "moment must be finite, got NaN"),
        (
            np.triu(np.ones((3, 3))),
            "moment must be symmetric, got one that is not",
        ),
        (
            np.diag([1.0, 1.0, -2.0]),
            "moment must have no negative eigenvalues, got -2",
        ),
    ],
)
def test_wrong_moments(moment, message):
    assert_refused(lambda: output_svd(np.ones((4, 3)), moment, 1), message)


@pytest.mark.parametrize("rank", [0, 4])
def test_wrong_ranks(rank):
    assert_refused(
        lambda: output_svd(np.ones((4, 3)), np.eye(3), rank),
        f"rank must be in [1, 3], got {rank}",
    )
