"""The checks of the chapter on pruning while training."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .parts.attempt import Attempt
from .parts.budgets import check_budget
from .parts.named_numbers import require_near


def latest_end(function: Callable) -> None:
    """Check 4 * (budget - density) / sparsity, and never after the training.

    function : (sparsity, budget) -> end, a share of all steps in [0, 1]

    The mean of (1 - progress)**3 is 1/4, so a training from sparsity 0 costs
    density + sparsity * end / 4, where the density is 1 - sparsity.
    """
    attempt = Attempt(function, "sparsity", "budget")

    def expect(end: float, sparsity: float, budget: float) -> None:
        got = attempt.call(sparsity, budget)
        require_near(attempt, "end", got, end, 1e-6)

    with attempt.must("an end half way costs an eighth of the sparsity"):
        expect(0.5, 0.8, 0.3)
        expect(0.25, 0.8, 0.25)
    with attempt.must(
        "a quarter of the sparsity is paid on average, whatever it is",
        "The final density is paid in every step.",
    ):
        expect(0.5, 0.96, 0.16)
        expect(0.8, 0.5, 0.6)
    with attempt.must("the budget of the final density leaves no schedule"):
        expect(0.0, 0.9, 0.1)
        expect(0.0, 0.5, 0.5)
    with attempt.must(
        "no schedule ends after the training",
        "With a large budget the end is 1, the last step.",
    ):
        expect(1.0, 0.9, 0.5)
        expect(1.0, 0.5, 1.0)


def next_ticket(function: Callable) -> None:
    """Check one round of a ladder: choose by `trained`, keep of `start`.

    function : (start, trained, share) -> first weights of the survivors, 0
        elsewhere; all float32 of one shape
    """
    attempt = Attempt(function, "start", "trained", "share")

    def expect(ticket: Any, start: Any, trained: Any, share: float) -> None:
        arrays = [np.array(x, np.float32) for x in (ticket, start, trained)]
        attempt.expect(arrays[0], arrays[1], arrays[2], share)

    with attempt.must(
        "survivors have their first weights again",
        "With their trained weights it would be fine-tuning.",
    ):
        expect([0.5, 0, 0.2, 0.3], [0.5, -0.1, 0.2, 0.3], [3, 1, 2, 4], 0.25)
    with attempt.must(
        "the smallest trained magnitudes go",
        "Large negative weights are large. The first weights do not choose.",
    ):
        expect([0.1, 0, 0.7, 0], [0.1, 0.9, 0.7, 0.8], [-5, 2, -3, 0.5], 0.5)
    with attempt.must(
        "the share is one of those that are left",
        "In the second round, weights that are 0 are gone already.",
    ):
        start = [1, 2, 3, 4, 5, 6, 7, 8]
        trained = [0, 0, 0, 0, 4, 3, -2, 1]
        expect([0, 0, 0, 0, 5, 6, 7, 0], start, trained, 0.25)
        expect([0, 0, 0, 0, 5, 6, 0, 0], start, trained, 0.5)
    with attempt.must("round(share * left) weights go, in any shape"):
        rng = np.random.default_rng(0)
        start, trained = rng.normal(size=(2, 7, 11)).astype(np.float32)
        trained[:, 3] = 0
        order = np.argsort(np.abs(trained), axis=None)
        ticket = start.copy()
        ticket.flat[order[: 7 + 14]] = 0  # 14 of the 70 that are left
        expect(ticket, start, trained, 0.2)
        for share, kept in ((0.4, 2), (0.3, 3), (0.1, 4)):  # of four
            ticket = [1, 2, 3, 4][:kept] + [0] * (4 - kept)
            expect(ticket, [1, 2, 3, 4], [4, 3, -2, 1], share)


def sparse_model(function: Callable) -> None:
    """Check a LeNet300 under 35 KB after 168 steps: 440 of 500 images right.

    function : (model) -> a pruned copy of model, the shipped LeNet300 of
        mnist5k

    Those are six epochs of batches of 128 images.
    """
    check_budget(
        function,
        network="LeNet300",
        dataset="mnist5k",
        num_bytes=35_000,
        num_correct=440,
        num_steps=168,
        hint="Remove the weights little by little; in the last third of the "
        "steps the masks stay. A higher learning rate helps, too.",
    )
