"""The checks of the chapter on adaptive quantization."""

from collections.abc import Callable

import numpy as np

from .parts.attempt import Attempt
from .parts.budgets import check_budget

TOLERANCE = 1e-6  # of differences in float64; a fault misses by far more
SMALL = 1e-4  # by which a number is moved for a difference
NUM_BYTES, NUM_CORRECT, NUM_STEPS = 80_000, 460, 14
BEYOND = np.array([1.3, 1.4, -2.3, 1.2])  # less than half a step beyond


def step_gradient(function: Callable) -> None:
    """Check LSQ's gradient of a step, with its factor.

    function : (x, step, lowest, highest, grad) -> a number; x and grad are
        (n,) float64
    """
    attempt = Attempt(function, "x", "step", "lowest", "highest", "grad")
    rng = np.random.default_rng(0)

    def of(x: np.ndarray, *others: float) -> float:
        got = attempt.call(x, *others, np.ones(len(x)))
        return float(attempt.require_form(np.asarray(got), ()))

    def expect(x: np.ndarray, step: float, low: int, high: int) -> None:
        grad = rng.normal(size=len(x))
        factor = (len(x) * high) ** -0.5
        expected = factor * _differences(x, step, 0.0, low, high, grad)[1]
        got = np.asarray(attempt.call(x, step, low, high, grad))
        got = attempt.require_form(got, ())
        attempt.require_close(got, np.asarray(expected), TOLERANCE)

    few = rng.uniform(0.6, 0.9, 5)
    with attempt.must("the result is one number"):
        of(few, 1.0, -2, 1)
    with attempt.must(
        "four times as many weights double the gradient",
        "Divide the sum by sqrt(x.size * highest).",
    ):
        expected = 2 * of(few, 1.0, -2, 1)
        got = of(np.tile(few, 4), 1.0, -2, 1)
        attempt.require_close(np.asarray(got), np.asarray(expected), TOLERANCE)
    with attempt.must("inside of the range, it sums the residues"):
        expect(few, 1.0, -2, 1)
        expect(rng.uniform(-3.5, 2.9, 30) * 0.2, 0.2, -4, 3)
    with attempt.must("far beyond the ends, it sums the last codes"):
        expect(np.array([5.0, -7.0, 0.3, 4.0]), 1.0, -2, 1)
        expect(np.array([9.0, -2.2, 2.5]), 0.5, 0, 3)
    with attempt.must(
        "what lies less than half a step beyond an end is outside",
        "Ask x / step, before it is rounded.",
    ):
        expect(BEYOND, 1.0, -2, 1)
        expect(0.3 * BEYOND, 0.3, -2, 1)


def offset_gradients(function: Callable) -> None:
    """Check the gradients of a grid with a step and an offset.

    function : (x, step, offset, lowest, highest, grad) -> gradients of x,
        (n,), of the step and of the offset, numbers
    """
    parts = ("of x", "of the step", "of the offset")
    names = ("x", "step", "offset", "lowest", "highest", "grad")
    attempt = Attempt(function, *names)

    def expect(part: int, x: np.ndarray, offset: float) -> None:
        grad = np.random.default_rng(part).normal(size=len(x))
        given = x + offset, 0.5, offset, -2, 1, grad
        got = attempt.call_for(parts, *given)[part]
        expected = np.asarray(_differences(*given)[part])
        got = attempt.require_form(np.asarray(got), expected.shape)
        attempt.require_close(got, expected, TOLERANCE)

    inside = np.array([-0.9, -0.3, 0.1, 0.4])
    cut = np.array([-1.6, -0.3, 0.1, 0.6, 3.0])  # 0.6 is 1.2 steps
    with attempt.must(
        "x gets the gradient inside of the range and 0 outside",
        "Take the offset off before you ask; ask before you round.",
    ):
        for x in (inside, cut):
            expect(0, x, 0.3)
    with attempt.must("the step gets residues inside, and end codes outside"):
        for x in (inside, cut):
            expect(1, x, 0.0)
            expect(1, x, 0.3)
    with attempt.must(
        "inside, the offset has no gradient",
        "It is taken off before the division, and added again.",
    ):
        expect(2, inside, 0.3)
    with attempt.must("what is cut off moves with the offset"):
        expect(2, cut, 0.0)
        expect(2, cut, -0.4)


def fit_the_meter(function: Callable) -> None:
    """Check LeNet300 as integers in fewer than 80 KB, briefly trained.

    function : (model) -> an IntegerNetwork that reads 460 of the 500
        validation images of mnist5k
    """
    from ..layers import IntegerNetwork

    check_budget(
        function,
        network="LeNet300",
        dataset="mnist5k",
        num_bytes=NUM_BYTES,
        num_correct=NUM_CORRECT,
        num_steps=NUM_STEPS,
        kind=IntegerNetwork,
        hint="Let the steps learn; activations may keep 8 bits. Larger "
        "batches take fewer steps.",
    )


def _differences(
    x: np.ndarray,
    step: float,
    offset: float,
    lowest: int,
    highest: int,
    grad: np.ndarray,
) -> tuple[np.ndarray, float, float]:
    """Differentiate the ramp with its residues held, by differences."""
    exact = (x - offset) / step
    ramp = exact.clip(lowest, highest)
    residues = np.rint(ramp) - ramp

    def total(x: np.ndarray, step: float, offset: float) -> np.ndarray:
        ramp = ((x - offset) / step).clip(lowest, highest)
        return grad * (step * (ramp + residues) + offset)

    def slope(part: int) -> np.ndarray:
        move = np.zeros(3)
        move[part] = SMALL
        up = total(x + move[0], step + move[1], offset + move[2])
        down = total(x - move[0], step - move[1], offset - move[2])
        return (up - down) / (2 * SMALL)

    return slope(0), float(slope(1).sum()), float(slope(2).sum())
