"""What checks of answers that are numbers share."""

import math
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from .attempt import Attempt, show

ROUNDING = 1e-9  # relative; what the order of a few float64 operations costs


def expect_number(
    attempt: Attempt,
    expected: float,
    *arguments: Any,
    tolerance: float = ROUNDING,
) -> None:
    """Call the answer; its result must be this number, up to rounding.

    tolerance : relative to the number
    """
    got = attempt.call(*arguments)
    try:
        value = math.nan if np.ma.isMaskedArray(got) else float(got)
    except (TypeError, ValueError):
        attempt.fail("a number", f"{type(got).__name__}: {show(got)}")
    close = math.isclose(value, expected, rel_tol=tolerance)
    if isinstance(got, str) or not close:
        attempt.fail(f"{expected:.6g}", show(got))


def expect_row(
    attempt: Attempt,
    expected: Mapping[str, tuple[float, float]],
    *arguments: Any,
) -> None:
    """Call the answer; it must return the expected numbers, in order.

    expected : name -> the number, and how far off it may be
    """
    result = attempt.call_for(list(expected), *arguments)
    for got, (name, (number, slack)) in zip(
        result, expected.items(), strict=True
    ):
        require_near(attempt, name, got, number, slack)


def require_near(
    attempt: Attempt, name: str, got: Any, expected: float, tolerance: float
) -> None:
    """Refuse anything but a real number close to the expected one."""
    value = got
    if getattr(got, "shape", None) == () and not np.ma.isMaskedArray(got):
        value = got.item()
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        attempt.fail(f"{name}, a number", f"{type(got).__name__}: {show(got)}")
    if not math.isclose(value, expected, rel_tol=0, abs_tol=tolerance):
        digits = 0 if isinstance(expected, int) else 6
        attempt.fail(f"{name} {expected:.{digits}f}", f"{name} {show(value)}")


def require_numbers(attempt: Attempt, got: Any, count: int) -> np.ndarray:
    """Return so many numbers as float64; refuse anything else."""
    try:
        values = np.array([float(x) for x in got])
    except (TypeError, ValueError) as error:
        attempt.fail("a list of numbers", show(got), cause=error)
    if len(values) != count:
        attempt.fail(f"{count} numbers", show(values))
    return values
