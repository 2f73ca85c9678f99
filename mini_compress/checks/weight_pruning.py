"""The checks of the chapter on removing weights."""

from collections.abc import Callable, Mapping

import numpy as np

from ..kernels.masks import keep_largest_global
from .parts.answered_masks import require_kept, require_masks, require_order
from .parts.attempt import Attempt, show
from .parts.budgets import check_budget
from .parts.named_numbers import require_near, require_numbers


def magnitude_mask(function: Callable) -> None:
    """Check that exactly size - round(sparsity * size) of the largest stay.

    function : (weight, sparsity) -> mask, where weight is a float32 array,
        sparsity is in [0, 1), and the mask is bool of weight's shape

    Among equal magnitudes any may stay, as long as the count is right.
    """
    attempt = Attempt(function, "weight", "sparsity")

    def count(size, sparsity):
        weight = np.arange(1, size + 1, dtype=np.float32)
        weight[::2] *= -1
        mask = attempt.call(weight, sparsity)
        require_kept(attempt, [mask], [weight], sparsity)

    with attempt.must("the mask is bool and has the shape of weight"):
        weight = np.array([[1, -2, 3], [-4, 5, -6]], np.float32)
        attempt.require_form(attempt.call(weight, 0.5), (2, 3), bool)
    with attempt.must(
        "True are the weights of the largest magnitude",
        "-4 is larger than 3 here: np.abs. True means kept.",
    ):
        require_order(attempt, attempt.call(weight, 0.5), weight)
    with attempt.must(
        "round(sparsity * size) weights go, no more and no fewer",
        "int() cuts digits off; round() goes to the nearest, ties to even.",
    ):
        for size, sparsity in [(10, 0.3), (7, 0.4), (10, 0.35), (10, 0.25)]:
            count(size, sparsity)
    with attempt.must(
        "the count holds where many weights have the same magnitude",
        "A comparison with a threshold keeps all that equal it, or none. "
        "np.argsort gives places, and those can be counted.",
    ):
        for values in ([1, 1, 1, 1, 1, 1], [2, -1, 1, -1, 1, 0.5], [0, 0, 3]):
            tied = np.array(values, np.float32)
            mask = attempt.call(tied, 0.5)
            require_kept(attempt, [mask], [tied], 0.5)
    with attempt.must(
        "sparsity 0 keeps every weight, a 0 among them",
        "x[:-0] is empty, and x[-1] is the last.",
    ):
        weight = np.array([0, -2, 1], np.float32)
        attempt.expect(np.ones(3, bool), weight, 0.0)


def global_masks(function: Callable) -> None:
    """Check one threshold for the weights of several layers.

    function : (weights, sparsity) -> masks, where weights is a list of float32
        arrays of any shapes, and masks a list of bool arrays of these shapes
    """
    attempt = Attempt(function, "weights", "sparsity")

    def call(weights, sparsity):
        arrays = [np.array(weight, np.float32) for weight in weights]
        masks = attempt.call(arrays, sparsity)
        return require_masks(attempt, masks, arrays), arrays

    def expect(weights, sparsity):
        masks, arrays = call(weights, sparsity)
        expected = keep_largest_global([np.abs(x) for x in arrays], sparsity)
        for mask, wanted in zip(masks, expected, strict=True):
            attempt.require_close(mask, wanted, 0)

    with attempt.must("there is one bool mask for each weight, of its shape"):
        call([[[1, -2], [3, -4]], [5, 6, 7]], 0.5)
    with attempt.must(
        "what stays is the largest of all layers together",
        "Join the magnitudes of all layers first, and find one threshold.",
    ):
        expect([[[8, -7], [6, -5]], [4, 3, -2, 9]], 0.5)
        expect([[[8, -1], [6, -2]], [[4], [-3]], [5, 7]], 0.25)
    with attempt.must("a layer may lose all its weights, or none"):
        expect([[0.2, -0.1], [5, 6, 7, 8, 9, 10]], 0.25)
    with attempt.must(
        "the count holds where magnitudes are equal, within and across layers",
        "A threshold cannot count. np.split takes a joined mask apart.",
    ):
        masks, arrays = call([[1, 1, -1], [[1, -1], [1, 1]], [2]], 0.5)
        require_kept(attempt, masks, arrays, 0.5)


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


def round_sparsities(function: Callable) -> None:
    """Check the sparsity after each of several rounds that keep alike.

    function : (sparsity, rounds) -> a list of numbers
    """
    attempt = Attempt(function, "sparsity", "rounds")

    def call(sparsity, rounds):
        return require_numbers(attempt, attempt.call(sparsity, rounds), rounds)

    def check(got, expected):
        # several roundings of float32, and less than a weight of LeNet300
        attempt.require_close(got, np.array(expected), 1e-6)

    with attempt.must("there is one sparsity for each round"):
        for sparsity, rounds in [(0.75, 2), (0.9, 5), (0.5, 1)]:
            call(sparsity, rounds)
    with attempt.must(
        "after the last round it is the sparsity asked for",
        "Half of what is left is not half of all.",
    ):
        for sparsity, rounds in [(0.75, 2), (0.9, 5), (0.5, 1)]:
            check(call(sparsity, rounds)[-1:], [sparsity])
    with attempt.must(
        "every round keeps the same share of what the one before has kept",
        "After n rounds keep**n of all weights are left.",
    ):
        check(call(0.75, 2), [0.5, 0.75])
        check(call(0.936, 3), [0.6, 0.84, 0.936])
        check(call(0.0, 3), [0, 0, 0])


def layer_sparsities(function: Callable) -> None:
    """Check the highest sparsity of each layer that costs little by itself.

    function : (sparsities, accuracies, drop) -> {layer: sparsity}, where
        sparsities is a list that starts with 0, accuracies is {layer: list of
        the accuracies at these, in %}, and drop is in pp
    """
    attempt = Attempt(function, "sparsities", "accuracies", "drop")
    tried = [0.0, 0.5, 0.75, 0.9]

    def expect(expected, accuracies, drop=1.0):
        got = attempt.call(tried, accuracies, drop)
        if not isinstance(got, Mapping) or set(got) != set(expected):
            attempt.fail(f"a dict of {list(expected)}", show(got))
        for name, sparsity in expected.items():
            require_near(attempt, name, got[name], sparsity, 0)

    with attempt.must(
        "there is a sparsity for each layer, the highest of low cost",
    ):
        expect({"a": 0.75}, {"a": [97.0, 96.75, 96.5, 90.0]})
    with attempt.must(
        "each layer is judged by its own accuracies",
        "What one layer cannot lose, another may.",
    ):
        scan = {"a": [97.0, 95.0, 80.0, 20.0], "b": [97.0, 97.0, 96.5, 96.25]}
        expect({"a": 0.0, "b": 0.9}, scan)
    with attempt.must(
        "a level that is too much does not end the search",
        "Accuracies are counts of images: they need not fall all the way.",
    ):
        expect({"a": 0.75}, {"a": [97.0, 95.0, 96.5, 20.0]})
    with attempt.must("a loss of exactly `drop` is allowed"):
        expect({"a": 0.5}, {"a": [100.0, 99.0, 98.75, 90.0]})
    with attempt.must(
        "the loss counts from the accuracy at sparsity 0",
        "Not from the best of all.",
    ):
        expect({"a": 0.75}, {"a": [90.0, 91.5, 89.625, 88.0]}, drop=0.5)
    with attempt.must("`drop` is in percentage points"):
        expect({"a": 0.75}, {"a": [50.0, 48.5, 48.25, 47.0]}, drop=2.0)


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
