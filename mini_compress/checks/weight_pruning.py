"""The checks of the chapter on removing weights."""

from collections.abc import Callable

import numpy as np

from .parts.attempt import Attempt
from .parts.budgets import check_budget
from .parts.masks import call_for_mask, expect_lowest_gone
from .parts.named_numbers import expect_row, require_numbers

# of `mask_by_inputs`: weights, and inputs of images, which are rows
ROWS = np.array(
    [[5, -1, 2, 4, 3, -6], [-1, 8, 7, 2, 5, 3], [90, 70, -80, 60, 40, 50]],
    np.float32,
)
ALIKE = np.ones((4, 6), np.float32)
# norms 3, 4 and 2.8; the largest are 3, 2 and 1.4, the sums 3, 8 and 5.6
UNLIKE = np.array(
    [[3, 2, 1.4], [0, -2, 1.4], [0, 2, -1.4], [0, -2, -1.4]], np.float32
)
LOUD = np.random.default_rng(0).normal(size=(6, 6)).astype(np.float32)
LOUD *= np.array([0.1, 3, 0.3, 1, 10, 0.03], np.float32)


def masked_step(function: Callable) -> None:
    """Check a step of SGD with momentum that keeps removed weights removed.

    function : (weight, gradient, velocity, mask, learning_rate, momentum) ->
        weight, velocity, where the arrays are float32 of one shape, the mask
        is bool, and

            velocity = momentum * velocity + gradient
            weight = weight - learning_rate * velocity

        wherever the mask is True; both are 0 where it is False

    Numbers are such that float32 holds every result exactly.
    """
    attempt = Attempt(
        function,
        *("weight", "gradient", "velocity", "mask"),
        *("learning_rate", "momentum"),
    )
    weight = np.array([[4, -2, 0], [1, 3, 0]], np.float32)
    gradient = np.array([[1, 2, -4], [-2, 8, 4]], np.float32)
    velocity = np.array([[2, -4, 8], [4, 2, -2]], np.float32)
    mask = np.array([[True, True, False], [True, False, False]])

    def step(gradient, velocity, mask):
        given = weight, gradient, velocity, mask, 0.5, 0.25
        result = attempt.call_for(("weight", "velocity"), *given)
        return [
            attempt.require_form(array, weight.shape, np.float32)
            for array in result
        ]

    with attempt.must("a weight and a velocity come back, float32"):
        step(gradient, velocity, mask)
    with attempt.must(
        "a kept weight moves as it would without a mask",
        "First the velocity, then the weight; subtract.",
    ):
        for kept in (np.ones_like(mask), mask):
            moved, speed = step(gradient, velocity, kept)
            expected = 0.25 * velocity + gradient
            attempt.require_close(speed[kept], expected[kept], 0)
            after = weight - 0.5 * expected
            attempt.require_close(moved[kept], after[kept], 0)
    with attempt.must(
        "a removed weight is 0 after the step",
        "Its gradient is not 0, and what the velocity remembers moves it "
        "even if it is. Apply the mask to the weight, at the end.",
    ):
        for slope in (gradient, np.zeros_like(gradient)):
            moved, _ = step(slope, velocity, mask)
            attempt.require_close(moved[~mask], np.zeros(3, np.float32), 0)
    with attempt.must(
        "the velocity of a removed weight is 0 too",
        "It is the optimizer's memory: left as it is, it grows unseen.",
    ):
        _, speed = step(gradient, velocity, mask)
        attempt.require_close(speed[~mask], np.zeros(3, np.float32), 0)


def round_amounts(function: Callable) -> None:
    """Check what share of the rest each round has to remove.

    function : (sparsities) -> a list of numbers, where sparsities is a list of
        those after each round, of all weights, in [0, 1), which do not fall

    As `amount` of torch.nn.utils.prune, which counts from what is left.
    """
    attempt = Attempt(function, "sparsities")

    def check(expected: list[float], sparsities: list[float]) -> None:
        got = attempt.call(sparsities)
        got = require_numbers(attempt, got, len(sparsities))
        # several roundings of float32, and less than a weight of LeNet300
        attempt.require_close(got, np.array(expected), 1e-6)

    with attempt.must("there is one amount for each round"):
        for sparsities in ([0.5, 0.75, 0.9], [0.8]):
            got = attempt.call(sparsities)
            require_numbers(attempt, got, len(sparsities))
    with attempt.must(
        "the first amount is the first sparsity",
        "Before the first round nothing is removed.",
    ):
        check([0.8], [0.8])
    with attempt.must(
        "an amount counts from what is left, not from all weights",
        "From 0.5 to 0.75 a quarter of all weights goes: half of what is left.",
    ):
        check([0.5, 0.5], [0.5, 0.75])
        check([0.5, 0.5, 0.6], [0.5, 0.75, 0.9])
    with attempt.must(
        "what is left before a round is what the round before has left",
        "Not what the first round has left.",
    ):
        check([0.2, 0.5, 0.75, 0.5], [0.2, 0.6, 0.9, 0.95])
    with attempt.must("a round that need not remove anything removes nothing"):
        check([0, 0.5, 0], [0.0, 0.5, 0.5])


def mask_by_inputs(function: Callable) -> None:
    """Check masks by the magnitude of a weight times the norm of its input.

    function : (weight, inputs, sparsity) -> mask, where weight is (outputs,
        inner) float32, inputs is (images, inner) float32, and the mask
        (outputs, inner) bool; True stays. In each row round(sparsity * inner)
        weights go, those with the smallest

            |weight[i, j]| * sqrt(sum of inputs[:, j] ** 2)

    Of equal scores any may stay. No others are close to each other.
    """
    attempt = Attempt(function, "weight", "inputs", "sparsity")
    with attempt.must("a mask comes back, True or False for each weight"):
        for sparsity in (0.5, 0.0):
            call_for_mask(attempt, ROWS, ALIKE, sparsity)
    with attempt.must(
        "of equal inputs, the largest magnitudes of each row stay",
        "-6 is as large as 6. True stays, False goes.",
    ):
        for sparsity in (0.5, 1 / 3):
            expect_lowest_gone(attempt, ROWS, ALIKE, sparsity)
    with attempt.must(
        "in each row as many go, rounded to the nearest number",
        "Wanda compares the weights of one output, which are a row.",
    ):
        for sparsity in (0.47, 0.8):  # of 6: 2.82 and 4.8
            expect_lowest_gone(attempt, ROWS, ALIKE, sparsity)
    with attempt.must(
        "weights of inputs that are always 0 go first",
        "Large weights do nothing there.",
    ):
        dark = np.array([[0, 1, 1, 0, 1, 1], [0, 1, 1, 0, 1, 1]], np.float32)
        expect_lowest_gone(attempt, ROWS, dark, 1 / 3)
    with attempt.must(
        "as many go where scores are equal",
        "Inputs that are always 0 give equal scores. No threshold can tell "
        "them apart; `keep_largest` does.",
    ):
        dark = np.array([[0, 0, 0, 0, 1, 1]], np.float32)
        for inputs in (dark, 1 - dark):
            expect_lowest_gone(attempt, ROWS, inputs, 0.5)
    with attempt.must(
        "an input counts by its norm over all images",
        "Square, sum over the images, which are rows of `inputs`, and take "
        "the root.",
    ):
        few = np.array([[1, -1, 1], [2, 1, -2]], np.float32)
        for sparsity in (1 / 3, 2 / 3):
            expect_lowest_gone(attempt, few, UNLIKE, sparsity)
            expect_lowest_gone(attempt, ROWS, LOUD, sparsity)


def reread(function: Callable) -> None:
    """Check a claim in bytes, and beside dense networks of equal means.

    function : (num_weights, num_kept, gap_bits, epochs, accuracy, dense) ->
        how many times fewer bytes the weights take, and the lead in pp;
        dense is (networks, 3) float64: bytes, epochs and accuracy in %

    A weight that is kept takes 32 bits and those of its gap. Fair is a dense
    network of no more bytes and no more epochs.
    """
    names = ("num_weights", "num_kept", "gap_bits", "epochs", "accuracy")
    attempt = Attempt(function, *names, "dense")
    whole = [8_000.0, 20, 98.5]  # too long; it would be the most accurate

    def check(times: float, lead: float, *claim: float, dense: list) -> None:
        rows = np.array(dense, np.float64)  # (networks, 3)
        expected = {"times": (times, 1e-9), "lead": (lead, 1e-9)}
        expect_row(attempt, expected, *claim, rows)

    with attempt.must("two numbers come back: times smaller, and the lead"):
        few = np.array([[600.0, 20, 96.0]])
        attempt.call_for(("times", "lead"), 2000, 160, 8, 20, 98.0, few)
    with attempt.must(
        "the file holds a gap with each weight",
        "A weight that is kept takes 32 + gap_bits bits; the dense one 32.",
    ):
        check(10, 2, 2000, 160, 8, 20, 98.0, dense=few.tolist())
        check(8, 2, 2000, 200, 8, 20, 98.0, dense=few.tolist())
        check(400 / 37, 2, 2000, 160, 5, 20, 98.0, dense=few.tolist())
    with attempt.must(
        "a dense network with more bytes is no alternative",
        "Compare its bytes with those of the pruned network's file.",
    ):
        check(10, 2, 2000, 160, 8, 20, 98.0, dense=[whole, *few.tolist()])
    with attempt.must(
        "a dense network that was trained for longer is no alternative",
        "Its epochs must not be more than those of the pruned network.",
    ):
        longer = [700.0, 60, 99.0]
        check(10, 2, 2000, 160, 8, 20, 98.0, dense=[longer, *few.tolist()])
    with attempt.must(
        "what counts is the most accurate alternative",
        "The authors of a paper may choose a weak one; you do not.",
    ):
        fair = [[400.0, 20, 95.0], [640.0, 10, 97.5], [600.0, 20, 96.0]]
        check(10, 0.5, 2000, 160, 8, 20, 98.0, dense=fair)
    with attempt.must("as many bytes and as many epochs are still fair"):
        equal = [[400.0, 20, 95.0], [800.0, 20, 97.0]]
        check(10, 1, 2000, 160, 8, 20, 98.0, dense=equal)
    with attempt.must("the lead is negative where the dense network is ahead"):
        ahead = [[700.0, 20, 98.75]]
        check(10, -0.75, 2000, 160, 8, 20, 98.0, dense=ahead)


def small_lenet300(function: Callable) -> None:
    """Check a LeNet300 whose file is under 33 KB: 440 of 500 images right.

    function : (model) -> a pruned copy of model, the shipped LeNet300 of
        mnist5k

    Rounds with training in between get there; at once it is too much.
    """
    check_budget(
        function,
        network="LeNet300",
        dataset="mnist5k",
        num_bytes=33_000,
        num_correct=440,
        hint="Remove weights in rounds, with some epochs in between. And how "
        "many of the last layer's 1,000 weights are left?",
    )
