"""Tensors as matrices, as plain loops."""

import math

import numpy as np

__all__ = ["fold", "mode_product", "unfold"]


def unfold(tensor, mode) -> np.ndarray:
    """Put each number where its place among the other modes says."""
    cols = math.prod(_without(tensor.shape, mode))
    out = np.empty((tensor.shape[mode], cols), tensor.dtype)
    for place in np.ndindex(*tensor.shape):
        out[place[mode], _column(place, mode, tensor.shape)] = tensor[place]
    return out


def fold(matrix, mode, shape) -> np.ndarray:
    """Fetch each number from where `unfold` has put it."""
    out = np.empty(shape, matrix.dtype)
    for place in np.ndindex(*shape):
        out[place] = matrix[place[mode], _column(place, mode, shape)]
    return out


def mode_product(tensor, matrix, mode) -> np.ndarray:
    """Sum products over the index of the mode; the other indices stay."""
    shape = list(tensor.shape)
    shape[mode] = len(matrix)
    out = np.empty(shape, tensor.dtype)
    for place in np.ndindex(*shape):
        row, inner = matrix[place[mode]], list(place)
        products = []
        for i, factor in enumerate(row):
            inner[mode] = i
            products.append(float(factor) * float(tensor[tuple(inner)]))
        out[place] = math.fsum(products)
    return out


def _column(place, mode, shape) -> int:
    """Count the other indices as the digits of one number, the last fastest."""
    column = 0
    for index, side in zip(
        _without(place, mode), _without(shape, mode), strict=True
    ):
        column = column * side + index
    return column


def _without(values, mode) -> list:
    """Return all values but that of the mode."""
    return [value for axis, value in enumerate(values) if axis != mode]
