"""The checks of the chapter on choosing ranks."""

from collections.abc import Callable, Sequence
from typing import Any

from .parts.attempt import Attempt, show
from .parts.budgets import check_budget
from .parts.named_numbers import require_numbers

# layers A and B of the chapter: a rank of B keeps more, and costs twice
SQUARES = [[16.0, 4.0, 1.0], [20.0, 18.0, 1.0]]
COSTS = [20, 40]


def spend(function: Callable) -> None:
    """Check the greedy choice of ranks under one budget.

    function : (squares, costs, budget) -> the rank of each layer; squares are
        lists of squared singular values, falling, costs those of one rank
    """
    attempt = Attempt(function, "squares", "costs", "budget")

    def expect(ranks: Sequence[int], *arguments: Any) -> None:
        got = require_numbers(attempt, attempt.call(*arguments), len(ranks))
        if got.tolist() != list(ranks):
            attempt.fail(show(list(ranks)), show(got))

    with attempt.must("with nothing to spend, all ranks are 0"):
        expect([0, 0], SQUARES, COSTS, 0)
    with attempt.must(
        "a rank that costs more must take away more",
        "Divide what a step takes away by the cost of the layer's rank.",
    ):
        expect([2, 0], [[5.5, 4.5], [9.0, 1.0]], [10, 21], 21)
        expect([1, 2], SQUARES, COSTS, 100)
    with attempt.must(
        "the scale of a layer does not matter",
        "Divide each layer's squares by their sum.",
    ):
        large = [[1000 * x for x in SQUARES[0]], SQUARES[1]]
        expect([1, 2], large, COSTS, 100)
        small = [SQUARES[0], [x / 1000 for x in SQUARES[1]]]
        expect([1, 2], small, COSTS, 100)
    with attempt.must(
        "where one layer's next rank is too dear, others go on",
        "Do not return at once: close this layer alone.",
    ):
        expect([2, 1], SQUARES, COSTS, 80)
        expect([0, 3], [[5.0], [4.0, 2.0, 1.0]], [50, 10], 30)
    with attempt.must(
        "a layer that has all of its ranks, or takes away nothing, is done",
        "Singular values may be 0, and lists end.",
    ):
        expect([1, 3], [[9.0, 0.0, 0.0], SQUARES[1]], COSTS, 1000)
        expect([3, 3], SQUARES, COSTS, 1000)
    with attempt.must(
        "the best step is taken, whatever it leaves for others",
        "The choice is greedy: it does not search all ranks.",
    ):
        expect([3, 0], [[4.0, 2.0, 1.0, 1.0], [9.0, 1.0]], [10, 30], 30)


def small_lenet300(function: Callable) -> None:
    """Check ranks for LeNet300 within 70,000 bytes, without training.

    function : (model) -> a copy of the model with layers of low rank
    """
    check_budget(
        function,
        network="LeNet300",
        dataset="mnist5k",
        num_bytes=70_000,
        num_correct=445,
        num_steps=0,
        hint="Move ranks to the layer that suffers most, and give `factorize` "
        "images: then the outputs are kept, and not the weights.",
    )
