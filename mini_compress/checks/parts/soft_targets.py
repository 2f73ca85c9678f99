"""Logits to ask about, and what checks of soft targets compare."""

import numpy as np

from ...kernels.soft_targets import soft_target_loss
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
