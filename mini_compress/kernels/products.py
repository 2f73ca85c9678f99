"""Products of matrices of 8-bit codes: exact, and as fast as float32 ones.

sum (a - a_zero) * (b - b_zero)
    = sum a * b - b_zero * (sum a - inner * a_zero) - a_zero * sum b
"""

import numpy as np

from .blocks import slices

EXACT_FLOAT32 = 1 << 24  # float32 holds every integer up to here

# Linux's C library hands freed memory back to the system once there is more
# of it than twice the largest piece ever freed. Getting it again, page by page,
# takes a third as long as a product of 512 x 512 matrices. So one large piece
# is freed here, which was never used and costs nothing.
np.empty(1 << 24, np.uint8)


def sum_products(
    a: np.ndarray,
    b: np.ndarray,
    a_zero: np.ndarray,
    b_zero: np.ndarray,
    acc: np.ndarray,
    depth: int,
) -> None:
    """Write the sums of (a - a_zero) * (b - b_zero) to acc.

    a : (..., rows, inner) codes, 8-bit or in float32;
        a_zero broadcasts against (..., rows, 1)
    b : (..., inner, cols) codes; b_zero broadcasts against (..., 1, cols)
    acc : (..., rows, cols) int32
    depth : the longest inner axis of an exact product: see exact_depth

    The zero points enter through row and column sums. Subtracting them first
    would double the largest factor and so halve the exact inner length.
    """
    exact_product(a, b, acc, depth)
    if b_zero.any():
        row_sums = a.sum(axis=-1, keepdims=True, dtype=np.int32)
        acc -= b_zero * (row_sums - a.shape[-1] * a_zero)
    if a_zero.any():
        acc -= a_zero * b.sum(axis=-2, keepdims=True, dtype=np.int32)


def exact_product(
    a: np.ndarray, b: np.ndarray, acc: np.ndarray, depth: int
) -> None:
    """Write a @ b to acc, an int32 array, through exact float32 products.

    numpy's own integer product is two orders of magnitude slower than its
    float32 one, which BLAS computes. So the inner axis is cut where a sum
    could leave the integers that float32 holds.
    """
    for inner in slices(max(a.shape[-1], 1), depth):
        left = a[..., inner].astype(np.float32, copy=False)
        right = b[..., inner, :].astype(np.float32, copy=False)
        part = left @ right
        if inner.start == 0:
            acc[...] = part
        else:  # the part becomes int32 first: sums of those may wrap
            np.add(acc, part, out=acc, dtype=np.int32, casting="unsafe")


def exact_depth(one: np.dtype, other: np.dtype) -> int:
    """Return how many products of codes float32 adds up exactly."""
    return EXACT_FLOAT32 // (_magnitude(one) * _magnitude(other))


def _magnitude(dtype: np.dtype) -> int:
    """Return the largest absolute value of int8 or uint8."""
    return 128 if dtype == np.int8 else 255
