"""Masks: which entries of an array are kept, by the size of their score.

All masks are bool, True where an entry is kept, and keep exactly as many as
asked for. Among equal scores the first are kept. A score is whatever measures
importance: the absolute weight for magnitude pruning. Scores that are NaN or
infinite are refused.
"""

from collections.abc import Sequence

import numpy as np

from .._require import (
    require_dtype,
    require_equal,
    require_finite,
    require_int,
    require_ndim,
    require_number,
)

__all__ = [
    "keep_largest",
    "keep_largest_blocks",
    "keep_largest_global",
    "keep_largest_nm",
    "num_pruned",
]


def num_pruned(size: int, sparsity: float) -> int:
    """Return how many of `size` entries go: sparsity * size, half to even.

    size : number of entries, >= 0
    sparsity : share to remove, in [0, 1)

    All may go where there are few: of one entry, 0.6 removes one.

    >>> num_pruned(10, 0.25), num_pruned(10, 0.35)
    (2, 4)

    See PyTorch, torch.nn.utils.prune, which rounds the same way.
    """
    require_int("size", size, 0)
    require_number("sparsity", sparsity, 0, 1)
    return round(sparsity * size)


def keep_largest(scores: np.ndarray, sparsity: float) -> np.ndarray:
    """Keep the largest scores of an array.

    scores : (...) float32 or float64, finite; an empty array has an empty mask
    sparsity : share to remove, in [0, 1); see `num_pruned`
    returns : (...) bool, with exactly size - num_pruned True

    >>> keep_largest(np.array([0.3, 0.1, 0.3, 0.2]), 0.75)
    array([ True, False, False, False])

    See [han2015learning], section 3; loops in `naive.keep_largest`.
    Comparing with a threshold alone would keep, or drop, every tie.
    """
    require_dtype("scores", scores, np.float32, np.float64)
    pruned = num_pruned(scores.size, sparsity)
    require_finite("scores", scores)
    if pruned == 0:
        return np.ones(scores.shape, bool)
    flat = scores.ravel()
    threshold = np.partition(flat, pruned - 1)[pruned - 1]
    kept = flat > threshold
    missing = flat.size - pruned - np.count_nonzero(kept)
    ties = np.flatnonzero(flat == threshold)
    kept[ties[:missing]] = True
    return kept.reshape(scores.shape)


def keep_largest_global(
    scores: Sequence[np.ndarray], sparsity: float
) -> list[np.ndarray]:
    """Keep the largest scores of several arrays together.

    scores : arrays of any shapes, all float32 or all float64, finite
    sparsity : share to remove of all entries together, in [0, 1)
    returns : a mask for each array; some arrays may lose all their entries

    >>> keep_largest_global([np.array([0.1, 0.4]), np.array([0.3, 0.2])], 0.5)
    [array([False,  True]), array([ True, False])]

    See PyTorch, torch.nn.utils.prune.global_unstructured.
    """
    if not scores:
        raise ValueError("scores must hold an array, got none")
    for one in scores:
        require_dtype("scores", one, np.float32, np.float64)
        require_equal("dtype of scores", scores[0].dtype.name, one.dtype.name)
    kept = keep_largest(np.concatenate([np.ravel(s) for s in scores]), sparsity)
    ends = np.cumsum([one.size for one in scores])[:-1]
    return [
        part.reshape(one.shape)
        for part, one in zip(np.split(kept, ends), scores, strict=True)
    ]


def keep_largest_nm(scores: np.ndarray, keep: int, group: int) -> np.ndarray:
    """Keep the `keep` largest of every `group` scores along the last axis.

    scores : (..., inner) float32 or float64, finite; `group` divides inner
    keep : N of N:M, how many of each group stay: 2 for 2:4. Warning: the
        code published with SparseGPT and Wanda calls `prune_n` the number
        that is *removed*, which is the same for 2:4 and not for 1:4.
    group : M of N:M, >= 2
    returns : (..., inner) bool

    >>> keep_largest_nm(np.array([0.5, 0.1, 0.3, 0.4]), keep=1, group=4)
    array([ True, False, False, False])

    See [mishra2021accelerating], section 2; loops in
    `naive.keep_largest_nm`.
    """
    require_dtype("scores", scores, np.float32, np.float64)
    require_group(scores.shape, keep, group)
    require_finite("scores", scores)
    members = np.moveaxis(scores.reshape(-1, group), -1, 0)
    members = np.ascontiguousarray(members)  # (group, groups)
    num_larger = np.zeros(members.shape, np.int16)
    for later in range(1, group):
        for earlier in range(later):
            loses = members[earlier] < members[later]
            num_larger[earlier] += loses
            num_larger[later] += ~loses  # of two equals the first is kept
    return (num_larger < keep).T.reshape(scores.shape)


def keep_largest_blocks(
    scores: np.ndarray, sparsity: float, block_shape: tuple[int, int]
) -> np.ndarray:
    """Keep the blocks of a matrix whose scores have the largest sums.

    scores : (rows, cols) float32 or float64, finite
    sparsity : share of the blocks to remove, in [0, 1)
    block_shape : (block rows, block cols), which divide rows and cols
    returns : (rows, cols) bool, the same within each block

    >>> scores = np.array([[0.1, 0.2, 0.9, 0.0]])
    >>> keep_largest_blocks(scores, 0.5, block_shape=(1, 2))
    array([[False, False,  True,  True]])

    See [gray2017gpu], section 3; loops in `naive.keep_largest_blocks`.
    """
    require_dtype("scores", scores, np.float32, np.float64)
    height, width = require_blocks("scores", scores, block_shape)
    rows, cols = scores.shape
    blocks = scores.reshape(rows // height, height, cols // width, width)
    kept = keep_largest(blocks.sum(axis=(1, 3), dtype=np.float64), sparsity)
    return kept.repeat(height, axis=0).repeat(width, axis=1)


def require_group(shape: tuple[int, ...], keep: int, group: int) -> None:
    """Refuse an N:M that is none, or whose groups do not fill the last axis."""
    require_int("group", group, 2, 256)
    require_int("keep", keep, 1, group)
    if not shape or shape[-1] % group:
        raise ValueError(
            f"group must divide the last axis, got group {group} and "
            f"shape {shape}"
        )


def require_blocks(
    name: str, matrix: np.ndarray, block_shape: tuple[int, int]
) -> tuple[int, int]:
    """Refuse blocks that do not tile a matrix; return their two sides."""
    require_ndim(name, matrix, 2)
    if not isinstance(block_shape, tuple) or len(block_shape) != 2:
        raise ValueError(f"block_shape must be a pair, got {block_shape}")
    for side, length in zip(block_shape, matrix.shape, strict=True):
        require_int("block_shape", side, 1)
        if length % side:
            raise ValueError(
                f"block_shape must divide the shape {matrix.shape}, "
                f"got {block_shape}"
            )
    return block_shape
