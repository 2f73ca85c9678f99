"""How large a rank should be, and how large it may be."""

import numpy as np

from ..._require import require_int, require_ndim, require_share
from .fields import power_of_two_above, require_filled, require_filled_matrix

__all__ = ["break_even_rank", "energy_rank", "evbmf"]

LEVELS = 200  # of noise, tried at once
ROUNDS = 4  # each narrows the search to two steps of the one before


def break_even_rank(rows: int, cols: int) -> int:
    """Return the largest rank whose two factors hold fewer numbers.

    rows, cols : sides of the matrix, >= 1
    returns : the largest rank with rank * (rows + cols) < rows * cols; 0 where
        even rank 1 saves nothing. Values go into one of the factors.

    >>> break_even_rank(300, 100), break_even_rank(10, 10)
    (74, 4)
    >>> break_even_rank(1, 9)
    0
    """
    rows = require_int("rows", rows, 1)
    cols = require_int("cols", cols, 1)
    return (rows * cols - 1) // (rows + cols)


def energy_rank(values: np.ndarray, share: float) -> int:
    """Return the smallest rank that keeps a share of the squared values.

    values : (n,) float32 or float64, n >= 1, singular values, >= 0
    share : of the sum of all squares, in (0, 1]
    returns : from 0, where all values are 0, to n. The error of that rank is
        at most sqrt(1 - share) of the norm of the matrix. A share that is met
        but for float64's rounding is met, so values below about 1e-8 of the
        largest do not count even for a share of 1.

    >>> values = np.array([6.0, 3.0, 2.0, 0.0])
    >>> [energy_rank(values, share) for share in (0.7, 0.75, 0.95, 1)]
    [1, 2, 3, 3]

    See [eckart1936approximation].
    """
    require_filled("values", values)
    require_ndim("values", values, 1)
    if values.min() < 0:
        raise ValueError(f"values must be >= 0, got {values.min()}")
    share = require_share("share", share, all_too=True)
    scaled = values.astype(np.float64) / power_of_two_above(values)
    squares = np.sort(scaled**2)[::-1]
    kept = np.concatenate([[0], np.cumsum(squares)])  # (n + 1,) of rank 0 to n
    rounding = values.size * np.finfo(np.float64).eps
    return int(np.argmax(kept >= share * kept[-1] * (1 - rounding)))


def evbmf(matrix: np.ndarray) -> int:
    """Estimate the rank of a matrix below which all is noise.

    matrix : (rows, cols) float32 or float64, finite, not empty
    returns : how many singular values are larger than those of noise would be,
        from 0 to the smaller side; 0 for a matrix of zeros

    Empirical variational Bayes matrix factorization supposes a matrix of low
    rank plus independent normal noise, estimates the variance of the noise
    from the matrix itself, and counts the values above its threshold. That
    lies 5 to 11 % above the largest value that noise alone has, so weaker
    signals are missed. There is nothing to choose, and neither a transpose
    nor a factor changes the result. Values that the rounding of the dtype
    leaves are noise.

    Beware of the cliff: a signal must not fill the matrix. Of equal values at
    twice the edge of the noise, 16 of 64 are found in a square matrix, and of
    24 none: the result is then 0, not 24. A trained layer can be called all
    noise, so give what uses this a floor.

    >>> rng = np.random.default_rng(0)
    >>> signal = rng.standard_normal((60, 3)) @ rng.standard_normal((3, 80))
    >>> evbmf(signal + rng.standard_normal((60, 80)))
    3

    See [nakajima2013global].
    """
    require_filled_matrix("matrix", matrix)
    wide = matrix.astype(np.float64) / power_of_two_above(matrix)
    values = np.linalg.svd(wide, compute_uv=False)  # (rows,) or (cols,), less
    if values[0] == 0:
        return 0
    small, large = sorted(matrix.shape)
    squares = values**2 / large
    # numpy.linalg.matrix_rank takes values up to this for rounding
    rounding = (large * np.finfo(matrix.dtype).eps * values[0]) ** 2 / large
    variance = _noise_variance(squares, small / large, rounding)
    threshold = _noise_threshold(small / large)
    return int(np.count_nonzero(squares > threshold * variance))


def _noise_threshold(aspect: float) -> float:
    """Return how far above the noise's variance a squared value must lie.

    aspect : smaller side / larger side
    returns : the bound of value**2 / (larger side * variance)

    2.5129 * sqrt(aspect) approximates the root of an equation that has no
    closed form: 2.51286 for a square, 1.2726 instead of 1.2565 for 1 to 4.
    """
    root = 2.5129 * np.sqrt(aspect)
    return float((1 + root) * (1 + aspect / root))


def _noise_variance(
    squares: np.ndarray, aspect: float, rounding: float
) -> float:
    """Return the variance of the noise, where the free energy is lowest.

    squares : (n,) squared singular values / larger side, falling
    rounding : the variance that the rounding of the dtype makes

    The free energy may have several minima: all levels are tried first.
    """
    most_signals = int(np.ceil(squares.size / (1 + aspect))) - 1
    rest = squares[most_signals:]  # (n - most_signals,), noise in any case
    low = max(rest[0] / _noise_threshold(aspect), rest.mean(), rounding)
    high = squares.mean()
    for _ in range(ROUNDS):
        levels = np.geomspace(low, high, LEVELS)
        best = int(_free_energies(squares, aspect, levels).argmin())
        low = levels[max(best - 1, 0)]
        high = levels[min(best + 1, LEVELS - 1)]
    return float(levels[best])


def _free_energies(
    squares: np.ndarray, aspect: float, levels: np.ndarray
) -> np.ndarray:
    """Return the free energy at each level of noise, up to a constant.

    squares : (n,); levels : (levels,) variances
    returns : (levels,), times 2 / larger side
    """
    x = squares / levels[:, np.newaxis]  # (levels, n)
    is_signal = x > _noise_threshold(aspect)
    centered = np.where(is_signal, x, 4) - (1 + aspect)  # 4: any, for the root
    t = (centered + np.sqrt(centered**2 - 4 * aspect)) / 2
    # x - t = 1 + aspect + aspect / t, which does not cancel
    signal = 1 + aspect + aspect / t + np.log1p(t)
    signal += aspect * np.log1p(t / aspect)
    terms = np.where(is_signal, signal, x)  # (levels, n)
    return terms.sum(axis=1) + squares.size * np.log(levels)
