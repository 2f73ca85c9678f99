"""Singular values: a matrix as the sum of matrices of rank 1.

    matrix = sum over i of values[i] * outer(left[:, i], right[i])

The values fall and are not negative; the columns of left, and the rows of
right, have length 1 and are orthogonal. The first terms of the sum are the
nearest matrix of their rank [eckart1936approximation].
"""

import numpy as np

from ..._require import require_finite, require_int
from .fields import column_signs, power_of_two_above, require_filled_matrix

__all__ = ["randomized_svd", "truncated_svd"]

SVD = tuple[np.ndarray, np.ndarray, np.ndarray]


def truncated_svd(matrix: np.ndarray, rank: int) -> SVD:
    """Return the nearest matrix of a rank, as three factors.

    matrix : (rows, cols) float32 or float64, finite, not empty
    rank : from 1 to the smaller side
    returns : left (rows, rank), values (rank,), falling, and right
        (rank, cols), of the dtype of the matrix. `left * values @ right` is
        the approximation; its error is the root of the sum of the squares of
        the values left out.

    The factors are unique up to signs, where the values differ. The sign is
    chosen so that the largest entry of each column of left is positive, as
    scikit-learn's svd_flip has it.

    >>> matrix = np.array([[3.0, 0.0], [4.0, 5.0]])
    >>> left, values, right = truncated_svd(matrix, 1)
    >>> values.round(4)
    array([6.7082])
    >>> (left * values @ right).round(4)
    array([[1.5, 1.5],
           [4.5, 4.5]])

    See [eckart1936approximation]; all values are computed, by LAPACK's gesdd
    in numpy.linalg.svd, and the last ones dropped.
    """
    require_filled_matrix("matrix", matrix)
    rank = require_int("rank", rank, 1, min(matrix.shape))
    with np.errstate(over="ignore"):  # refused below
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
    return finished(left[:, :rank], values[:rank], right[:rank])


def randomized_svd(
    matrix: np.ndarray,
    rank: int,
    *,
    oversample: int = 10,
    power_iterations: int = 2,
    seed: int = 0,
) -> SVD:
    """Return a matrix of a rank that is nearly the nearest, much faster.

    matrix : (rows, cols) float32 or float64, finite, not empty
    rank : from 1 to the smaller side
    oversample : columns of the random sketch beyond the rank, >= 0
    power_iterations : how often the sketch is multiplied by the matrix and
        its transpose again, >= 0; more are needed where values fall slowly
    seed : of the random sketch, >= 0
    returns : left, values and right, as `truncated_svd` does

    The work grows as rows * cols * rank, for all singular values as
    rows * cols * smaller side. The values are never too large, beyond
    rounding.

    >>> matrix = np.outer([1.0, 2.0, 2.0], [3.0, 4.0])
    >>> left, values, right = randomized_svd(matrix, 1)
    >>> values.round(4), left[:, 0].round(4), right[0].round(4)
    (array([15.]), array([0.3333, 0.6667, 0.6667]), array([0.6, 0.8]))

    See [halko2011finding], algorithms 4.4, which has a QR between any two
    products, and 5.1.
    """
    require_filled_matrix("matrix", matrix)
    rank = require_int("rank", rank, 1, min(matrix.shape))
    oversample = require_int("oversample", oversample, 0)
    power_iterations = require_int("power_iterations", power_iterations, 0)
    rng = np.random.default_rng(require_int("seed", seed, 0))
    scale = matrix.dtype.type(power_of_two_above(matrix))
    scaled = matrix / scale
    width = min(rank + oversample, *matrix.shape)
    shape = (matrix.shape[1], width)
    sketch = rng.standard_normal(shape, matrix.dtype)  # (cols, width)
    basis = np.linalg.qr(scaled @ sketch).Q  # (rows, width)
    for _ in range(power_iterations):
        sketch = np.linalg.qr(scaled.T @ basis).Q  # (cols, width)
        basis = np.linalg.qr(scaled @ sketch).Q  # (rows, width)
    left, values, right = np.linalg.svd(
        basis.T @ scaled,  # (width, cols)
        full_matrices=False,
    )
    with np.errstate(over="ignore"):  # refused below
        values = values[:rank] * scale
    return finished(basis @ left[:, :rank], values, right[:rank])


def finished(left: np.ndarray, values: np.ndarray, right: np.ndarray) -> SVD:
    """Return the factors with their signs chosen, each an array of its own.

    left : (rows, rank); values : (rank,); right : (rank, cols)
    """
    require_finite("singular values of the matrix", values)
    signs = column_signs(left)  # (rank,)
    return left * signs, values.copy(), right * signs[:, np.newaxis]
