"""What the functions for low rank refuse, and with which words."""

import numpy as np
import pytest

from mini_compress.kernels.low_rank import (
    break_even_rank,
    energy_rank,
    evbmf,
    fold,
    hosvd,
    mode_product,
    partial_tucker,
    randomized_svd,
    truncated_svd,
    tucker,
    tucker_to_tensor,
    unfold,
)
from tests.support.mistakes import assert_refused

MATRIX = np.ones((4, 3))
TENSOR = np.ones((4, 3, 2))
HALF = np.array([[1, np.nan]])
OF_MATRICES = {
    "truncated_svd": lambda matrix: truncated_svd(matrix, 1),
    "randomized_svd": lambda matrix: randomized_svd(matrix, 1),
    "evbmf": evbmf,
}
OF_TENSORS = {
    "hosvd": lambda tensor: hosvd(tensor, (1, 1)),
    "tucker": lambda tensor: tucker(tensor, (1, 1)),
    "partial_tucker": lambda tensor: partial_tucker(tensor, (0,), (1,)),
    "unfold": lambda tensor: unfold(tensor, 0),
    "mode_product": lambda tensor: mode_product(tensor, MATRIX, 0),
}


@pytest.mark.parametrize("name", OF_MATRICES)
@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1.0]], "matrix must be a numpy array, got list"),
        (np.ones((2, 2), int), "matrix must be float32 or float64, got int64"),
        (np.ones(3), "matrix must have 2 axes, got shape (3,)"),
        (TENSOR, "matrix must have 2 axes, got shape (4, 3, 2)"),
        (np.array(1.0), "matrix must have an axis at least, got shape ()"),
        (np.ones((0, 3)), "matrix must not be empty, got shape (0, 3)"),
        (np.ones((3, 0)), "matrix must not be empty, got shape (3, 0)"),
        (HALF, "matrix must be finite, got NaN"),
        (HALF * 0 + np.inf, "matrix must be finite, got NaN"),
        (np.full((2, 2), -np.inf), "matrix must be finite, got infinity"),
    ],
)
def test_wrong_matrices(name, matrix, message):
    assert_refused(lambda: OF_MATRICES[name](matrix), message)


@pytest.mark.parametrize("name", OF_TENSORS)
@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        ([[1.0]], "tensor must be a numpy array, got list"),
        (
            np.ones((2, 2), np.float16),
            "tensor must be float32 or float64, got float16",
        ),
        (np.array(1.0), "tensor must have an axis at least, got shape ()"),
        (HALF, "tensor must be finite, got NaN"),
    ],
)
def test_wrong_tensors(name, tensor, message):
    assert_refused(lambda: OF_TENSORS[name](tensor), message)


@pytest.mark.parametrize("name", ["hosvd", "tucker", "partial_tucker"])
def test_empty_tensors_have_no_core(name):
    assert_refused(
        lambda: OF_TENSORS[name](np.ones((2, 0))),
        "tensor must not be empty, got shape (2, 0)",
    )


@pytest.mark.parametrize("factorize", [truncated_svd, randomized_svd])
@pytest.mark.parametrize(
    ("rank", "message"),
    [
        (0, "rank must be in [1, 3], got 0"),
        (-1, "rank must be in [1, 3], got -1"),
        (4, "rank must be in [1, 3], got 4"),
        (2.0, "rank must be a whole number, got float"),
        (True, "rank must be a whole number, got bool"),
    ],
)
def test_wrong_ranks_of_matrices(factorize, rank, message):
    assert_refused(lambda: factorize(MATRIX, rank), message)


@pytest.mark.parametrize("name", ["oversample", "power_iterations", "seed"])
def test_wrong_settings_of_a_sketch(name):
    for value, message in [
        (-1, f"{name} must be >= 0, got -1"),
        (0.5, f"{name} must be a whole number, got float"),
    ]:
        assert_refused(
            lambda value=value: randomized_svd(MATRIX, 1, **{name: value}),
            message,
        )


@pytest.mark.parametrize(
    ("modes", "ranks", "message"),
    [
        ((0, 3), (1, 1), "mode must be in [0, 2], got 3"),
        ((-1, 0), (1, 1), "mode must be in [0, 2], got -1"),
        ((0, 1.0), (1, 1), "mode must be a whole number, got float"),
        ((1, 1), (1, 1), "modes must differ from each other, got [1, 1]"),
        ((), (), "number of modes must be >= 1, got 0"),
        (0, (1,), "modes must be a list, got int"),
        ("01", (1, 1), "modes must be a list, got str"),
        ((0, 1), 2, "ranks must be a list, got int"),
        ((0, 1), (2,), "number of ranks must be 2, got 1"),
        ((0, 1), (2, 2, 2), "number of ranks must be 2, got 3"),
        ((0, 1), (2, 4), "rank of mode 1 must be in [1, 3], got 4"),
        ((1, 0), (2, 5), "rank of mode 0 must be in [1, 4], got 5"),
        ((0, 1), (0, 1), "rank of mode 0 must be in [1, 4], got 0"),
        (
            (0, 1),
            (1, 2.0),
            "rank of mode 1 must be a whole number, got float",
        ),
    ],
)
def test_wrong_modes_and_ranks(modes, ranks, message):
    if "list" in message:  # a TypeError, though not one of numpy's kinds
        with pytest.raises(TypeError, match=message):
            partial_tucker(TENSOR, modes, ranks)
    else:
        assert_refused(lambda: partial_tucker(TENSOR, modes, ranks), message)


@pytest.mark.parametrize("factorize", [hosvd, tucker])
def test_full_decompositions_want_a_rank_for_each_mode(factorize):
    assert_refused(
        lambda: factorize(TENSOR, (1, 1)), "number of ranks must be 3, got 2"
    )
    assert_refused(
        lambda: factorize(TENSOR, (1, 1, 3)),
        "rank of mode 2 must be in [1, 2], got 3",
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_iterations": -1}, "max_iterations must be >= 0, got -1"),
        ({"tolerance": -1.0}, "tolerance must be in [0, inf), got -1.0"),
        ({"tolerance": "0"}, "tolerance must be a number, got str"),
        (
            {"tolerance": float("nan")},
            "tolerance must be in [0, inf), got nan",
        ),
    ],
)
def test_wrong_settings_of_iterations(settings, message):
    if "number, got str" in message:
        with pytest.raises(TypeError, match=message):
            tucker(TENSOR, (1, 1, 1), **settings)
    else:
        assert_refused(lambda: tucker(TENSOR, (1, 1, 1), **settings), message)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: unfold(TENSOR, 3), "mode must be in [0, 2], got 3"),
        (lambda: unfold(TENSOR, -1), "mode must be in [0, 2], got -1"),
        (
            lambda: fold(MATRIX, 0, (4, 2)),
            "shape of matrix must be (4, 2), got (4, 3)",
        ),
        (
            lambda: fold(MATRIX, 0, [4, 3]),
            "shape must be a tuple of sides, got [4, 3]",
        ),
        (
            lambda: fold(MATRIX, 0, ()),
            "shape must be a tuple of sides, got ()",
        ),
        (lambda: fold(MATRIX, 2, (4, 3)), "mode must be in [0, 1], got 2"),
        (lambda: fold(MATRIX, 0, (4, -3)), "shape must be >= 0, got -3"),
        (
            lambda: fold(TENSOR, 0, (4, 6)),
            "matrix must have 2 axes, got shape (4, 3, 2)",
        ),
        (
            lambda: mode_product(TENSOR, MATRIX, 0),
            "columns of matrix must be 4, got 3",
        ),
        (
            lambda: mode_product(TENSOR, MATRIX.astype(np.float32), 1),
            "matrix must be float64, got float32",
        ),
        (
            lambda: mode_product(TENSOR, np.ones(3), 1),
            "matrix must have 2 axes, got shape (3,)",
        ),
        (
            lambda: tucker_to_tensor(TENSOR, [MATRIX]),
            "number of factors must be 3, got 1",
        ),
        (
            lambda: tucker_to_tensor(TENSOR, [MATRIX], modes=[2]),
            "columns of matrix must be 2, got 3",
        ),
        (
            lambda: tucker_to_tensor(TENSOR, [MATRIX] * 2, modes=[1, 1]),
            "modes must differ from each other, got [1, 1]",
        ),
        (
            lambda: energy_rank(np.array([1.0, -2.0]), 0.5),
            "values must be >= 0, got -2.0",
        ),
        (
            lambda: energy_rank(np.ones(0), 0.5),
            "values must not be empty, got shape (0,)",
        ),
        (
            lambda: energy_rank(MATRIX, 0.5),
            "values must have 1 axes, got shape (4, 3)",
        ),
        (
            lambda: energy_rank(np.ones(2), 0),
            "share must be in (0, 1], got 0",
        ),
        (
            lambda: energy_rank(np.ones(2), 1.1),
            "share must be in (0, 1], got 1.1",
        ),
        (
            lambda: energy_rank(np.ones(2), np.nan),
            "share must be in (0, 1], got nan",
        ),
        (lambda: break_even_rank(0, 3), "rows must be >= 1, got 0"),
        (
            lambda: break_even_rank(3, 3.0),
            "cols must be a whole number, got float",
        ),
    ],
)
def test_other_mistakes(call, message):
    assert_refused(call, message)
