"""The checks of the chapter on pruning while training."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .parts.attempt import Attempt, show
from .parts.budgets import check_budget
from .parts.named_numbers import require_near
from .parts.tensors import as_array, leaf_gradients

if TYPE_CHECKING:
    import torch
    from torch import nn


def cubic_sparsity(function: Callable) -> None:
    """Check final * (1 - (1 - progress)**3), level outside of start and end.

    function : (step, start, end, final) -> the sparsity after the step
    """
    attempt = Attempt(function, "step", "start", "end", "final")

    def expect(sparsity: float, *arguments: Any) -> None:
        got = attempt.call(*arguments)
        require_near(attempt, "sparsity", got, sparsity, 1e-6)

    with attempt.must("half way, seven eighths of the way are done"):
        expect(0.7, 50, 0, 100, 0.8)
    with attempt.must(
        "what is left shrinks with the third power",
        "At a quarter of the time, 0.75**3 of the way is left.",
    ):
        expect(0.4625, 25, 0, 100, 0.8)
        expect(0.9 * (1 - 0.2**3), 8, 0, 10, 0.9)
    with attempt.must(
        "the time counts from start, not from 0",
        "progress = (step - start) / (end - start)",
    ):
        expect(0.7, 30, 20, 40, 0.8)
        expect(0.0, 20, 20, 40, 0.8)
    with attempt.must("before start nothing is removed"):
        expect(0.0, 5, 20, 40, 0.8)
        expect(0.0, 0, 300, 340, 0.95)
    with attempt.must(
        "from end on the sparsity is the final one",
        "A third power goes on rising beyond the end.",
    ):
        expect(0.95, 40, 20, 40, 0.95)
        expect(0.95, 100, 20, 40, 0.95)


def first_final_epoch(function: Callable) -> None:
    """Check the first epoch at whose end no mask will change any more.

    function : (end, steps_per_epoch) -> number of the epoch, from 1; the last
        change is made after step `end`
    """
    attempt = Attempt(function, "end", "steps_per_epoch")

    def expect(epoch: int, *arguments: Any) -> None:
        require_near(attempt, "epoch", attempt.call(*arguments), epoch, 0)

    with attempt.must(
        "an epoch in whose middle the masks become final counts",
        "Networks are judged at the end of an epoch.",
    ):
        expect(5, 117, 28)
        expect(2, 11, 10)
    with attempt.must(
        "a change after the last step of an epoch still belongs to it",
        "Steps are counted from 1: step 20 is the last of epoch 2 here.",
    ):
        expect(2, 20, 10)
        expect(1, 28, 28)
    with attempt.must("without any change the first epoch may win"):
        expect(1, 0, 28)


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


def regrow(function: Callable) -> None:
    """Check that the smallest weights are exchanged for the largest pulls.

    function : (mask, weight, gradient, count) -> a new bool mask
    """
    attempt = Attempt(function, "mask", "weight", "gradient", "count")

    def expect(moved, mask, weight, gradient, count):
        masks = [np.array(one, bool) for one in (moved, mask)]
        numbers = [np.array(one, np.float32) for one in (weight, gradient)]
        attempt.expect(*masks, *numbers, count)

    with attempt.must("the result is a bool array of the mask's shape"):
        eye = np.eye(3, dtype=np.float32)
        got = attempt.call(eye > 0, eye, np.ones_like(eye), 1)
        attempt.require_form(got, (3, 3), np.bool_)
    with attempt.must(
        "the kept weights of the smallest magnitude are dropped",
        "A removed weight is 0, the smallest of all, but not kept.",
    ):
        # all that were removed grow: which ones do is asked below
        expect([1, 0, 1, 1], [1, 1, 1, 0], [-5, 0.5, 3, 0], [0, 0, 0, 9], 1)
        weight, gradient = [-5, 0.5, 3, 0, 0], [0, 0, 0, 9, 8]
        expect([1, 0, 0, 1, 1], [1, 1, 1, 0, 0], weight, gradient, 2)
    with attempt.must(
        "the largest gradients grow, whatever their sign",
        "A gradient of -7 pulls harder than one of 5.",
    ):
        mask, weight = [1, 1, 1, 0, 0, 0], [4, 3, 1, 0, 0, 0]
        expect([1, 1, 0, 0, 1, 0], mask, weight, [0, 0, 0, 5, -7, 6], 1)
        expect([1, 1, 0, 0, 0, 1], mask, weight, [0, 0, 0, 5, -7, 8], 1)
    with attempt.must(
        "kept weights do not grow: as many are kept as before",
        "The largest gradient may belong to a weight that is kept.",
    ):
        weight, gradient = [4, 3, 1, 0, 0], [9, 8, 0, 1, 2]
        expect([1, 1, 0, 0, 1], [1, 1, 1, 0, 0], weight, gradient, 1)
    with attempt.must("a weight that was just dropped may grow again"):
        weight, gradient = [4, 3, 1, 0, 0], [0, 0, 5, 1, 2]
        expect([1, 1, 1, 0, 0], [1, 1, 1, 0, 0], weight, gradient, 1)


def slimming_penalty(function: Callable) -> None:
    """Check strength * sum |scale| over all batch normalizations.

    function : (model, strength) -> a scalar tensor with its gradient

    float32 sums of a few numbers: 1e-6 relative is ten roundings.
    """
    import torch

    attempt = Attempt(function, "model", "strength")
    model = _with_norms()

    def call(strength: float) -> torch.Tensor:
        got = attempt.call(model, strength)
        if not isinstance(got, torch.Tensor) or got.numel() != 1:
            attempt.fail(
                "a tensor of one number", f"{type(got).__name__}: {show(got)}"
            )
        return got

    def expect(value: float, strength: float) -> None:
        attempt.require_close(
            as_array(call(strength)).reshape(1),
            np.array([value]),
            1e-6 * value,
        )

    with attempt.must("the result is a tensor of one number"):
        call(0.5)
    with attempt.must(
        "it sums the absolute scales of all batch normalizations",
        "abs, not the square. The bias is no scale, a linear layer's weight "
        "neither; and a BatchNorm1d counts, inside of another module too.",
    ):
        expect(0.5 + 2 + 0.25 + 3 + 1, 1.0)
    with attempt.must("the strength multiplies it"):
        expect(0.01 * 6.75, 0.01)
    with attempt.must(
        "gradients flow: strength * sign(scale)",
        "Do not detach, and do not call item(): the loss has to pull.",
    ):
        # the answer works on a copy of the model, which its graph holds on to
        gradients = leaf_gradients(attempt, call(0.5))
        attempt.require_close(
            np.sort(gradients), np.array([-0.5, -0.5, 0.5, 0.5, 0.5]), 1e-6
        )


def sparse_model(function: Callable) -> None:
    """Check a LeNet300 under 45 KB after 168 steps: 440 of 500 images right.

    function : (model) -> a pruned copy of model, the shipped LeNet300 of
        mnist5k

    Those are six epochs of batches of 128 images.
    """
    check_budget(
        function,
        network="LeNet300",
        dataset="mnist5k",
        num_bytes=45_000,
        num_correct=440,
        num_steps=168,
        hint="Remove the weights little by little; in the last third of the "
        "steps the masks stay. A higher learning rate helps, too.",
    )


def _with_norms() -> nn.Module:
    """Build a model with two normalizations among other layers."""
    import torch
    from torch import nn

    model = nn.Sequential(
        nn.Conv2d(1, 3, 3),
        nn.BatchNorm2d(3),
        nn.Sequential(nn.Flatten(), nn.Linear(12, 2), nn.BatchNorm1d(2)),
    )
    for name, scales in [("1", [0.5, -2, 0.25]), ("2.2", [3, -1])]:
        norm: Any = model.get_submodule(name)
        norm.weight.data = torch.tensor(scales, dtype=torch.float32)
        nn.init.constant_(norm.bias, 7.0)
    return model
