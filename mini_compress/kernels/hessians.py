"""Hessians of layers' outputs: checked, damped, and factored."""

import numpy as np

from .._require import require_dtype, require_equal, require_finite

# of its largest number: as far as sums in float32 may be from symmetric
ASYMMETRY = 1e-4
SMALL = 64  # sides of matrices that are inverted as a whole


def inverse_factor(hessian: np.ndarray) -> np.ndarray:
    """Return the upper triangular U with U^T U = H^-1.

    hessian : (n, n) float64, symmetric and positive definite
    returns : (n, n) float64. Row i is, up to its factor, row i of the inverse
        of H without the rows and columns before i: all that `gptq` needs.

    >>> inverse_factor(np.diag([4.0, 25.0]))
    array([[0.5, 0. ],
           [0. , 0.2]])

    See [frantar2023gptq], section 4, step 3. Instead of the factor of the
    inverse, it takes the inverse of a factor, which loses less: with rows and
    columns turned round, H = L L^T, and so U = L^-1 turned round.
    """
    checked_hessian(hessian, len(hessian))
    lower = _cholesky(hessian[::-1, ::-1])
    if lower is None:
        lowest = np.linalg.eigvalsh(hessian)[0]
        raise ValueError(
            "hessian must be positive definite, got a lowest eigenvalue of "
            f"{lowest:.3g}: raise the damping"
        )
    return _inverse_of_lower(lower)[::-1, ::-1]


def _cholesky(matrix: np.ndarray) -> np.ndarray | None:
    """Return the lower factor of a matrix, None if it has none.

    In a browser numpy does not raise then, and gives NaN: WebAssembly has no
    flags that tell of what went wrong.
    """
    try:
        lower = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return None
    return None if np.isnan(lower).any() else lower


def _inverse_of_lower(lower: np.ndarray) -> np.ndarray:
    """Return the inverse of a lower triangular matrix, by its quarters.

    numpy's own does not know of the zeros, and takes several times as long.
    """
    half = len(lower) // 2
    if half < SMALL:
        return np.tril(np.linalg.inv(lower))
    inverse = np.zeros_like(lower)
    first, last = slice(half), slice(half, None)
    inverse[first, first] = _inverse_of_lower(lower[first, first])
    inverse[last, last] = _inverse_of_lower(lower[last, last])
    below = lower[last, first] @ inverse[first, first]
    inverse[last, first] = -inverse[last, last] @ below
    return inverse


def damped(
    hessian: np.ndarray, damping: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the damped Hessian, and which columns are dead, (cols,) bool."""
    dead = hessian.diagonal() == 0
    mean = 1.0 if dead.all() else hessian.diagonal()[~dead].mean()
    added = np.where(dead, mean, 0) + damping * mean
    return hessian + np.diag(added), dead


def checked_hessian(hessian: np.ndarray, side: int) -> np.ndarray:
    """Return a Hessian in float64; refuse what cannot be one."""
    require_dtype("hessian", hessian, np.float32, np.float64)
    require_equal("shape of hessian", (side, side), hessian.shape)
    require_finite("hessian", hessian)
    hessian = hessian.astype(np.float64, copy=False)
    if (hessian.diagonal() < 0).any():
        raise ValueError(
            "diagonal of hessian must be >= 0, got "
            f"{hessian.diagonal().min():.3g}"
        )
    apart = np.abs(hessian - hessian.T).max()
    if apart > ASYMMETRY * np.abs(hessian).max():
        raise ValueError(
            f"hessian must be symmetric, got two numbers {apart:.3g} apart"
        )
    return hessian
