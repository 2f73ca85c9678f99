"""The checks of the chapter on removing neurons and filters."""

import itertools
from collections.abc import Callable

import numpy as np

from ..kernels.masks import num_pruned
from .parts.attempt import Attempt
from .parts.budgets import check_budget
from .parts.named_numbers import require_near


def remove_channels(function: Callable) -> None:
    """Check filters removed from a layer, and inputs from the one behind.

    function : (weight, bias, next_weight, kept) -> three arrays of float32,
        where weight is (channels, inner, rows, cols), bias (channels,),
        next_weight (outputs, channels * positions) of a linear layer that
        reads the flattened maps, and kept an int64 array of channels
    """
    attempt = Attempt(function, "weight", "bias", "next_weight", "kept")

    def expect(channels, positions, kept):
        rng = np.random.default_rng(channels)
        arrays = [
            rng.integers(-9, 10, shape).astype(np.float32)
            for shape in ((channels, 2, 3, 3), channels)
        ]
        columns = np.arange(2 * channels * positions, dtype=np.float32)
        after = columns.reshape(2, channels * positions)
        kept = np.array(kept)
        by_channel = after.reshape(2, channels, positions)
        inputs = by_channel[:, kept].reshape(2, -1)
        expected = (*(x[kept] for x in arrays), inputs)
        parts = ("weight", "bias", "next_weight")
        got = attempt.call_for(parts, *arrays, after, kept)
        for one, wanted in zip(got, expected, strict=True):
            array = attempt.require_form(one, wanted.shape)
            attempt.require_close(array, wanted, 0)

    with attempt.must(
        "the filters and biases of the kept channels stay",
        "A filter is a row of the weight, its bias an entry; both are taken "
        "by the numbers in kept.",
    ):
        expect(4, 1, [0, 2])
        expect(5, 1, [1, 3, 4])
    with attempt.must(
        "the next layer keeps all positions of the kept channels",
        "After flattening, the entries of a channel stand side by side: "
        "channel * positions + position.",
    ):
        expect(4, 9, [0, 2])
        expect(3, 4, [2])
    with attempt.must("everything kept changes nothing"):
        expect(3, 4, [0, 1, 2])


def apoz(function: Callable) -> None:
    """Check the share of zeros of each channel, over images and positions.

    function : (activations) -> (channels,) floats in [0, 1], where
        activations are (n, channels, rows, cols) float32, behind a ReLU
    """
    attempt = Attempt(function, "activations")

    def expect(activations):
        activations = np.array(activations, np.float32)
        zeros = (activations == 0).mean(axis=(0, 2, 3), dtype=np.float64)
        got = attempt.require_form(attempt.call(activations), zeros.shape)
        # a mean in float32 is off by its rounding
        attempt.require_close(got, zeros, activations.size * 2.0**-24)

    rng = np.random.default_rng(0)
    maps = np.maximum(rng.normal(0.3, 1, (5, 3, 4, 4)), 0)
    with attempt.must(
        "one share for each channel, over all images and positions",
        "Axis 1 are the channels; the mean goes over the others.",
    ):
        expect(maps)
        expect([[[[0, 1]], [[0, 0]]], [[[2, 3]], [[0, 4]]]])
    with attempt.must(
        "zeros are counted, whatever the size of the others",
        "A small activation is not 0.",
    ):
        expect(1e-6 * maps)
        expect(1e6 * maps)
    with attempt.must("a channel that is always 0 has APoZ 1, one never 0"):
        dead_and_alive = np.ones((2, 2, 3, 3))
        dead_and_alive[:, 0] = 0
        expect(dead_and_alive)


def thinned_parameters(function: Callable) -> None:
    """Check the parameters of a multilayer perceptron after thinning.

    function : (sizes, ratio) -> a whole number, where sizes are those of the
        input, the hidden layers and the output, and ratio, in [0, 1), is the
        share of neurons that each hidden layer loses: ratio * size, rounded
        half to even, and one neuron stays. Every layer has biases.
    """
    attempt = Attempt(function, "sizes", "ratio")

    def expect(sizes, ratio):
        hidden = [
            max(size - num_pruned(size, ratio), 1) for size in sizes[1:-1]
        ]
        ends = [sizes[0], *hidden, sizes[-1]]
        expected = sum(
            (before + 1) * after for before, after in itertools.pairwise(ends)
        )
        got = attempt.call(list(sizes), ratio)
        require_near(attempt, "parameters", got, expected, 0)

    with attempt.must(
        "with nothing removed, weights and biases are counted",
        "A layer has (inputs + 1) * outputs numbers.",
    ):
        expect([784, 300, 100, 10], 0.0)
        expect([4, 3], 0.0)
    with attempt.must(
        "input and output stay, hidden layers lose rows and columns",
        "A removed neuron is a row less here and a column less in the next.",
    ):
        expect([784, 300, 100, 10], 0.5)
        expect([20, 8, 8, 8, 5], 0.25)
    with attempt.must("numbers of neurons are rounded half to even"):
        expect([6, 10, 10, 2], 0.25)
        expect([6, 10, 10, 2], 0.35)
    with attempt.must("no layer is emptied"):
        expect([6, 4, 3, 2], 0.95)


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
