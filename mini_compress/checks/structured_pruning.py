"""The checks of the chapter on removing neurons and filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .parts.attempt import Attempt, show
from .parts.budgets import check_budget
from .parts.tensors import as_array, leaf_gradients

if TYPE_CHECKING:
    import torch
    from torch import nn


def fold_constant(function: Callable) -> None:
    """Check a bias that takes in what a dead channel contributes.

    function : (bias, next_weight, channel, norm) -> (outputs,) floats, where
        bias is (outputs,), next_weight (outputs, channels, rows, cols), both
        float32, channel the number of the dead one, and norm (beta, gamma,
        mean, variance, eps): the channel's numbers in a batch normalization,
        behind which stands a ReLU
    """
    attempt = Attempt(function, "bias", "next_weight", "channel", "norm")
    rng = np.random.default_rng(0)
    bias = rng.normal(size=4).astype(np.float32)
    weight = rng.normal(size=(4, 3, 3, 3)).astype(np.float32)

    def expect(channel, norm, bias=bias, weight=weight):
        beta, gamma, mean, variance, eps = norm
        constant = max(beta - gamma * mean / np.sqrt(variance + eps), 0)
        filters = weight[:, channel].astype(np.float64)
        expected = bias + constant * filters.sum(axis=(1, 2))
        got = attempt.call(bias, weight, channel, norm)
        got = attempt.require_form(got, expected.shape)
        size = np.abs(bias) + constant * np.abs(filters).sum(axis=(1, 2))
        attempt.require_close(got, expected, 20 * 2.0**-24 * size)

    with attempt.must(
        "the constant goes through all positions of the channel's filters",
        "At every position of a constant map, the filter sees the same "
        "number: it contributes the sum of its weights, times that number.",
    ):
        expect(0, (2.0, 1.0, 0.0, 1.0, 0.0))
        expect(2, (0.5, 1.0, 0.0, 1.0, 0.0))
    with attempt.must(
        "the normalization shifts by its mean, in units of its deviation",
        "beta - gamma * mean / sqrt(variance + eps)",
    ):
        expect(1, (2.0, 1.5, 0.5, 4.0, 0.0))
        expect(1, (0.25, -2.0, 3.0, 0.25, 0.0))
    with attempt.must("eps is added to the variance"):
        expect(1, (0.5, 1.0, -1.0, 0.001, 0.01))
    with attempt.must(
        "the ReLU makes a negative constant 0",
        "Then there is nothing to fold.",
    ):
        expect(1, (-2.0, 1.0, 0.0, 1.0, 0.0))


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


def small_lenet5(function: Callable) -> None:
    """Check a LeNet5 under 300 KB and 700,000 MACs: 470 of 500 images right.

    function : (model) -> a pruned copy of model, the shipped LeNet5 of mnist5k

    It can be done without any training, with a share for each layer.
    """
    check_budget(
        function,
        network="LeNet5",
        dataset="mnist5k",
        num_bytes=300_000,
        num_macs=700_000,
        num_correct=470,
        hint="Give each layer a share of its own. The convolutions multiply, "
        "the linear layer holds the weights.",
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
