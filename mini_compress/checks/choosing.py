"""The checks of the chapter on choosing a method."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .parts.attempt import Attempt, show
from .parts.budgets import check_budget
from .parts.named_numbers import require_near

NUM_BYTES, NUM_CORRECT = 18_000, 460


def best_within(function: Callable) -> None:
    """Check the choice of one network under several limits.

    function : (accuracy, costs, limits) -> the place of the best network that
        exceeds no limit; accuracy (n,), costs (n, k), limits (k,), float64.
        Of equals it is the one with the lowest first cost. Where nothing fits,
        it is the one that exceeds the fewest limits, and of such the best.
    """
    attempt = Attempt(function, "accuracy", "costs", "limits")

    def expect(place: int, accuracy: Any, costs: Any, limits: Any) -> None:
        got = attempt.call(
            np.array(accuracy, float),
            np.array(costs, float),
            np.array(limits, float),
        )
        if np.ndim(got) or np.ma.isMaskedArray(got) or got != place:
            attempt.fail(f"place {place}", show(got))

    costs = [[40.0, 2.0], [20.0, 5.0], [10.0, 1.0]]
    with attempt.must("without limits, the most accurate wins"):
        expect(1, [90, 91, 80], costs, [np.inf, np.inf])
    with attempt.must(
        "every limit counts", "A network must keep to all of them at once."
    ):
        expect(0, [90, 91, 80], costs, [50, 3])
        expect(2, [90, 91, 80], costs, [30, 3])
    with attempt.must("a cost as high as its limit is within it"):
        expect(1, [90, 91, 80], costs, [20, 5])
    with attempt.must("of equally accurate ones, the lowest first cost wins"):
        expect(2, [90, 91, 91], costs, [np.inf, np.inf])
        expect(1, [91, 91, 80], costs, [np.inf, np.inf])
    with attempt.must(
        "where nothing fits, the fewest limits exceeded win",
        "Count, for each network, the limits that it exceeds.",
    ):
        expect(0, [90, 91, 80], [[40, 1], [50, 9], [60, 9]], [30, 3])
        expect(0, [80, 90], [[100, 1], [31, 4]], [30, 3])
        expect(1, [85, 80, 99], [[9, 9, 9], [9, 1, 1], [9, 9, 1]], [5, 5, 5])
    with attempt.must("and of those that exceed as many, the most accurate"):
        expect(1, [80, 90, 85], [[1, 9], [9, 1], [9, 9]], [5, 5])


def joint_excess(function: Callable) -> None:
    """Check what two methods lose together beyond what each loses alone.

    function : (whole, one, other, both) -> (excess, error), in pp: the drop of
        both, less the sum of the two drops, and the standard error of that
        mean over images; each argument is (n,) bool, True where right
    """
    attempt = Attempt(function, "whole", "one", "other", "both")

    def expect(rights: list[np.ndarray]) -> None:
        whole, one, other, both = (x.astype(float) for x in rights)
        each = one + other - whole - both
        wanted = 100 * each.mean(), 100 * each.std(ddof=1) / len(each) ** 0.5
        got = attempt.call_for(["excess", "error"], *rights)
        for name, found, number in zip(
            ("excess", "error"), got, wanted, strict=True
        ):
            # with n or n - 1 in the deviation: both are in use
            slack = 1e-9 if name == "excess" else number / len(each) + 1e-12
            require_near(attempt, name, found, float(number), slack)

    rng = np.random.default_rng(0)
    whole = rng.random(1_000) < 0.9
    one, other = (whole & (rng.random(1_000) < keep) for keep in (0.95, 0.9))
    with attempt.must("where nothing is lost, nothing is in excess"):
        expect([whole, whole, whole, whole])
    with attempt.must(
        "a loss that only the first has does not count",
        "Subtract both drops from the drop of both together.",
    ):
        expect([whole, one, whole, one])
    with attempt.must(
        "losses on the same images give a negative excess",
        "One image cannot be lost twice.",
    ):
        expect([whole, one, one, one])
    with attempt.must("what only both together lose is positive"):
        expect([whole, one, other, one & other & (rng.random(1_000) < 0.8)])


def small_recipe(function: Callable) -> None:
    """Check LeNet300 in fewer than 18,000 bytes, without a step of training.

    function : (model) -> a network that reads 460 of the 500 validation
        images of mnist5k
    """
    check_budget(
        function,
        network="LeNet300",
        dataset="mnist5k",
        num_bytes=NUM_BYTES,
        num_correct=NUM_CORRECT,
        num_steps=0,
        hint="Combine methods that remove different things, and judge the "
        "outputs, not the weights: `factorize` takes images.",
    )
