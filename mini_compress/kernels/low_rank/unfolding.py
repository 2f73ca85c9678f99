"""A tensor as a matrix, one row for each index along a mode, and back.

A mode is an axis of a tensor. Modes are counted from 0, never from the end.
"""

import math

import numpy as np

from ..._require import require_dtype, require_equal, require_int, require_ndim
from .fields import require_tensor

__all__ = ["fold", "mode_product", "unfold"]


def unfold(tensor: np.ndarray, mode: int) -> np.ndarray:
    """Lay a tensor out as a matrix: its rows are the indices of a mode.

    tensor : (...) float32 or float64, finite, of one axis at least
    mode : from 0 to the number of axes - 1
    returns : (shape[mode], product of the other sides), an array of its own.
        In the columns the other modes keep their order, and the last one
        runs fastest. Sides of 0 are allowed.

    >>> tensor = np.arange(12.0).reshape(2, 3, 2)
    >>> unfold(tensor, 1)
    array([[ 0.,  1.,  6.,  7.],
           [ 2.,  3.,  8.,  9.],
           [ 4.,  5., 10., 11.]])

    The order of the columns is tensorly's; in [kolda2009tensor], section 2.4,
    the first of the other modes runs fastest. Singular values and the space of
    the columns are the same. Loops in `naive.unfold`.
    """
    require_tensor("tensor", tensor)
    mode = require_int("mode", mode, 0, tensor.ndim - 1)
    matrix = unfolded(tensor, mode)
    return matrix.copy() if np.may_share_memory(matrix, tensor) else matrix


def fold(matrix: np.ndarray, mode: int, shape: tuple[int, ...]) -> np.ndarray:
    """Undo `unfold`: make a tensor of a shape from its rows along a mode.

    matrix : (shape[mode], product of the other sides) float32 or float64,
        finite
    mode : from 0 to the number of axes - 1
    shape : of the tensor
    returns : shape, an array of its own

    >>> tensor = np.arange(12.0).reshape(2, 3, 2)
    >>> bool((fold(unfold(tensor, 1), 1, (2, 3, 2)) == tensor).all())
    True

    See [kolda2009tensor], section 2.4; loops in `naive.fold`.
    """
    require_tensor("matrix", matrix)
    require_ndim("matrix", matrix, 2)
    if not isinstance(shape, tuple) or not shape:
        raise ValueError(f"shape must be a tuple of sides, got {shape!r}")
    shape = tuple(require_int("shape", side, 0) for side in shape)
    mode = require_int("mode", mode, 0, len(shape) - 1)
    others = shape[:mode] + shape[mode + 1 :]
    expected = shape[mode], math.prod(others)
    require_equal("shape of matrix", expected, matrix.shape)
    return np.array(folded(matrix, mode, shape), order="C")


def mode_product(
    tensor: np.ndarray, matrix: np.ndarray, mode: int
) -> np.ndarray:
    """Multiply a matrix with every column of a tensor along a mode.

    tensor : (...) float32 or float64, finite
    matrix : (new side, shape[mode]) of the dtype of the tensor, finite
    mode : from 0 to the number of axes - 1
    returns : the tensor's shape with the new side in the place of the mode's

    >>> tensor = np.arange(12.0).reshape(2, 3, 2)
    >>> mode_product(tensor, np.array([[1.0, 1.0, 1.0]]), 1)
    array([[[ 6.,  9.]],
    <BLANKLINE>
           [[24., 27.]]])

    See [kolda2009tensor], section 2.5; loops in `naive.mode_product`.
    """
    require_tensor("tensor", tensor)
    require_tensor("matrix", matrix)
    require_ndim("matrix", matrix, 2)
    require_dtype("matrix", matrix, tensor.dtype.type)
    mode = require_int("mode", mode, 0, tensor.ndim - 1)
    require_equal("columns of matrix", tensor.shape[mode], matrix.shape[1])
    return np.ascontiguousarray(multiplied(tensor, matrix, mode))


def unfolded(tensor: np.ndarray, mode: int) -> np.ndarray:
    """Return what `unfold` does, or a view; nothing is checked."""
    first = np.moveaxis(tensor, mode, 0)  # (shape[mode], others ...)
    return first.reshape(len(first), math.prod(first.shape[1:]))


def folded(matrix: np.ndarray, mode: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return what `fold` does, or a view; nothing is checked."""
    others = shape[:mode] + shape[mode + 1 :]
    first = matrix.reshape(shape[mode], *others)
    return np.moveaxis(first, 0, mode)


def multiplied(tensor: np.ndarray, matrix: np.ndarray, mode: int) -> np.ndarray:
    """Return what `mode_product` does, in any layout; nothing is checked."""
    shape = (*tensor.shape[:mode], len(matrix), *tensor.shape[mode + 1 :])
    return folded(matrix @ unfolded(tensor, mode), mode, shape)
