"""The checks of the appendix on statistics."""

import math
from collections.abc import Callable

import numpy as np

from .parts.attempt import Attempt
from .parts.named_numbers import expect_number, expect_row


def exact_interval(function: Callable) -> None:
    """Check Clopper and Pearson's exact 95 % interval of a share.

    function : (k, n) -> low, high, shares

    A grid of a thousandth must do: 6e-4 is half a step and a rounding.
    """
    attempt = Attempt(function, "k", "n")

    def expect(low, high, k, n, slack=1e-3):
        expect_row(attempt, {"low": (low, slack), "high": (high, slack)}, k, n)

    with attempt.must(
        "the ends are shares, the low one first",
        "Half of the images is 0.5, not 50.",
    ):
        expect(0.34, 0.66, 20, 40, slack=0.1)
    with attempt.must(
        "where all are right the low end is 0.025**(1 / n), and the high end 1",
        "There, k or more means exactly k.",
    ):
        expect(0.025 ** (1 / 40), 1.0, 40, 40)
        expect(0.0, 1 - 0.025 ** (1 / 25), 0, 25)
    with attempt.must(
        "each tail holds the count itself, and 2.5 %",
        "k or more begins with k, k or fewer ends with it.",
    ):
        expect(*_beta_ends(3, 8), 3, 8)
    with attempt.must("it is exact for few images and for many"):
        expect(*_beta_ends(1, 2), 1, 2)
        expect(*_beta_ends(96, 100), 96, 100)


def adjust_in_order(function: Callable) -> None:
    """Check the corrected p-values of claims in a declared order.

    function : (p_values) -> corrected, both (claims,) float64
    """
    attempt = Attempt(function, "p_values")

    def expect(expected, *p_values):
        attempt.expect(np.array(expected), np.array(p_values))

    with attempt.must(
        "the first claim is tested without any factor",
        "Its corrected p-value is its own.",
    ):
        expect([0.04], 0.04)
        expect([0.04, 0.045, 0.049], 0.04, 0.045, 0.049)
    with attempt.must(
        "a claim cannot pass where one before it fails",
        "How large may the level be before the earlier one passes?",
    ):
        expect([0.2, 0.2, 0.2], 0.2, 0.001, 0.002)
        expect([0.01, 0.3, 0.3, 0.4], 0.01, 0.3, 0.02, 0.4)
    with attempt.must(
        "it holds at every level, not only at 0.05",
        "A value of 1 for all that comes after a failure knows one level.",
    ):
        expect([0.06, 0.06, 0.07], 0.06, 0.03, 0.07)
        expect([0.001, 0.012, 0.012], 0.001, 0.012, 0.009)


def images_needed(function: Callable) -> None:
    """Check how many images bring the bound below the margin.

    function : (disputed, drop, margin) -> number of images, disputed in
        percent, drop and margin in percentage points

    Rounded quantiles, and a variance without the square of the drop, move the
    number by less than 1 %; 2 % are allowed, and one image.
    """
    attempt = Attempt(function, "disputed", "drop", "margin")

    def expect(disputed, drop, margin):
        room = (margin - drop) / 100
        n = disputed / 100 * (2.4865 / room) ** 2
        slack = 0.02 + 1 / n
        arguments = disputed, drop, margin
        expect_number(attempt, n, *arguments, tolerance=slack)

    with attempt.must(
        "where nothing is lost it is the formula of the chapter",
        "Shares: 4 % are 0.04, and 0.5 pp are 0.005.",
    ):
        expect(4.0, 0.0, 0.5)
        expect(1.0, 0.0, 1.0)
    with attempt.must(
        "a true drop takes room away, and a gain adds some",
        "The bound has to fit between the drop and the margin.",
    ):
        expect(4.0, 0.25, 0.5)
        expect(2.0, -0.5, 0.5)
    with attempt.must(
        "a drop as large as the margin cannot be shown to be smaller",
        "Return infinity, math.inf or np.inf.",
    ):
        for drop in (0.5, 0.75):
            expect_number(attempt, math.inf, 4.0, drop, 0.5)


def _beta_ends(k: int, n: int) -> tuple[float, float]:
    """Return the exact ends, 0 < k < n: where a tail is 2.5 %, by halving."""

    def tail(p: float, counts: range) -> float:
        terms = (math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in counts)
        return math.fsum(terms)

    def meet(function: Callable[[float], float]) -> float:
        low, high = 0.0, 1.0
        for _ in range(50):  # halves the range to 2**-50
            middle = (low + high) / 2
            low, high = (
                (middle, high) if function(middle) < 0.025 else (low, middle)
            )
        return low

    or_more = meet(lambda p: tail(p, range(k, n + 1)))
    or_fewer = 1 - meet(lambda p: tail(1 - p, range(k + 1)))
    return or_more, or_fewer
