"""The checks of the chapter on levels that are not even."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..kernels.huffman import code_lengths
from .parts.attempt import Attempt
from .parts.budgets import check_budget
from .parts.named_numbers import expect_number

if TYPE_CHECKING:
    from torch import nn

TOLERANCE = 1e-9  # of sums in float64; a fault misses by far more
LEVEL_BYTES = 4  # float32
NUM_BYTES, NUM_CORRECT = 17_000, 470


def level_gradient(function: Callable) -> None:
    """Check the gradients of levels, from those of their weights.

    function : (weight_gradient, codes, num_levels) -> (num_levels,) float64;
        weight_gradient is (weights,) float64, codes (weights,) uint8
    """
    attempt = Attempt(function, "weight_gradient", "codes", "num_levels")
    with attempt.must("each level has a gradient, 0 without weights"):
        _expect_sums(attempt, [2.0], [1], 4)
        _expect_sums(attempt, [2.0, -1.0], [3, 0], 5)
    with attempt.must(
        "two weights of one level both count",
        "`x[codes] += y` adds once for each place, however often it occurs.",
    ):
        _expect_ratio(attempt)
    with attempt.must(
        "a level's gradient is the sum over its weights",
        "The weights all move with the level: the chain rule adds them up.",
    ):
        _expect_sums(attempt, [1.0, 1.0, 1.0], [0, 0, 1], 2)
        rng = np.random.default_rng(0)
        codes = rng.integers(8, size=200)
        _expect_sums(attempt, rng.normal(size=200), codes, 8)


def shorter_form(function: Callable) -> None:
    """Check the bytes of a layer in the shorter of two forms.

    function : (counts, bits) -> bytes; counts is (levels,) int64, how often
        each level occurs, and a packed code has so many bits
    """
    attempt = Attempt(function, "counts", "bits")
    with attempt.must(
        "packed, codes end with a whole byte, and the codebook counts",
        "A level is a float32.",
    ):
        for counts, bits in (([2, 2, 2, 2], 2), ([1, 1, 1], 2), ([9, 8], 1)):
            _expect_bytes(attempt, counts, bits)
    with attempt.must(
        "a stream, where it is shorter, has its table and the codebook",
        "A byte for the length of each level's code.",
    ):
        for counts, bits in (([900, 50, 40, 10], 2), ([501, 2, 1, 1], 2)):
            _expect_bytes(attempt, counts, bits)
    with attempt.must(
        "a stream's table can make it the longer form",
        "Compare the forms with all that belongs to them.",
    ):
        for counts, bits in (([20, 4, 3, 3], 2), ([5, 2, 1, 1, 1, 1], 3)):
            _expect_bytes(attempt, counts, bits)


def fit_the_meter(function: Callable[[nn.Module], nn.Module]) -> None:
    """Check ConvNet in fewer than 17 KB, without a step of training.

    function : (model) -> a network that reads 470 of the 500 validation
        images of mnist5k
    """
    check_budget(
        function,
        network="ConvNet",
        dataset="mnist5k",
        num_bytes=NUM_BYTES,
        num_correct=NUM_CORRECT,
        num_steps=0,
        hint="Give the small layers more bits than the large ones, and divide "
        "each layer's levels by what is left of it.",
    )


def _expect_sums(
    attempt: Attempt, gradient: object, codes: object, num_levels: int
) -> None:
    """Compare an answer with the sums by level."""
    values = np.asarray(gradient, np.float64)
    numbers = np.asarray(codes, np.uint8)
    expected = np.zeros(num_levels)
    np.add.at(expected, numbers, values)
    attempt.expect(expected, values, numbers, num_levels, tolerance=TOLERANCE)


def _expect_ratio(attempt: Attempt) -> None:
    """Refuse an answer that depends on one of two weights alone."""
    codes = np.array([1, 1], np.uint8)
    for values in ([1.0, -1.0], [3.0, -3.0], [-2.0, 2.0]):
        got = attempt.call(np.array(values), codes, 2)
        got = attempt.require_form(got, (2,), np.float64)
        # both count alike, as a sum or as a mean: they cancel
        attempt.require_close(got, np.zeros(2), TOLERANCE)


def _expect_bytes(attempt: Attempt, counts: list[int], bits: int) -> None:
    """Compare an answer with what both forms take, all counted."""
    array = np.array(counts, np.int64)
    lengths = code_lengths(array).astype(np.int64)
    packed = -(-int(array.sum()) * bits // 8)
    stream = -(-int((array * lengths).sum()) // 8) + len(counts)
    expected = min(packed, stream) + LEVEL_BYTES * len(counts)
    expect_number(attempt, expected, array, bits)
