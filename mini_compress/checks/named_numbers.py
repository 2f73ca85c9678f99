"""What checks of answers that are numbers with names share."""

import math
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from .core import Attempt, show


def expect_row(
    attempt: Attempt,
    expected: Mapping[str, tuple[float, float]],
    *arguments: Any,
) -> None:
    """Call the answer; it must return the expected numbers, in order.

    expected : name -> the number, and how far off it may be
    """
    result = attempt.call(*arguments)
    is_row = isinstance(result, tuple | list | np.ndarray)
    if not is_row or len(result) != len(expected):
        got = f"{type(result).__name__}: {show(result)}"
        attempt.fail(", ".join(expected), got)
    for got, (name, (number, slack)) in zip(
        result, expected.items(), strict=True
    ):
        require_near(attempt, name, got, number, slack)


def require_near(
    attempt: Attempt, name: str, got: Any, expected: float, tolerance: float
) -> None:
    """Refuse anything but a real number close to the expected one."""
    value = got.item() if getattr(got, "shape", None) == () else got
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        attempt.fail(f"{name}, a number", f"{type(got).__name__}: {show(got)}")
    if not math.isclose(value, expected, rel_tol=0, abs_tol=tolerance):
        digits = 0 if isinstance(expected, int) else 6
        attempt.fail(f"{name} {expected:.{digits}f}", f"{name} {show(value)}")
