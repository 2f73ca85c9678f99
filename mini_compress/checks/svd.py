"""The checks of the chapter on the SVD of linear layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .parts.attempt import Attempt, show
from .parts.budgets import check_budget

if TYPE_CHECKING:
    from torch import nn

ROUNDING = 1e-5  # relative, of float32; a fault misses by far more
NUM_BYTES, NUM_CORRECT = 90_000, 460


def compress(function: Callable) -> None:
    """Check a linear layer as two, of the rank that keeps a share of energy.

    function : (weight, bias, share) -> what runs, in order: pairs of a weight
        (outputs, inputs) and a bias (outputs,), or None; weight is
        (rows, cols) float64
    """
    attempt = Attempt(function, "weight", "bias", "share")
    with attempt.must("it returns one layer or two, pairs that fit together"):
        for shape in ((40, 30), (30, 40)):
            _layers(attempt, _falling(*shape), 0.9)
    with attempt.must(
        "without a bias, the outputs are off by what was left out",
        "The second weight times the first is the truncated SVD.",
    ):
        for shape in ((40, 30), (30, 40)):
            _expect_outputs(attempt, _falling(*shape), 0.9, with_bias=False)
    with attempt.must(
        "with a bias, they are off by no more",
        "The last layer adds it, once; the first has none.",
    ):
        for shape in ((40, 30), (30, 40)):
            _expect_outputs(attempt, _falling(*shape), 0.9, with_bias=True)
    with attempt.must(
        "the rank is the smallest that keeps the share of the energy",
        "Energy is a sum of squares.",
    ):
        for share, rank in ((0.5, 1), (0.8, 2), (0.9, 2), (0.95, 3)):
            found = _layers(attempt, _falling(40, 30), share)
            if len(found) != 2 or len(found[0][0]) != rank:
                got = f"{len(found)} layers, the first of {len(found[0][0])}"
                attempt.fail(f"two layers of rank {rank}", got)
    with attempt.must(
        "one layer is left where two would hold as many numbers",
        "Two hold rank * (rows + cols).",
    ):
        for shape, last in (((12, 4), 2), ((6, 6), 2), ((4, 12), 2)):
            for rank in range(1, min(shape) + 1):
                share = 1 - 2 * 4.0**-rank  # that rank keeps 1 - 4**-rank
                found = _layers(attempt, _falling(*shape), share)
                wanted = 2 if rank <= last else 1
                if len(found) != wanted:
                    attempt.fail(
                        f"{wanted} at rank {rank}", f"{len(found)} layers"
                    )


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


def _layers(
    attempt: Attempt,
    weight: np.ndarray,
    share: float,
    *,
    with_bias: bool = True,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the layers of an answer, whose shapes fit; no bias as zeros."""
    rows, inputs = weight.shape
    bias = np.arange(1.0, rows + 1) * with_bias
    found = attempt.call(weight, bias, share)
    if not isinstance(found, list | tuple) or len(found) not in (1, 2):
        attempt.fail("a list of one layer or two", show(found))
    own = []
    for i, layer in enumerate(found):
        if not isinstance(layer, list | tuple) or len(layer) != 2:
            attempt.fail("a pair of a weight and a bias", show(layer))
        matrix, beta = layer
        is_last = i == len(found) - 1
        outputs = rows if is_last else len(np.atleast_1d(matrix))
        matrix = attempt.require_form(matrix, (outputs, inputs))
        beta = np.zeros(outputs) if beta is None else beta
        own.append((matrix, np.broadcast_to(beta, outputs)))
        inputs = outputs
    return own


def _expect_outputs(
    attempt: Attempt, weight: np.ndarray, share: float, *, with_bias: bool
) -> None:
    """Refuse other outputs than those of the truncated SVD and bias."""
    found = _layers(attempt, weight, share, with_bias=with_bias)
    rank = len(found[0][0]) if len(found) > 1 else min(weight.shape)
    left, values, right = np.linalg.svd(weight, full_matrices=False)
    near = left[:, :rank] * values[:rank] @ right[:rank]
    x = np.random.default_rng(0).normal(size=(4, weight.shape[1]))
    expected = x @ near.T + np.arange(1.0, len(weight) + 1) * with_bias
    got = x
    for matrix, beta in found:
        got = got @ matrix.T + beta
    attempt.require_close(got, expected, ROUNDING * np.abs(expected).max())


def _falling(rows: int, cols: int) -> np.ndarray:
    """Make a matrix whose singular values are 1, 1/2, 1/4, ...

    The share of the energy that so many terms keep is 1 - 4**-terms, nearly.
    """
    rng = np.random.default_rng(rows * cols)
    count = min(rows, cols)
    left, right = (
        np.linalg.qr(rng.normal(size=(side, count))).Q for side in (rows, cols)
    )
    return left * 2.0 ** -np.arange(count) @ right.T
