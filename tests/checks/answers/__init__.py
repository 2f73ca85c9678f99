"""Known wrong answers to the book's exercises, one file for each chapter.

`@wrong(check, lacks)` names the property that the check must find lacking; the
comment in the function says where the bug was seen. `@right(check)` marks an
answer that is written differently from the book's and must pass.
"""

from collections.abc import Callable

WRONG: list[tuple[Callable, Callable, str]] = []  # check, answer, property
RIGHT: list[tuple[Callable, Callable]] = []  # check, answer


def wrong(check: Callable, lacks: str) -> Callable:
    """Register an answer that the check must reject, and why."""

    def register(answer: Callable) -> Callable:
        WRONG.append((check, answer, lacks))
        return answer

    return register


def right(check: Callable) -> Callable:
    """Register an answer that the check must accept."""

    def register(answer: Callable) -> Callable:
        RIGHT.append((check, answer))
        return answer

    return register
