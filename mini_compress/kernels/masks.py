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

PAIRED_GROUP = 16  # in larger groups a partition costs less than all pairs


def num_pruned(size: int, sparsity: float) -> int:
    """Return how many of `size` entries go: sparsity * size, half to even.

    size : number of entries, >= 0
    sparsity : share to remove, in [0, 1)

    All may go where there are few: of one entry, 0.6 removes one.

    >>> num_pruned(10, 0.25), num_pruned(10, 0.35)
    (2, 4)

    See PyTorch, torch.nn.utils.prune, which rounds the same way.
    """
    size = require_int("size", size, 0)
    return round(require_number("sparsity", sparsity, 0, 1) * size)


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
    flat = scores.ravel()  # (size,)
    threshold = np.partition(flat, pruned - 1)[pruned - 1]
    kept = flat > threshold
    missing = flat.size - pruned - np.count_nonzero(kept)
    ties = np.flatnonzero(flat == threshold)
    kept[ties[:missing]] = True
    return kept.reshape(scores.shape)  # (...)


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
    if isinstance(scores, np.ndarray):
        raise TypeError("scores must be a list of arrays, got one array")
    if not scores:
        raise ValueError("scores must hold an array, got none")
    for one in scores:
        require_dtype("scores", one, np.float32, np.float64)
        require_equal("dtype of scores", scores[0].dtype.name, one.dtype.name)
    kept = keep_largest(np.concatenate([np.ravel(s) for s in scores]), sparsity)
    ends = np.cumsum([one.size for one in scores])[:-1]
    return [
        part.reshape(one.shape)  # from (size,)
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
    keep, group = require_group(scores.shape, keep, group)
    require_finite("scores", scores)
    groups = scores.reshape(-1, group)  # (groups, group)
    choose = _keep_by_pairs if group <= PAIRED_GROUP else _keep_by_threshold
    return choose(groups, keep).reshape(scores.shape)  # (..., inner)


def _keep_by_pairs(groups: np.ndarray, keep: int) -> np.ndarray:
    """Compare each member of a group with each: few operations, all long.

    groups : (groups, group)
    returns : (groups, group) bool
    """
    members = np.ascontiguousarray(groups.T)  # (group, groups)
    num_larger = np.zeros(members.shape, np.int16)
    for later in range(1, len(members)):
        for earlier in range(later):
            loses = members[earlier] < members[later]
            num_larger[earlier] += loses
            num_larger[later] += ~loses  # of two equals the first is kept
    return (num_larger < keep).T


def _keep_by_threshold(groups: np.ndarray, keep: int) -> np.ndarray:
    """Find the smallest score that is kept, then the first ones equal to it.

    groups : (groups, group)
    returns : (groups, group) bool
    """
    place = groups.shape[1] - keep
    threshold = np.partition(groups, place, axis=1)[:, place : place + 1]
    kept = groups > threshold
    ties = groups == threshold
    missing = keep - np.count_nonzero(kept, axis=1, keepdims=True)
    return kept | ties & (np.cumsum(ties, axis=1) <= missing)


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
    # (block rows, height, block cols, width)
    blocks = scores.reshape(rows // height, height, cols // width, width)
    with np.errstate(over="ignore"):  # an infinite sum is refused by name
        sums = blocks.sum(axis=(1, 3), dtype=np.float64)
    kept = keep_largest(sums, sparsity)  # (block rows, block cols)
    return kept.repeat(height, axis=0).repeat(width, axis=1)


def require_group(
    shape: tuple[int, ...], keep: int, group: int
) -> tuple[int, int]:
    """Return N and M; refuse those whose groups do not fill the last axis.

    >>> require_group((3, 8), keep=2, group=4)
    (2, 4)
    """
    group = require_int("group", group, 2, 256)  # positions fit a byte
    keep = require_int("keep", keep, 1, group)
    if not shape or shape[-1] % group:
        raise ValueError(
            f"group must divide the last axis, got group {group} and "
            f"shape {shape}"
        )
    return keep, group


def require_blocks(
    name: str, matrix: np.ndarray, block_shape: tuple[int, int]
) -> tuple[int, int]:
    """Return the two sides of blocks; refuse those that do not tile a matrix.

    >>> require_blocks("scores", np.zeros((4, 6)), (2, 3))
    (2, 3)
    """
    require_ndim(name, matrix, 2)
    if not isinstance(block_shape, tuple) or len(block_shape) != 2:
        raise ValueError(f"block_shape must be a pair, got {block_shape}")
    height, width = (require_int("block_shape", i, 1) for i in block_shape)
    if matrix.shape[0] % height or matrix.shape[1] % width:
        raise ValueError(
            f"block_shape must divide the shape {matrix.shape}, "
            f"got {block_shape}"
        )
    return height, width
