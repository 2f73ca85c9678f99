"""The checks of the chapter on measuring."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..measuring import Comparison
from .parts.attempt import Attempt, show
from .parts.named_numbers import expect_row

# a report that breaks no rule
GOOD_REPORT = {
    "size": "file",
    "counts": [(31, 25), (36, 30), (28, 30)],
    "images": 10_000,
    "margin": 0.5,
    "margin_fixed": "before",
    "chosen_on": "validation",
    "epochs": 26,
    "control_epochs": 26,
}


def verdict(function: Callable) -> None:
    """Check the verdict on a margin, one of three.

    function : (lost, gained, n, margin) -> "shown", "refuted" or
        "cannot tell", margin in percentage points
    """
    attempt = Attempt(function, "lost", "gained", "n", "margin")

    def expect(answer, lost, gained, n, margin):
        got = attempt.call(lost, gained, n, margin)
        low, high = Comparison(lost, gained, n).interval(0.9)
        if not isinstance(got, str) or got != answer:
            bounds = f"the bounds are {low:.2f} and {high:.2f} pp"
            attempt.fail(f"{answer!r}, for {bounds}", show(got))

    with attempt.must("a small drop on many images is shown to be small"):
        expect("shown", 30, 25, 10_000, 0.5)
    with attempt.must("a drop far above the margin is refuted"):
        expect("refuted", 200, 20, 10_000, 0.5)
    with attempt.must(
        "few images cannot tell, whatever the drop seems to be",
        "Doubt has to be counted: look at the bounds, not at the drop.",
    ):
        expect("cannot tell", 11, 10, 1_000, 0.5)
        expect("cannot tell", 20, 8, 1_000, 0.5)
    with attempt.must(
        "a drop that is there, but too small to matter, is shown to be small",
        "The p-value is about a drop of 0, not about the margin.",
    ):
        expect("shown", 60, 20, 10_000, 1.0)
    with attempt.must(
        "all of the doubt is on the side that is asked about",
        "The ends of a 95 % interval are 97.5 % bounds, those of a 90 % "
        "interval are 95 % bounds.",
    ):
        expect("shown", 100, 82, 10_000, 0.42)
        expect("refuted", 150, 60, 10_000, 0.64)
    with attempt.must(
        "a gain is no loss, and without any dispute some doubt is left",
        "The order of the arguments is lost, gained.",
    ):
        expect("shown", 10, 40, 10_000, 0.1)
        expect("shown", 0, 0, 1_000, 0.3)
        expect("cannot tell", 0, 0, 1_000, 0.2)


def gain_interval(function: Callable) -> None:
    """Check Student's interval of the mean gain of five seeds or fewer.

    function : (first, second, t) -> low, high in pp, where first and second
        are (seeds, n) bool and say which images are right

    The ends are a few sums and a root; 1e-9 pp is more than their rounding.
    """
    attempt = Attempt(function, "first", "second", "t")

    def expect(first, second, t, slack=1e-9):
        gains = 100 * (first.mean(axis=1) - second.mean(axis=1))
        half = t * gains.std(ddof=1) / math.sqrt(len(gains))
        low, high = gains.mean() - half, gains.mean() + half
        expect_row(
            attempt,
            {"low": (float(low), slack), "high": (float(high), slack)},
            *(first, second, t),
        )

    alike, better = _seeds([90, 90, 90], 100), _seeds([95, 95, 95], 100)
    with attempt.must(
        "three seeds that gain 5 pp each have the ends 5 and 5",
        "The gain is that of the first over the second, in pp.",
    ):
        expect(better, alike, 4.303)
        expect(alike, better, 4.303)  # -5 and -5
    first, second = _seeds([91, 95, 94], 100), _seeds([91, 93, 86], 100)
    with attempt.must(
        "the seeds are the numbers, not the images",
        "Average each row first: three gains remain.",
    ):
        expect(first, second, 4.303, slack=2.5)
    with attempt.must(
        "each seed is compared with itself",
        "Subtract seed by seed, then take the spread of the differences.",
    ):
        shifted = _seeds([80, 90, 97], 100), _seeds([79, 89, 96], 100)
        expect(*shifted, 4.303)
    with attempt.must(
        "the spread is divided by one less than the number of seeds",
        "np.std has an argument ddof.",
    ):
        expect(first, second, 4.303)
    with attempt.must("the quantile is the one that was given"):
        five = _seeds([903, 911, 899, 914, 905], 1_000)
        expect(five, _seeds([900, 902, 897, 911, 901], 1_000), 2.776)
        expect(five, _seeds([900, 902, 897, 911, 901], 1_000), 2.132)


def broken_rules(function: Callable) -> None:
    """Check which of the rules 1, 4, 5, 6 and 7 a report breaks.

    function : (report) -> list of rule numbers, the lowest first
    """
    attempt = Attempt(function, "report")

    def expect(rules, **changes):
        got = attempt.call(GOOD_REPORT | changes)
        if _whole_numbers(got) != rules:
            attempt.fail(f"{rules}", show(got))

    with attempt.must("a factor of bits breaks rule 1"):
        expect([1], size="bits")
    with attempt.must("a report that keeps all rules gives an empty list"):
        expect([])
    with attempt.must(
        "every seed must be shown to lose less than the margin",
        "Take the upper 95 % bound of each seed, not the drop, and not the "
        "mean of the seeds.",
    ):
        expect([4], counts=[(31, 25), (90, 50), (28, 30)])
        expect([], counts=[(60, 30), (40, 22), (28, 30)])
    with attempt.must("a margin after the run, or few images, break rule 4"):
        expect([4], margin_fixed="after")
        expect([4], images=9_999, counts=[(0, 0), (0, 0), (1, 1)])
    with attempt.must("fewer than three seeds break rule 5"):
        expect([5], counts=[(31, 25), (40, 22)])
        expect([], counts=[(31, 25)] * 5)
    with attempt.must("what the test images chose, they cannot judge"):
        expect([6], chosen_on="test")
    with attempt.must(
        "a control has the same epochs, or more",
        "Compare `control_epochs` with `epochs`.",
    ):
        expect([7], control_epochs=25)
        expect([], control_epochs=40)
    with attempt.must("several rules come in order"):
        worst = {"size": "bits", "chosen_on": "test", "control_epochs": 20}
        expect([1, 5, 6, 7], counts=[(31, 25), (40, 22)], **worst)


def _seeds(num_right: list[int], n: int) -> np.ndarray:
    """Return which images each seed has right, as (seeds, n) bool."""
    return np.arange(n) < np.array(num_right)[:, np.newaxis]


def _whole_numbers(got: Any) -> list[int] | None:
    """Return what was given as a list of ints; None for anything else."""
    if not isinstance(got, list | tuple | np.ndarray):
        return None
    whole = all(
        isinstance(x, int | np.integer) and not isinstance(x, bool) for x in got
    )
    return [int(x) for x in got] if whole else None
