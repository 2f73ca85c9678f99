"""Second-order rounding: what is refused, and in which words."""

import numpy as np
import pytest

from mini_compress.kernels.affine import AffineParams
from mini_compress.kernels.second_order import (
    fix_weight,
    gptq,
    inverse_factor,
    layer_loss,
)

WEIGHT = np.ones((2, 3), np.float32)
EYE = np.eye(3)
PARAMS = AffineParams(1.0, 0, bits=4, signed=True)
LOPSIDED = np.array([[1.0, 0.5, 0], [0, 1, 0], [0, 0, 1]])


def with_value(array, value):
    array = array.copy()
    array.flat[0] = value
    return array


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"weight": [[1.0]]}, TypeError, "weight must be a numpy array"),
        ({"weight": np.ones((2, 3), int)}, TypeError, "float32 or float64"),
        ({"weight": np.ones(3)}, ValueError, "weight must have 2 axes"),
        ({"weight": np.ones((0, 3))}, ValueError, "weight must hold values"),
        ({"weight": with_value(WEIGHT, np.nan)}, ValueError, "weight .* NaN"),
        ({"hessian": EYE.astype(int)}, TypeError, "hessian must be float32"),
        (
            {"hessian": np.eye(4)},
            ValueError,
            r"shape of hessian must be \(3, 3\), got \(4, 4\)",
        ),
        ({"hessian": with_value(EYE, np.inf)}, ValueError, "got infinity"),
        ({"hessian": with_value(EYE, -1)}, ValueError, "diagonal .* got -1"),
        ({"hessian": LOPSIDED}, ValueError, "symmetric, got two numbers 0.5"),
        ({"damping": 1}, ValueError, r"damping must be in \[0, 1\), got 1"),
        ({"damping": -0.1}, ValueError, "damping must be in"),
        ({"damping": "1"}, TypeError, "damping must be a number"),
        ({"block": 0}, ValueError, "block must be >= 1, got 0"),
        ({"order": "largest"}, ValueError, "one of given, diagonal"),
        (
            {"params": AffineParams(np.ones((3, 1)), 0, 4, signed=True)},
            ValueError,
            r"scale must broadcast against shape \(2, 3\)",
        ),
        (
            {"hessian": np.ones((3, 3)), "damping": 0},
            ValueError,
            "positive definite, got a lowest eigenvalue of .*: raise",
        ),
    ],
)
def test_bad_requests(changed, error, message):
    given = {"weight": WEIGHT, "hessian": EYE, "params": PARAMS, **changed}
    with pytest.raises(error, match=message):
        gptq(**given)


@pytest.mark.parametrize("raises", [True, False])
def test_a_matrix_that_has_no_factor(raises, monkeypatch):
    if not raises:  # as in a browser
        monkeypatch.setattr(np.linalg, "cholesky", lambda x: x * np.nan)
    with pytest.raises(ValueError, match=r"lowest eigenvalue of -1: raise"):
        inverse_factor(np.array([[1.0, 2.0], [2.0, 1.0]]))


def test_losses_of_other_shapes():
    with pytest.raises(ValueError, match=r"shape of quantized must be \(2, 3"):
        layer_loss(WEIGHT, WEIGHT[:1], EYE)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"weights": np.ones((1, 3))}, ValueError, "weights must have 1 axes"),
        ({"weights": np.ones(3, np.float32)}, TypeError, "must be float64"),
        ({"inverse": np.eye(2)}, ValueError, r"shape of inverse .*\(3, 3\)"),
        ({"index": 3}, ValueError, r"index must be in \[0, 2\], got 3"),
        ({"index": 1.0}, TypeError, "index must be a whole number"),
        ({"index": 1}, ValueError, "weight 1 must not be fixed yet, got 0"),
        ({"value": np.nan}, ValueError, "value must be finite, got NaN"),
    ],
)
def test_weights_that_cannot_be_fixed(changed, error, message):
    inverse = np.diag([1.0, 0.0, 1.0])
    given = {"weights": np.ones(3), "inverse": inverse, "index": 0}
    with pytest.raises(error, match=message):
        fix_weight(**{**given, "value": 0.0, **changed})
