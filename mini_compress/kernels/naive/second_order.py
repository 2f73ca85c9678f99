"""Rounding that looks at the outputs, as plain loops."""

import numpy as np

from .codes import clamp

__all__ = ["fix_weight", "gptq"]


def gptq(weight, hessian, params, *, damping=0.01, order="given") -> np.ndarray:
    """Fix one weight of a row after the other to its nearest code."""
    codes = np.empty(weight.shape, params.dtype)
    scale = np.broadcast_to(params.scale, weight.shape)
    zero_point = np.broadcast_to(params.zero_point, weight.shape)
    size = [float(hessian[i, i]) for i in range(len(hessian))]
    turns = list(range(len(size)))
    if order == "diagonal":
        turns.sort(key=lambda i: -size[i])  # equal ones stay in order
    start = np.linalg.inv(_damped(hessian, size, damping))
    for row in range(len(weight)):
        inverse = start
        left = [float(w) if size[i] else 0.0 for i, w in enumerate(weight[row])]
        for i in turns:
            step, zero = scale[row, i], int(zero_point[row, i])
            code = round(float(weight.dtype.type(left[i]) / step)) + zero
            code = clamp(code, params.quant_min, params.quant_max)
            value = float(step) * (code - zero)
            left, inverse = fix_weight(left, inverse, i, value)
            codes[row, i] = code
    return codes


def fix_weight(weights, inverse, index, value) -> tuple[list, np.ndarray]:
    """Move the others by their row of the inverse, then take it out there."""
    pivot = inverse[index, index]
    error = (weights[index] - value) / pivot
    moved = [w - error * inverse[index, i] for i, w in enumerate(weights)]
    moved[index] = value
    left = np.zeros_like(inverse)
    for i, j in np.ndindex(*inverse.shape):
        if index not in (i, j):
            out = inverse[i, index] * inverse[index, j] / pivot
            left[i, j] = inverse[i, j] - out
    return moved, left


def _damped(hessian, size, damping) -> np.ndarray:
    """Give dead columns the mean of the others, then add to all."""
    alive = [one for one in size if one]
    mean = sum(alive) / len(alive) if alive else 1.0
    damped = hessian.astype(np.float64)
    for i, one in enumerate(size):
        damped[i, i] = (one or mean) + damping * mean
    return damped
