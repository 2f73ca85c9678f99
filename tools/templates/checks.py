"""The checks of the new chapter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .parts.attempt import Attempt


def halves(function: Callable) -> None:
    """Check half of each number.

    function : (x) -> halves, float32 of the shape of x, which is float32
    """
    attempt = Attempt(function, "x")
    x = np.array([[1, -2, 3], [0, 5, -7]], np.float32)
    with attempt.must("halves have the shape of x"):
        attempt.require_form(attempt.call(x), x.shape, np.float32)
    with attempt.must("positive numbers are halved", "Divide by 2."):
        attempt.expect(np.abs(x) / 2, np.abs(x))
    with attempt.must("negative numbers keep their sign"):
        attempt.expect(x / 2, x)
