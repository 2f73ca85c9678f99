"""Rotations that spread an outlier over its neighbours, before rounding.

A Hadamard matrix has entries of one size: each number of the rotated row is a
sum of all numbers of the row, some turned around. One large weight becomes
many of like size, which a shared scale suits. The rotation is undone exactly,
and multiplying takes additions alone.
"""

import numpy as np

from .._require import (
    require_bool,
    require_dtype,
    require_equal,
    require_finite,
    require_int,
)

__all__ = ["block_sizes", "hadamard", "random_signs", "rotate"]


def hadamard(size: int) -> np.ndarray:
    """Return the Hadamard matrix of Sylvester's order, normalized.

    size : a power of two
    returns : (size, size) float64, symmetric, its own inverse

    >>> hadamard(2) * np.sqrt(2)
    array([[ 1.,  1.],
           [ 1., -1.]])

    See [ashkboos2024quarot], section 3.1; loops in `naive.hadamard`.
    """
    size = require_int("size", size, 1)
    if size & (size - 1):
        raise ValueError(f"size must be a power of two, got {size}")
    matrix = np.ones((1, 1))
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix / np.sqrt(size)


def block_sizes(length: int) -> list[int]:
    """Cut a length into powers of two, the largest first.

    >>> block_sizes(784)
    [512, 256, 16]
    """
    length = require_int("length", length, 1)
    return [
        1 << i for i in reversed(range(length.bit_length())) if length >> i & 1
    ]


def random_signs(length: int, *, seed: int = 0) -> np.ndarray:
    """Draw what `rotate` turns around first: (length,) int8 of 1 and -1.

    >>> random_signs(6, seed=1)
    array([-1, -1,  1,  1, -1, -1], dtype=int8)
    """
    length = require_int("length", length, 1)
    rng = np.random.default_rng(require_int("seed", seed, 0))
    return 1 - 2 * rng.integers(0, 2, length, np.int8)


def rotate(
    x: np.ndarray, signs: np.ndarray | None = None, *, inverse: bool = False
) -> np.ndarray:
    """Rotate the last axis by a Hadamard matrix, without the matrix.

    x : (..., n) float32 or float64, finite
    signs : (n,) int8 of 1 and -1, by which x is multiplied first; None for 1
    inverse : undo it
    returns : of the shape and dtype of x; lengths and products of rows are
        as before, but for rounding

    An n that is no power of two is cut into `block_sizes`, each rotated by
    itself. This is the fast Walsh-Hadamard transform: n log2(n) additions.

    >>> rotate(np.array([8.0, 0.0, 0.0, 0.0]))
    array([4., 4., 4., 4.])

    See [ashkboos2024quarot], section 3.1; loops in `naive.rotate`.
    """
    require_dtype("x", x, np.float32, np.float64)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(
            f"x must have numbers in its last axis, got shape {x.shape}"
        )
    require_finite("x", x)
    require_bool("inverse", inverse)
    if signs is None:
        signs = np.ones(x.shape[-1], np.int8)
    _require_signs(signs, x.shape[-1])
    rotated = x.copy() if inverse else x * signs.astype(x.dtype)
    start = 0
    for size in block_sizes(x.shape[-1]):
        part = rotated[..., start : start + size]
        part[...] = _transform(part)
        start += size
    return rotated * signs.astype(x.dtype) if inverse else rotated


def _transform(x: np.ndarray) -> np.ndarray:
    """Multiply the last axis, a power of two, by its Hadamard matrix."""
    size, half = x.shape[-1], 1
    while half < size:
        # (..., pairs, 2, half): sums and differences of neighbours
        pairs = x.reshape(*x.shape[:-1], size // (2 * half), 2, half)
        first, second = pairs[..., 0, :], pairs[..., 1, :]
        x = np.stack([first + second, first - second], axis=-2).reshape(x.shape)
        half *= 2
    return x / x.dtype.type(np.sqrt(size))


def _require_signs(signs: np.ndarray, length: int) -> None:
    require_dtype("signs", signs, np.int8)
    require_equal("shape of signs", (length,), signs.shape)
    if not (np.abs(signs) == 1).all():
        raise ValueError("signs must be 1 and -1, got others")
