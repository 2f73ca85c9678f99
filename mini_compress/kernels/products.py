"""Products of matrices of 8-bit codes: exact, and as fast as float32 ones.

sum (a - a_zero) * (b - b_zero)
    = sum a * b - b_zero * (sum a - inner * a_zero) - a_zero * sum b
"""

import numpy as np

from .blocks import slices

EXACT_FLOAT32 = 1 << 24  # float32 holds every integer up to here
TILE_ROWS, TILE_COLS = 256, 1024  # of a product, computed at a time
LEAST_BUFFER = 15 << 16  # values; as float32 just below 4 MiB


def sum_products(
    a: np.ndarray,
    b: np.ndarray,
    a_zero: np.ndarray,
    b_zero: np.ndarray,
    acc: np.ndarray,
    depth: int,
) -> None:
    """Write the sums of (a - a_zero) * (b - b_zero) to acc.

    a : (..., rows, inner) codes; a_zero broadcasts against (..., rows, 1)
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

    BLAS has no 8-bit product, and numpy's own integer product is two orders
    of magnitude slower than its float32 one. So the inner axis is cut where a
    sum could leave the integers that float32 holds; parts are added in int32.
    Tiles share three buffers, since memory that comes fresh from the operating
    system costs more time than the copies into it.
    """
    left, right, sums = _tile_buffers(
        a[..., :TILE_ROWS, :depth],
        b[..., :depth, :TILE_COLS],
        acc[..., :TILE_ROWS, :TILE_COLS],
    )
    for inner in slices(max(a.shape[-1], 1), depth):
        for cols in slices(b.shape[-1], TILE_COLS):
            right_tile = _fill_corner(right, b[..., inner, cols])
            for rows in slices(a.shape[-2], TILE_ROWS):
                left_tile = _fill_corner(left, a[..., rows, inner])
                part = acc[..., rows, cols]
                tile = _corner(sums, part.shape)
                np.matmul(left_tile, right_tile, out=tile)
                if inner.start == 0:
                    part[...] = tile
                else:  # the cast comes first: int32 sums may wrap
                    np.add(
                        part, tile, out=part, dtype=np.int32, casting="unsafe"
                    )


def exact_depth(one: np.dtype, other: np.dtype) -> int:
    """Return how many products of codes float32 adds up exactly."""
    return EXACT_FLOAT32 // (_magnitude(one) * _magnitude(other))


def _magnitude(dtype: np.dtype) -> int:
    """Return the largest absolute value of int8 or uint8."""
    return 128 if dtype == np.int8 else 255


def _tile_buffers(*tiles: np.ndarray) -> list[np.ndarray]:
    """Return a float32 buffer of the shape of each tile, its order included.

    They lie in one piece of memory, 4 MiB at least, of which only the part
    that is used costs anything. Linux's C library gives freed memory back to
    the system once it is more than twice the largest piece ever freed. So this
    piece keeps small results in the process too, and the next call need not
    ask for its memory page by page, which takes longer than the product.
    """
    size = sum(tile.size for tile in tiles)
    memory = np.empty(max(size, LEAST_BUFFER), np.float32)
    buffers = []
    for tile in tiles:
        piece, memory = memory[: tile.size], memory[tile.size :]
        *lead, rows, cols = tile.shape
        if tile.strides[-2] < tile.strides[-1]:  # column after column
            piece = piece.reshape(*lead, cols, rows).swapaxes(-1, -2)
        buffers.append(piece.reshape(tile.shape))
    return buffers


def _fill_corner(buffer: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Copy a matrix into a buffer, and return the part that it fills.

    A matrix of the buffer's dtype is returned as it is.
    """
    if matrix.dtype == buffer.dtype:
        return matrix
    part = _corner(buffer, matrix.shape)
    part[...] = matrix
    return part


def _corner(buffer: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a view of a buffer's first rows and columns."""
    return buffer[..., : shape[-2], : shape[-1]]
