"""The checks of the chapter on the SVD of linear layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .parts.attempt import Attempt
from .parts.budgets import check_budget

if TYPE_CHECKING:
    from torch import nn

ROUNDING = 1e-5  # relative, of float32; a fault misses by far more
NUM_BYTES, NUM_CORRECT = 90_000, 460


def split_weight(function: Callable) -> None:
    """Check a matrix as two thin ones, nearest of that rank.

    function : (weight, rank) -> first (rank, cols), second (rows, rank);
        weight is (rows, cols) float64
    """
    attempt = Attempt(function, "weight", "rank")

    def split(weight: np.ndarray, rank: int) -> np.ndarray:
        rows, cols = weight.shape
        first, second = attempt.call_for(("first", "second"), weight, rank)
        first = attempt.require_form(first, (rank, cols))
        return attempt.require_form(second, (rows, rank)) @ first

    def expect(weight: np.ndarray, *ranks: int) -> None:
        slack = ROUNDING * np.linalg.norm(weight)
        values = np.linalg.svd(weight, compute_uv=False)
        for rank in ranks:
            error = np.linalg.norm(weight - split(weight, rank))
            best = np.linalg.norm(values[rank:])
            if not error <= best + slack:  # NaN is refused, too
                attempt.fail(f"an error of {best:.6g}", f"{error:.6g}")

    square = np.array([[6.0, 0.0], [8.0, 10.0]])
    with attempt.must("first is (rank, cols) and second (rows, rank)"):
        for shape in ((3, 5), (5, 3)):
            split(_matrix(*shape), 2)
    with attempt.must(
        "at full rank, the product is the matrix itself",
        "second is `weight @ first.T`, which has the singular values in it.",
    ):
        expect(square, 2)
        expect(_matrix(4, 4), 4)
    with attempt.must(
        "at a lower rank, it is the nearest of its rank",
        "`eigh` returns the smallest eigenvalue first.",
    ):
        expect(square, 1)
        for shape in ((6, 6), (7, 4), (4, 7)):
            expect(_matrix(*shape), 1, 2, 3)


def fit_the_pen(function: Callable[[nn.Module], nn.Module]) -> None:
    """Check LeNet300 in fewer than 90 KB, without a step of training.

    function : (model) -> a network that reads 460 of the 500 validation
        images of mnist5k
    """
    check_budget(
        function,
        network="LeNet300",
        dataset="mnist5k",
        num_bytes=NUM_BYTES,
        num_correct=NUM_CORRECT,
        num_steps=0,
        hint="Pass training images, so that what counts are outputs; then try "
        "ranks of both layers.",
    )


def _matrix(rows: int, cols: int) -> np.ndarray:
    """Draw numbers of which no two directions are equally strong."""
    rng = np.random.default_rng(rows * cols)
    return rng.normal(size=(rows, cols)) * 2.0 ** -np.arange(cols)
