"""Hadamard matrices and rotations by them, as plain loops."""

import numpy as np

__all__ = ["hadamard", "rotate"]


def hadamard(size) -> np.ndarray:
    """Turn the sign for each bit that row and column have in common."""
    matrix = np.empty((size, size))
    for i, j in np.ndindex(size, size):
        matrix[i, j] = (-1) ** (i & j).bit_count() / size**0.5
    return matrix


def rotate(x, signs=None, *, inverse=False) -> np.ndarray:
    """Multiply by a matrix, of Hadamard matrices along its diagonal."""
    length = x.shape[-1]
    matrix = np.zeros((length, length))
    start = 0
    for power in reversed(range(length.bit_length())):
        if length >> power & 1:
            size = 2**power
            part = slice(start, start + size)
            matrix[part, part] = hadamard(size)
            start += size
    if signs is not None:
        matrix *= signs[:, np.newaxis]  # rows: inputs are turned around first
    return (x @ (matrix.T if inverse else matrix)).astype(x.dtype)
