"""Logits to ask about, and what checks of soft targets compare."""

from collections.abc import Callable

import numpy as np

from ...kernels.soft_targets import soft_target_loss, softmax
from .attempt import Attempt, show
from .named_numbers import require_numbers

SINGLE = 1e-5  # relative; some operations of float32

# three images and four classes: the two agree, are in doubt, and do not agree
TEACHER = np.array([[6, 3, 0, 0], [0, 1, 4, -1], [1, 0, 2, 5]], np.float64)
STUDENT = np.array([[2, 2, 1, 0], [1, -1, 2, 0], [4, 1, 0, 2]], np.float64)


def require_order(attempt: Attempt) -> None:
    """Tell KL(teacher, student) from its reverse, whatever the factors.

    The loss there and the loss with both exchanged have the same factors,
    and their ratio has none. It is compared crosswise: a wrong loss may be 0.
    """
    one, other = STUDENT[:1], TEACHER[:1]
    pairs = [(one, other), (other, one)]
    there, back = (soft_target_loss(*pair, temperature=1) for pair in pairs)
    results = [attempt.call(*pair, 1.0) for pair in pairs]
    got, got_back = require_numbers(attempt, results, 2)
    if not abs(got * back - got_back * there) <= SINGLE * abs(got * back):
        attempt.fail(
            f"{there / back:.4g} times the loss with both exchanged",
            f"{show(got)}, and {show(got_back)} with both exchanged",
        )


def require_sum(
    attempt: Attempt, call: Callable, labels: np.ndarray, temperature: float
) -> None:
    """Compare target + (1 - p) * others with each image's divergence.

    call : (student, teacher, labels, temperature) -> target, others
    """
    target, others = call(STUDENT, TEACHER, labels, temperature)
    probabilities = softmax(TEACHER, temperature=temperature)
    p = probabilities[np.arange(len(labels)), labels]
    losses = [
        soft_target_loss(STUDENT[[i]], TEACHER[[i]], temperature=temperature)
        for i in range(len(labels))
    ]
    whole = np.array(losses) / temperature**2
    attempt.require_close(target + (1 - p) * others, whole, SINGLE)


def require_share(
    attempt: Attempt, logits: np.ndarray, one: int, share: float
) -> None:
    """Refuse a bias that does not give class `one` this mean probability.

    logits : (n, classes) float64
    """
    [bias] = require_numbers(attempt, [attempt.call(logits, one, share)], 1)
    others = np.delete(logits, one, axis=1)  # (n, classes - 1)
    margin = logits[:, one] - np.logaddexp.reduce(others, axis=1)  # (n,)
    with np.errstate(over="ignore"):  # exp of much is infinite: a share of 0
        reached = (1 / (1 + np.exp(-(margin + bias)))).mean()
    # a ten-thousandth of what is rarer: the class, or all others
    if not abs(reached - share) <= 1e-4 * min(share, 1 - share):
        attempt.fail(
            f"a mean probability of {share:g}",
            f"a bias of {bias:.6g}, which makes it {reached:.6g}",
        )
