"""The checks of the chapter on second-order rounding."""

from collections.abc import Callable

import numpy as np

from ..kernels.affine import AffineParams, dequantize
from ..kernels.second_order import gptq
from .parts.attempt import Attempt

TOLERANCE = 1e-9  # of sums in float64; a fault misses by whole steps


def round_columns(function: Callable) -> None:
    """Check GPTQ on a matrix.

    function : (weight, hessian, step) -> (rows, cols) float64, multiples of
        step; weight is (rows, cols), hessian (cols, cols), positive definite
    """
    attempt = Attempt(function, "weight", "hessian", "step")
    weight = np.random.default_rng(0).normal(size=(5, 8))
    with attempt.must("the result has the weight's shape, and whole steps"):
        got = attempt.call(weight, _hessian(8), 0.5)
        got = attempt.require_form(got, weight.shape, np.float64)
        attempt.require_close(got, 0.5 * np.rint(got / 0.5), TOLERANCE)
    with attempt.must(
        "inputs that do not go together give the nearest",
        "If H is the identity, nothing can be handed on.",
    ):
        nearest = 0.5 * np.rint(weight / 0.5)
        attempt.expect(nearest, weight, np.eye(8), 0.5, tolerance=TOLERANCE)
    with attempt.must(
        "two inputs that go together share an error",
        "Round the weight that was moved, and hand on with the upper triangle.",
    ):
        _expect(attempt, np.full((1, 2), 0.4), np.eye(2) + 0.99 * _swap(), 1.0)
    with attempt.must(
        "each column is rounded after all before it have moved it",
        "numpy returns the lower triangle L, with L L^T = H^-1.",
    ):
        for cols in (3, 8, 12):
            drawn = np.random.default_rng(cols).normal(size=(20, cols))
            _expect(attempt, drawn, _hessian(cols), 0.5)


def damp(function: Callable) -> None:
    """Check a Hessian made positive definite.

    function : (hessian, damping) -> (n, n) float64
    """
    attempt = Attempt(function, "hessian", "damping")
    x = np.array([[1.0, 0.0, 3.0], [2.0, 0.0, 1.0]])
    live = np.array([[4.0, 1.0], [1.0, 2.0]])
    with attempt.must("without dead inputs, a share of the mean is added"):
        expected = live + 0.1 * 3 * np.eye(2)
        attempt.expect(expected, live, 0.1, tolerance=TOLERANCE)
    with attempt.must(
        "a dead input has the mean of the live ones on the diagonal",
        "Take the mean of the diagonal where it is not 0.",
    ):
        hessian = x.T @ x  # the diagonal is 5, 0, 10
        expected = hessian + np.diag([0, 7.5, 0])
        attempt.expect(expected, hessian, 0.0, tolerance=TOLERANCE)
    with attempt.must(
        "both at once: the share is of the mean of the live inputs",
        "The dead input gets its share of damping too.",
    ):
        expected = hessian + np.diag([0.75, 8.25, 0.75])
        attempt.expect(expected, hessian, 0.1, tolerance=TOLERANCE)


def _expect(
    attempt: Attempt, weight: np.ndarray, hessian: np.ndarray, step: float
) -> None:
    """Compare an answer with the codes of the package's own function."""
    params = AffineParams(step, 0, bits=8, signed=True)
    codes = gptq(weight, hessian, params, damping=0.0)
    expected = dequantize(codes, params).astype(np.float64)
    attempt.expect(expected, weight, hessian, step, tolerance=TOLERANCE)


def _hessian(cols: int) -> np.ndarray:
    """Return the second moment of inputs that go together."""
    x = np.random.default_rng(cols).normal(size=(40, cols))
    x += 2 * x[:, :1]
    return x.T @ x / len(x)


def _swap() -> np.ndarray:
    return np.array([[0.0, 1.0], [1.0, 0.0]])
