"""Masks as plain loops."""

import math

import numpy as np

__all__ = [
    "keep_largest",
    "keep_largest_blocks",
    "keep_largest_global",
    "keep_largest_nm",
]


def keep_largest(scores, sparsity) -> np.ndarray:
    """Remove the smallest score, the last of equals, one after the other."""
    flat = [float(score) for score in scores.flat]
    kept = [True] * len(flat)
    for _ in range(round(sparsity * len(flat))):
        left = [place for place in range(len(flat)) if kept[place]]
        worst = min(left, key=lambda place: (flat[place], -place))
        kept[worst] = False
    return np.array(kept, bool).reshape(scores.shape)


def keep_largest_global(scores, sparsity) -> list[np.ndarray]:
    """Put all arrays in one row, keep the largest, take them apart again."""
    row = np.array([value for one in scores for value in one.flat])
    kept = iter(keep_largest(row, sparsity))
    return [
        np.array([next(kept) for _ in one.flat], bool).reshape(one.shape)
        for one in scores
    ]


def keep_largest_nm(scores, keep, group) -> np.ndarray:
    """Keep the largest of each group, the first of equals."""
    kept = np.zeros(scores.shape, bool)
    for *row, start in np.ndindex(*scores.shape):
        if start % group == 0:
            places = range(start, start + group)
            best = sorted(places, key=lambda i: -scores[(*row, i)])
            for i in best[:keep]:
                kept[(*row, i)] = True
    return kept


def keep_largest_blocks(scores, sparsity, block_shape) -> np.ndarray:
    """Add up each block, keep the largest sums, spread them out again."""
    height, width = block_shape
    rows, cols = scores.shape[0] // height, scores.shape[1] // width
    sums = np.zeros((rows, cols))
    for i, j in np.ndindex(rows, cols):
        block = scores[i * height : (i + 1) * height]
        block = block[:, j * width : (j + 1) * width]
        sums[i, j] = math.fsum(block.flat)
    kept_blocks = keep_largest(sums, sparsity)
    kept = np.empty(scores.shape, bool)
    for i, j in np.ndindex(*scores.shape):
        kept[i, j] = kept_blocks[i // height, j // width]
    return kept
