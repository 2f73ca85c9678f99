"""What checks of masks share: their form, and which weights go."""

import numpy as np

from .attempt import Attempt, show


def call_for_mask(
    attempt: Attempt, weight: np.ndarray, inputs: np.ndarray, sparsity: float
) -> np.ndarray:
    """Return the mask; it must have the form of one."""
    got = attempt.call(weight, inputs, sparsity)
    return attempt.require_form(got, weight.shape, bool)


def expect_lowest_gone(
    attempt: Attempt, weight: np.ndarray, inputs: np.ndarray, sparsity: float
) -> None:
    """Compare the scores that go with the lowest of each row."""
    mask = call_for_mask(attempt, weight, inputs, sparsity)
    norms = np.sqrt((inputs.astype(np.float64) ** 2).sum(axis=0))
    scores = np.abs(weight) * norms
    gone = round(sparsity * weight.shape[1])
    for row, kept in zip(scores, mask, strict=True):
        lowest, found = np.sort(row)[:gone], np.sort(row[~kept])
        if len(found) != gone or not np.allclose(found, lowest):
            attempt.fail(
                f"in the row with scores {show(row)} those that go are "
                f"{show(lowest)}",
                show(found),
            )
