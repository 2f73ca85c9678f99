"""Rounding that looks at the outputs: each error is pushed on to the rest.

Plain rounding brings each weight to its nearest code. What counts is the
layer's output, and there an error of one weight can make up for that of
another if their inputs go together. With a Hessian H, the mean (or sum) of
x x^T over the inputs x of a layer,

    sum over inputs |W x - Q x|^2  =  trace((W - Q) H (W - Q)^T)

`gptq` rounds one column of W after the other and moves the columns that are
still to come. `fix_weight` is the step it repeats; with the value 0 that is
Optimal Brain Surgeon, which prunes.
"""

import numpy as np

from .._require import (
    require_dtype,
    require_equal,
    require_finite,
    require_int,
    require_ndim,
    require_number,
    require_one_of,
    require_real,
)
from .affine import AffineParams, broadcast_params, float_codes
from .blocks import slices
from .hessians import checked_hessian, damped, inverse_factor

__all__ = ["fix_weight", "gptq", "inverse_factor", "layer_loss"]

ORDERS = ("given", "diagonal")


def gptq(
    weight: np.ndarray,
    hessian: np.ndarray,
    params: AffineParams,
    *,
    damping: float = 0.01,
    block: int = 128,
    order: str = "given",
) -> np.ndarray:
    """Round a weight to codes, column by column, for the nearest outputs.

    weight : (rows, cols) float32 or float64, finite
    hessian : (cols, cols) float32 or float64, the mean or the sum of x x^T
        over inputs x; its scale does not matter
    params : the grid, fixed beforehand. It broadcasts against weight: scale
        (1, 1), (rows, 1), or for groups (rows, cols), each step repeated.
    damping : share of the mean diagonal that is added to the diagonal; in
        [0, 1). A Hessian of fewer inputs than columns needs some.
    block : columns whose errors are added to the rest in one product; has
        no influence on the result but for the order of sums
    order : "given", or "diagonal" for the columns of the largest inputs first
    returns : codes of weight's shape, of `params.dtype`

    A column whose inputs are all 0 (0 on H's diagonal) is dead: its weights
    become 0, and it takes no part in the mean diagonal. If H is a multiple of
    the identity, nothing can be pushed, and these are the codes of
    `affine.quantize`.

    >>> weight = np.full((1, 4), 0.4, np.float32)
    >>> params = AffineParams(1.0, 0, bits=4, signed=True)
    >>> gptq(weight, np.eye(4), params)
    array([[0, 0, 0, 0]], dtype=int8)
    >>> gptq(weight, np.ones((4, 4)), params)  # four inputs that are equal
    array([[0, 1, 0, 1]], dtype=int8)

    See [frantar2023gptq], section 4 and algorithm 1; loops, which follow
    the inverse itself instead of its Cholesky factor, in `naive.gptq`.
    """
    _require_weight("weight", weight)
    hessian = checked_hessian(hessian, weight.shape[1])
    damping = require_number("damping", damping, 0, 1)
    block = require_int("block", block, 1)
    require_one_of("order", order, ORDERS)
    scale, zero_point = broadcast_params(weight.shape, params)

    turns = np.arange(len(hessian))
    if order == "diagonal":
        turns = np.argsort(-hessian.diagonal(), kind="stable")
    hessian, dead = damped(hessian, damping)
    upper = inverse_factor(hessian[np.ix_(turns, turns)])
    # (cols, rows), so that a column lies in one piece
    columns = weight.T[turns].astype(np.float64)
    columns[dead[turns]] = 0
    steps, zeros = scale.T[turns], zero_point.T[turns]
    codes = np.empty(weight.shape, params.dtype)
    for part in slices(len(columns), block):
        rounded, errors = _round_block(
            columns[part],
            steps[part],
            zeros[part],
            upper[part, part],
            params,
            weight.dtype,
        )
        codes[:, turns[part]] = rounded.T
        # all the errors of the block reach the columns behind it at once
        columns[part.stop :] -= upper[part, part.stop :].T @ errors
    return codes


def _round_block(
    columns: np.ndarray,
    steps: np.ndarray,
    zeros: np.ndarray,
    upper: np.ndarray,
    params: AffineParams,
    dtype: np.dtype,
) -> tuple[np.ndarray, np.ndarray]:
    """Round the columns of a block; return codes and errors, (block, rows).

    columns : (block, rows) float64, is changed
    dtype : of the weight: in it the quotient is rounded as `quantize` does
    """
    codes = np.empty(columns.shape, params.dtype)
    errors, pushed = np.empty(columns.shape), np.empty(columns.shape)
    for i, column in enumerate(columns):
        rounded = float_codes(column.astype(dtype), steps[i], zeros[i], params)
        codes[i] = rounded
        missed = column - steps[i].astype(np.float64) * (rounded - zeros[i])
        errors[i] = missed / upper[i, i]
        rest = slice(i + 1, None)
        np.multiply.outer(upper[i, rest], errors[i], out=pushed[rest])
        columns[rest] -= pushed[rest]
    return codes, errors


def fix_weight(
    weights: np.ndarray, inverse: np.ndarray, index: int, value: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Fix one weight of a row to a value; the others make up for it.

    weights : (n,) float64, one row of a layer's weight
    inverse : (n, n) float64, of the Hessian; rows and columns of weights that
        have been fixed are 0
    index : of a weight that is not fixed yet
    value : what it is fixed to: 0 removes it, its nearest code rounds it
    returns : the weights, at the least loss that this value allows; the
        inverse for the weights that are left; by how much the loss of
        `layer_loss` grows if it was at its least

    >>> hessian = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> inverse = np.linalg.inv(hessian)
    >>> weights, _, cost = fix_weight(np.array([0.4, 0.4]), inverse, 0, 0.0)
    >>> weights.round(6), round(cost, 6)
    (array([0. , 0.6]), 0.24)

    See [hassibi1993second] for value 0, and
    [frantar2022optimal], section 5, for any other.
    """
    require_dtype("weights", weights, np.float64)
    require_ndim("weights", weights, 1)
    require_dtype("inverse", inverse, np.float64)
    require_equal("shape of inverse", (len(weights),) * 2, inverse.shape)
    require_finite("inverse", inverse)
    index = require_int("index", index, 0, len(weights) - 1)
    require_real("value", value)
    if not inverse[index, index] > 0:
        raise ValueError(
            f"weight {index} must not be fixed yet, got "
            f"{inverse[index, index]:.3g} on the diagonal of the inverse"
        )
    column = inverse[:, index] / inverse[index, index]
    missed = weights[index] - value
    cost = float(missed**2 / inverse[index, index])
    moved = weights - missed * column
    left = inverse - np.outer(column, inverse[index])
    # exactly so, whatever the sums have lost
    moved[index], left[index], left[:, index] = value, 0, 0
    return moved, left, cost


def layer_loss(
    weight: np.ndarray, quantized: np.ndarray, hessian: np.ndarray
) -> float:
    """Return trace((W - Q) H (W - Q)^T), the squared error of the outputs.

    weight, quantized : (rows, cols) float32 or float64
    hessian : (cols, cols); the mean of x x^T gives the mean over inputs x of
        the squared error, summed over the outputs

    >>> layer_loss(np.eye(2), np.zeros((2, 2)), np.diag([1.0, 3.0]))
    4.0
    """
    _require_weight("weight", weight)
    _require_weight("quantized", quantized)
    require_equal("shape of quantized", weight.shape, quantized.shape)
    hessian = checked_hessian(hessian, weight.shape[1])
    missed = weight.astype(np.float64) - quantized
    return float(((missed @ hessian) * missed).sum())


def _require_weight(name: str, weight: np.ndarray) -> None:
    require_dtype(name, weight, np.float32, np.float64)
    require_ndim(name, weight, 2)
    if weight.size == 0:
        raise ValueError(f"{name} must hold values, got shape {weight.shape}")
    require_finite(name, weight)
