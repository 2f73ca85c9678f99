"""A tensor as a small core and a factor for each mode (Tucker).

    tensor = core times factors[0] along mode 0, factors[1] along mode 1, ...

The columns of a factor have length 1 and are orthogonal. So the core is the
tensor times the transposed factors, and what an approximation misses is

    norm(tensor - approximation)**2 = norm(tensor)**2 - norm(core)**2

All is computed in float64 and rounded to the tensor's dtype at the end. The
vectors of a factor come from the squares of the unfolding (its Gram matrix),
which takes a fraction of the time of its singular values. The price: directions
whose singular value is less than about 1.5e-8 of the largest, the root of
float64's precision, are told apart no more. An error that small is far below
the rounding of float32; for float64 it means that even a tensor which the ranks
hold exactly may be missed by 1e-8 of its norm.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from ..._require import (
    require_equal,
    require_finite,
    require_int,
    require_number,
)
from .fields import (
    column_signs,
    power_of_two_above,
    require_filled,
    require_modes,
    require_ranks,
    require_tensor,
)
from .unfolding import mode_product, multiplied, unfolded

__all__ = ["hosvd", "partial_tucker", "tucker", "tucker_to_tensor"]

Tucker = tuple[np.ndarray, list[np.ndarray]]


def hosvd(tensor: np.ndarray, ranks: Sequence[int]) -> Tucker:
    """Choose each factor by itself: the first left vectors of each unfolding.

    tensor : (...) float32 or float64, finite, not empty
    ranks : one for each mode, from 1 to the mode's side
    returns : core of shape ranks and factors, (shape[mode], rank) each, of the
        dtype of the tensor. The largest entry of each column is positive.

    Its squared error is at most the sum over the modes of the squares of the
    singular values left out: at most the number of modes times that of the
    nearest such tensor. `tucker` starts here and comes nearer.

    >>> tensor = np.arange(12.0).reshape(2, 3, 2)
    >>> core, factors = hosvd(tensor, (1, 2, 2))
    >>> core.shape, [factor.shape for factor in factors]
    ((1, 2, 2), [(2, 1), (3, 2), (2, 2)])

    See [delathauwer2000multilinear], section 3 and property 10.
    """
    return tucker(tensor, ranks, max_iterations=0)


def tucker(
    tensor: np.ndarray,
    ranks: Sequence[int],
    *,
    max_iterations: int = 50,
    tolerance: float = 1e-10,
) -> Tucker:
    """Choose the factors of all modes together, in turns (HOOI).

    tensor, ranks, returns : as for `hosvd`
    max_iterations, tolerance : as for `partial_tucker`

    >>> tensor = np.random.default_rng(0).standard_normal((5, 4, 3))
    >>> for factorize in (hosvd, tucker):
    ...     core, factors = factorize(tensor, (2, 2, 2))
    ...     missed = tensor - tucker_to_tensor(core, factors)
    ...     print(round(float(np.linalg.norm(missed)), 3))
    4.752
    4.521

    See [delathauwer2000best], section 4; called Tucker after
    [tucker1966some].
    """
    require_filled("tensor", tensor)
    return partial_tucker(
        tensor,
        range(tensor.ndim),
        ranks,
        max_iterations=max_iterations,
        tolerance=tolerance,
    )


def partial_tucker(
    tensor: np.ndarray,
    modes: Iterable[int],
    ranks: Sequence[int],
    *,
    max_iterations: int = 50,
    tolerance: float = 1e-10,
) -> Tucker:
    """Factorize some modes only: of a convolution, its outputs and inputs.

    tensor : (...) float32 or float64, finite, not empty
    modes : different axes, in any order, counted from 0
    ranks : one for each of these modes, from 1 to the mode's side
    max_iterations : how often each factor is chosen anew while the others are
        held, >= 0; with 0 this is the HOSVD of these modes
    tolerance : it stops earlier when the share of the tensor's energy that
        the core holds rises by less than this, >= 0
    returns : core, the tensor's shape with ranks in the place of the modes'
        sides, and factors in the order of modes, (shape[mode], rank) each, of
        the dtype of the tensor. The largest entry of each column is positive.

    No turn makes the error larger, and the last is a local optimum, not
    always the best there is. With one mode the HOSVD is the best.

    A turn computes all eigenvectors of a Gram matrix for each mode: at 512
    channels that is about half of its time. Trained weights end it after 2 to
    50 turns. Random ones, in which no direction stands out, gain a little in
    every turn and take all 50; ten are five times faster then, and their error
    is less than 0.1 % larger.

    >>> weight = np.ones((8, 4, 3, 3), np.float32)
    >>> core, (outputs, inputs) = partial_tucker(weight, (0, 1), (2, 1))
    >>> core.shape, outputs.shape, inputs.shape
    ((2, 1, 3, 3), (8, 2), (4, 1))

    See [kolda2009tensor], section 4.2, and tensorly's partial_tucker, which
    stops by the change of the error instead.
    """
    require_filled("tensor", tensor)
    chosen = require_modes(tensor.ndim, modes)
    ranks = require_ranks(tensor.shape, chosen, ranks)
    max_iterations = require_int("max_iterations", max_iterations, 0)
    tolerance = require_number("tolerance", tolerance, 0)
    scale = power_of_two_above(tensor)
    wide = tensor.astype(np.float64) / scale
    factors = [
        _leading_vectors(unfolded(wide, mode), rank)
        for mode, rank in zip(chosen, ranks, strict=True)
    ]
    factors = _take_turns(wide, chosen, factors, max_iterations, tolerance)
    with np.errstate(over="ignore"):  # refused below
        core = (_projected(wide, chosen, factors) * scale).astype(tensor.dtype)
    require_finite("core", core)
    return core, [factor.astype(tensor.dtype) for factor in factors]


def tucker_to_tensor(
    core: np.ndarray,
    factors: Sequence[np.ndarray],
    *,
    modes: Iterable[int] | None = None,
) -> np.ndarray:
    """Multiply a core with factors: the tensor that they stand for.

    core : (...) float32 or float64, finite
    factors : (side, core.shape[mode]) of the dtype of the core, one for each
        mode
    modes : of the factors, different from each other; None means all, in order
    returns : the core's shape with each side in the place of a rank

    >>> core, factors = np.array([[2.0]]), [np.ones((2, 1)), np.ones((3, 1))]
    >>> tucker_to_tensor(core, factors)
    array([[2., 2., 2.],
           [2., 2., 2.]])

    See [kolda2009tensor], equation 4.1.
    """
    require_tensor("core", core)
    chosen = require_modes(
        core.ndim, range(core.ndim) if modes is None else modes
    )
    require_equal("number of factors", len(chosen), len(factors))
    for mode, factor in zip(chosen, factors, strict=True):
        core = mode_product(core, factor, mode)
    return core


def _take_turns(
    tensor: np.ndarray,
    modes: list[int],
    factors: list[np.ndarray],
    max_iterations: int,
    tolerance: float,
) -> list[np.ndarray]:
    """Choose each factor anew, given the others, until that gains nothing.

    tensor : (...) float64; factors : (shape[mode], rank) for each mode
    """
    factors = list(factors)
    energy = float((tensor**2).sum())
    before = -np.inf  # so that the first turn never ends it
    for _ in range(max_iterations):
        for i, mode in enumerate(modes):
            others = modes[:i] + modes[i + 1 :]
            held = factors[:i] + factors[i + 1 :]
            small = _projected(tensor, others, held)
            rank = factors[i].shape[1]
            factors[i] = _leading_vectors(unfolded(small, mode), rank)
        core = multiplied(small, factors[-1].T, modes[-1])
        share = float((core**2).sum()) / energy if energy > 0 else 1.0
        if share - before < tolerance:
            break
        before = share
    return factors


def _projected(
    tensor: np.ndarray, modes: list[int], factors: list[np.ndarray]
) -> np.ndarray:
    """Multiply by the transposed factors: each mode's side becomes a rank."""
    for mode, factor in zip(modes, factors, strict=True):
        tensor = multiplied(tensor, factor.T, mode)
    return tensor


def _leading_vectors(matrix: np.ndarray, rank: int) -> np.ndarray:
    """Return the first left singular vectors: (rows, rank).

    matrix : (rows, cols) float64

    Those of a wide matrix are the eigenvectors of its Gram matrix. A tall one
    has fewer columns than that has rows; where they are fewer than the rank
    too, any further orthogonal vectors complete it.
    """
    rows, cols = matrix.shape
    if rows <= cols:
        vectors = np.linalg.eigh(matrix @ matrix.T).eigenvectors[:, ::-1]
    else:
        vectors = np.linalg.svd(matrix, full_matrices=rank > cols).U
    leading = vectors[:, :rank]
    return leading * column_signs(leading)
