"""A matrix of a rank that gives the nearest outputs, not the nearest itself."""

import numpy as np

from ..._require import require_equal, require_finite, require_int
from .fields import power_of_two_above, require_filled_matrix
from .svd import SVD, finished

__all__ = ["output_svd"]

# of the largest eigenvalue: sums in float32 leave about 1e-7 of it
ROUNDING = 1e-5
EPS = np.finfo(np.float64).eps


def output_svd(matrix: np.ndarray, moment: np.ndarray, rank: int) -> SVD:
    """Return the matrix of a rank whose products with inputs are nearest.

    matrix : (rows, cols) float32 or float64, finite, not empty
    moment : (cols, cols) float32 or float64, finite: the second moment of the
        inputs, the mean of x x^T; symmetric, without negative eigenvalues but
        for rounding, which are taken as 0
    rank : from 1 to the smaller side
    returns : left (rows, rank), its columns orthogonal and of length 1, values
        (rank,), falling, and right (rank, cols), of the dtype of the matrix.
        `left * values @ right` is the approximation W_r of the matrix W: no
        other of its rank has a smaller mean of |W x - W_r x|^2 over inputs of
        that moment. It is the sum of the squares of the values left out, the
        first of which are the root mean squares of the outputs along each
        column of left.

    The rows of right are not orthogonal. W_r is W projected on left: no inverse
    of the moment is needed, and inputs may leave out directions (pixels that
    are always 0). There W_r follows W as far as left allows. Ranks beyond
    those that the outputs need go to what of W is never seen: eigenvalues of
    the moment count as 2.2e-16 of the largest at least. So W comes back at full
    rank, to 1e-8 of its size. For a moment of zeros, right is 0.

    >>> matrix = np.array([[2.0, 0.0], [0.0, 1.0]])
    >>> moment = np.array([[0.01, 0.0], [0.0, 9.0]])  # the second input counts
    >>> left, values, right = output_svd(matrix, moment, 1)
    >>> (left * values @ right).round(2), values.round(2)
    (array([[0., 0.],
           [0., 1.]]), array([3.]))

    With the identity as moment it is `truncated_svd`. See [wang2025svdllm],
    which whitens by a Cholesky factor and inverts it.
    """
    require_filled_matrix("matrix", matrix)
    rank = require_int("rank", rank, 1, min(matrix.shape))
    scale = power_of_two_above(matrix)
    wide = matrix.astype(np.float64) / scale
    root, unit = _root(moment, matrix.shape[1])
    left, values, _ = np.linalg.svd(wide @ root, full_matrices=False)
    # what is smaller is rounding; a value of 0 could not be divided by
    values = np.maximum(values, EPS * values[0])[:rank]
    left = left[:, :rank]
    lengths = values * unit  # in units of scale
    right = np.zeros((rank, matrix.shape[1]))
    np.divide(
        left.T @ wide, lengths[:, np.newaxis], out=right, where=values[0] > 0
    )
    kind = matrix.dtype
    with np.errstate(over="ignore"):  # refused
        right = right.astype(kind)
        require_finite("right factor of the matrix", right)
        return finished(
            left.astype(kind), (lengths * scale).astype(kind), right
        )


def _root(moment: np.ndarray, cols: int) -> tuple[np.ndarray, float]:
    """Return a root of a moment over a unit, and the unit.

    returns : root (cols, cols) float64, root @ root.T * unit**2 is the moment
    """
    require_filled_matrix("moment", moment)
    require_equal("shape of moment", (cols, cols), moment.shape)
    scale = power_of_two_above(moment)
    scaled = moment.astype(np.float64) / scale
    if np.abs(scaled - scaled.T).max() > ROUNDING:
        raise ValueError("moment must be symmetric, got one that is not")
    squares, vectors = np.linalg.eigh((scaled + scaled.T) / 2)
    if squares[0] < -ROUNDING * max(squares[-1], 1):
        raise ValueError(
            "moment must have no negative eigenvalues, got "
            f"{squares[0] * scale:g}"
        )
    floored = np.maximum(squares, EPS * max(squares[-1], 0))
    return vectors * np.sqrt(floored), float(np.sqrt(scale))
