"""The checks of the chapter on distillation in several steps."""

import functools
from collections.abc import Callable

from .parts.attempt import Attempt, show
from .parts.named_numbers import expect_number


def single_penalty(function: Callable) -> None:
    """Check the penalty of one ridge fit that equals several generations.

    function : (energy, strength, generations) -> the penalty
    """
    attempt = Attempt(function, "energy", "strength", "generations")
    expect = functools.partial(expect_number, attempt)

    with attempt.must("one generation has the penalty itself"):
        expect(1.0, 10.0, 1.0, 1)
        expect(0.5, 3.0, 0.5, 1)
    with attempt.must(
        "the penalties do not just add up",
        "The shares of what is kept are multiplied: 1/2 * 1/2 is 1 / (1 + 3).",
    ):
        expect(3.0, 1.0, 1.0, 2)
        expect(7.0, 1.0, 1.0, 3)
    with attempt.must("it depends on the direction"):
        expect(3.31, 10.0, 1.0, 3)
    with attempt.must("and on the strength"):
        expect(16.0, 2.0, 4.0, 2)


def weight_here(function: Callable) -> None:
    """Check our weight for a loss whose divergence is a mean over classes.

    function : (soft, hard, temperature, num_classes) -> the weight
    """
    attempt = Attempt(function, "soft", "hard", "temperature", "num_classes")
    expect = functools.partial(expect_number, attempt)

    with attempt.must("one class at T = 1: the share of the soft part"):
        expect(0.9, 0.9, 0.1, 1, 1)
        expect(0.0, 0.0, 1.0, 1, 1)
        expect(1.0, 0.5, 0.0, 1, 1)
    with attempt.must(
        "a mean over the classes is so much smaller than their sum",
        "The two parts of our loss add up to 1: divide by what both weigh.",
    ):
        expect(0.1, 1.0, 0.9, 1, 10)
    with attempt.must("our loss has T^2 in it already"):
        expect(0.5, 16.0, 1.0, 4, 1)
        expect(1 / 26, 1.0, 1.0, 5, 1)
    with attempt.must("and so the published one"):
        expect(0.0015 / 0.8515, 0.15 * 25, 0.85, 5, 100)


def follow(function: Callable) -> None:
    """Check a path: who was taught teaches, and the student comes back.

    function : (networks, teach) -> the trained student
    """
    attempt = Attempt(function, "networks", "teach")
    lessons: list[str] = []

    def teach(teacher: str, learner: str) -> str:
        lessons.append(f"{teacher} teaches {learner}")
        return f"{learner}({teacher})"

    def expect(expected: str, networks: str) -> None:
        lessons.clear()
        got = attempt.call(list(networks), teach)
        if not isinstance(got, str) or got != expected:
            attempt.fail(
                f"{expected}, where S(T) is S taught by T",
                f"{show(got)}; {', '.join(lessons)}",
            )
        if len(lessons) != len(networks) - 1:
            attempt.fail(f"{len(networks) - 1} lessons", ", ".join(lessons))

    with attempt.must(
        "what comes back is the student, after it was trained",
        "teach returns a copy; what went in is as it was.",
    ):
        expect("S(T)", "TS")
    with attempt.must(
        "the trained assistant teaches the next one",
        "Neither the first teacher does, nor the assistant as it was.",
    ):
        expect("S(A(T))", "TAS")
    with attempt.must("so it goes on, each network being taught once"):
        expect("S(B(A(T)))", "TABS")
