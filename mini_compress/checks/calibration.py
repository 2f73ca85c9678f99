"""The checks of the chapter on choosing ranges."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .parts.attempt import Attempt
from .parts.budgets import check_budget

if TYPE_CHECKING:
    from torch import nn

ROUNDING = 1e-9  # relative, of float64; a fault misses by far more
NUM_BYTES, NUM_CORRECT = 110_000, 450
ACTIVATION_BITS = 2


def equalize_pair(function: Callable) -> None:
    """Check channels of like size in two layers that compute the same.

    function : (first, bias, after) -> the three, changed; first is
        (channels, inputs), bias (channels,), after (outputs, channels), all
        float64, and a ReLU stands between the layers
    """
    attempt = Attempt(function, "first", "bias", "after")
    layers = _draw_layers()

    def call(*given: np.ndarray) -> list[np.ndarray]:
        parts = attempt.call_for(("first", "bias", "after"), *given)
        pairs = zip(parts, given, strict=True)
        return [attempt.require_form(x, old.shape) for x, old in pairs]

    with attempt.must("first, bias and after keep their shapes"):
        call(*layers)
    with attempt.must(
        "without a bias, no output changes",
        "What a row of first is multiplied by, a column of after is divided "
        "by.",
    ):
        first, _, after = layers
        no_bias = np.zeros(len(first))
        _require_same(attempt, call(first, no_bias, after), layers, no_bias)
    with attempt.must(
        "with a bias, no output changes",
        "The ReLU sees the weighted sum and the bias: scale both.",
    ):
        _require_same(attempt, call(*layers), layers, layers[1])
    with attempt.must(
        "the largest weight of each channel is the same on both sides",
        "8 and 2 should both become 4, and not trade places.",
    ):
        one = np.array([[8.0]]), np.array([1.0]), np.array([[2.0]])
        for given in (one, layers):
            first, _, after = call(*given)
            made, read = np.abs(first).max(axis=1), np.abs(after).max(axis=0)
            attempt.require_close(made, read, ROUNDING * read)


def fit_the_doorbell(function: Callable[[nn.Module], nn.Module]) -> None:
    """Check LeNet300 on codes, 2 bits between its layers, in 110 KB.

    function : (model) -> an IntegerNetwork that reads 450 of the 500
        validation images of mnist5k
    """
    from ..layers import IntegerNetwork, RequantizedLayer

    small = check_budget(
        function,
        network="LeNet300",
        dataset="mnist5k",
        kind=IntegerNetwork,
        num_bytes=NUM_BYTES,
        num_correct=NUM_CORRECT,
        hint="Which rule chose the ranges, and for how many bits?",
    )
    attempt = Attempt(function, "model")
    grids = small.grids()
    layers = [
        step.name
        for step in small.steps[:-1]  # logits have 8
        if isinstance(step.operation, RequantizedLayer)
    ]
    with attempt.must("what passes between layers has 2 bits"):
        most = max(grids[name].bits for name in layers)
        if most > ACTIVATION_BITS:
            attempt.fail(f"{ACTIVATION_BITS} bits", f"{most}")


def _draw_layers() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw two layers whose channels differ in size."""
    rng = np.random.default_rng(0)
    size = 4.0 ** np.arange(-2, 3)  # of five channels
    first = rng.normal(size=(5, 4)) * size[:, np.newaxis]
    return first, rng.normal(size=5) * size, rng.normal(size=(3, 5))


def _require_same(
    attempt: Attempt,
    parts: list[np.ndarray],
    layers: tuple[np.ndarray, ...],
    bias: np.ndarray,
) -> None:
    """Refuse layers whose outputs differ from those they stand for."""
    x = np.random.default_rng(1).normal(size=(20, 4))
    first, _, after = layers
    wanted = np.maximum(x @ first.T + bias, 0) @ after.T
    got = np.maximum(x @ parts[0].T + parts[1], 0) @ parts[2].T
    attempt.require_close(got, wanted, ROUNDING * np.abs(wanted).max())
