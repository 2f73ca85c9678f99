"""What the functions have in common: checks, scales and signs."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..._require import (
    require_dtype,
    require_equal,
    require_finite,
    require_int,
    require_ndim,
)


def require_tensor(name: str, tensor: np.ndarray) -> None:
    """Refuse anything but finite float32 or float64 with an axis at least.

    >>> require_tensor("tensor", np.array(1.0))
    Traceback (most recent call last):
    ValueError: tensor must have an axis at least, got shape ()
    """
    require_dtype(name, tensor, np.float32, np.float64)
    if tensor.ndim == 0:
        raise ValueError(f"{name} must have an axis at least, got shape ()")
    require_finite(name, tensor)


def require_filled(name: str, tensor: np.ndarray) -> None:
    """Refuse what `require_tensor` refuses, and an array without numbers.

    >>> require_filled("matrix", np.zeros((0, 3)))
    Traceback (most recent call last):
    ValueError: matrix must not be empty, got shape (0, 3)
    """
    require_tensor(name, tensor)
    if tensor.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {tensor.shape}")


def require_filled_matrix(name: str, matrix: np.ndarray) -> None:
    """Refuse anything but a finite matrix of floats, with numbers in it."""
    require_filled(name, matrix)
    require_ndim(name, matrix, 2)


def require_modes(ndim: int, modes: Iterable[int]) -> list[int]:
    """Return modes as Python's ints; refuse wrong ones, equal ones and none.

    >>> require_modes(4, [0, 0])
    Traceback (most recent call last):
    ValueError: modes must differ from each other, got [0, 0]
    """
    listed = _listed("modes", modes)
    require_int("number of modes", len(listed), 1)
    own = [require_int("mode", mode, 0, ndim - 1) for mode in listed]
    if len(set(own)) < len(own):
        raise ValueError(f"modes must differ from each other, got {own}")
    return own


def require_ranks(
    shape: tuple[int, ...], modes: list[int], ranks: Iterable[int]
) -> list[int]:
    """Return a rank for each mode as Python's ints; refuse those too large.

    >>> require_ranks((5, 6, 3), [0, 1], [2, 7])
    Traceback (most recent call last):
    ValueError: rank of mode 1 must be in [1, 6], got 7
    """
    listed = _listed("ranks", ranks)
    require_equal("number of ranks", len(modes), len(listed))
    return [
        require_int(f"rank of mode {mode}", rank, 1, shape[mode])
        for mode, rank in zip(modes, listed, strict=True)
    ]


def _listed(name: str, value: Any) -> list:
    """Return a list; refuse what holds no items, as a single number."""
    if not isinstance(value, Iterable) or isinstance(value, str):
        got = type(value).__name__
        raise TypeError(f"{name} must be a list, got {got}")
    return list(value)


def power_of_two_above(array: np.ndarray) -> float:
    """Return a power of two above all absolute values; 1 for zeros.

    array : (...) float32 or float64, not empty

    Dividing by it costs no precision, and then squares do not overflow.

    >>> power_of_two_above(np.array([3.0, -9.0]))
    16.0
    """
    largest = max(array.max(), -array.min())
    # the power above the largest floats is infinite: they become up to 2
    exponent = min(int(np.frexp(largest)[1]), np.finfo(array.dtype).maxexp - 1)
    return float(np.ldexp(1.0, exponent)) if largest > 0 else 1.0


def column_signs(left: np.ndarray) -> np.ndarray:
    """Return for each column the sign, 1 or -1, of its largest entry.

    left : (rows, rank) the first of equally large entries counts
    returns : (rank,) of the dtype of left

    >>> column_signs(np.array([[0.6, 0.8], [-0.8, 0.6]]))
    array([-1.,  1.])
    """
    places = np.abs(left).argmax(axis=0)  # (rank,)
    largest = left[places, np.arange(left.shape[1])]
    return np.where(largest < 0, -1, 1).astype(left.dtype)
