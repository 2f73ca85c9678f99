"""What checks of answers that are masks share."""

from typing import Any

import numpy as np

from ...kernels.masks import keep_largest
from .attempt import Attempt, show


def require_masks(
    attempt: Attempt, got: Any, weights: list[np.ndarray]
) -> list[np.ndarray]:
    """Return a list of bool arrays, one of each weight's shape."""
    if not isinstance(got, list | tuple) or len(got) != len(weights):
        attempt.fail(f"a list of {len(weights)} masks", show(got))
    return [
        attempt.require_form(mask, weight.shape, bool)
        for mask, weight in zip(got, weights, strict=True)
    ]


def require_kept(
    attempt: Attempt,
    masks: list[np.ndarray],
    weights: list[np.ndarray],
    sparsity: float,
) -> None:
    """Refuse a wrong count, and a kept weight below a removed one."""
    plain = require_masks(attempt, masks, weights)
    kept = np.concatenate([mask.ravel() for mask in plain])
    size = np.abs(np.concatenate([np.ravel(weight) for weight in weights]))
    expected = np.count_nonzero(keep_largest(size, sparsity))
    if np.count_nonzero(kept) != expected:
        attempt.fail(
            f"{expected} of {kept.size} kept",
            f"{np.count_nonzero(kept)} kept: {show(kept)}",
        )
    require_order(attempt, kept, size)


def require_order(
    attempt: Attempt, mask: np.ndarray, weight: np.ndarray
) -> None:
    """Refuse a kept weight that is smaller than a removed one."""
    mask = attempt.require_form(mask, weight.shape, bool)
    size = np.abs(weight)
    if size[mask].min(initial=np.inf) < size[~mask].max(initial=0):
        attempt.fail("True where |weight| is largest", show(mask))
