"""The checks of the chapter on Deep Compression."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .parts.attempt import Attempt, show
from .parts.budgets import check_budget
from .parts.named_numbers import expect_number

if TYPE_CHECKING:
    from torch import nn

LEVEL_BYTES = 4  # float32
NUM_BYTES, NUM_CORRECT, NUM_STEPS = 17_000, 455, 600


def layer_bytes(function: Callable) -> None:
    """Check the bytes of a layer that is pruned and shared.

    function : (places, bits, index_bits) -> bytes; places is (non-zeros,)
        int64, where the non-zeros lie in the flattened weight, ascending
    """
    attempt = Attempt(function, "places", "bits", "index_bits")
    with attempt.must(
        "the codebook counts, one code of which is the fillers'",
        "A level is a float32, and there are 2**bits - 1 of them.",
    ):
        for bits in (1, 2, 5):
            _expect_bytes(attempt, range(16), bits, 8)
    with attempt.must(
        "codes and gaps each end with a whole byte",
        "They are two arrays.",
    ):
        for count, bits, index_bits in ((1, 3, 3), (3, 3, 3), (5, 6, 5)):
            _expect_bytes(attempt, range(count), bits, index_bits)
    with attempt.must(
        "a gap that its bits cannot say takes a filler, with a code",
        "With 3 bits the longest gap is 7; a filler is a place by itself.",
    ):
        for places in ([7], [8], [16], [3, 20, 21, 60]):
            _expect_bytes(attempt, places, 4, 3)


def can_be_mean(function: Callable) -> None:
    """Check whether a printed mean can be that of printed parts.

    function : (counts, parts, total) -> bool; counts is (layers,) int64, how
        many weights each layer has, parts (layers,) float64, their mean bits,
        and total that of all; bits are rounded to one decimal
    """
    attempt = Attempt(function, "counts", "parts", "total")
    with attempt.must("a mean of parts is neither below nor above all of them"):
        _expect_truth(attempt, [10, 10], [4.0, 4.4], 5.1, truth=False)
        _expect_truth(attempt, [10, 10], [4.0, 4.4], 3.1, truth=False)
    with attempt.must(
        "a large layer counts for more than a small one",
        "The mean over all weights weighs each layer by its weights.",
    ):
        _expect_truth(attempt, [99, 1], [4.0, 6.0], 4.0, truth=True)
        _expect_truth(attempt, [99, 1], [4.0, 6.0], 5.0, truth=False)
        _expect_truth(attempt, [1, 99], [4.0, 6.0], 6.0, truth=True)
    with attempt.must(
        "what rounding can explain is no error",
        "Each printed number is off by 0.05 at most: the parts, and the total.",
    ):
        _expect_truth(attempt, [10, 30], [4.4, 4.4], 4.5, truth=True)
        _expect_truth(attempt, [10, 30], [4.4, 4.4], 4.3, truth=True)
        _expect_truth(attempt, [10, 30], [4.4, 4.4], 4.6, truth=False)


def best_index_bits(function: Callable) -> None:
    """Check how many bits of a gap make a layer smallest.

    function : (gaps, bits) -> 1 to 8; gaps is (non-zeros,) int64, the zeros
        before each, of any size, and a code has so many bits
    """
    attempt = Attempt(function, "gaps", "bits")
    with attempt.must("gaps of 0 need one bit"):
        _expect_width(attempt, [0] * 9, 4)
    with attempt.must(
        "a filler takes a code too",
        "Not only the bits of a gap: with wide codes fillers are dear.",
    ):
        _expect_width(attempt, [2] * 20 + [9] * 4, 8)
    with attempt.must(
        "few wide gaps do not make all of them wide",
        "Some fillers are cheaper than a bit more for each gap.",
    ):
        _expect_width(attempt, [1] * 60 + [200], 4)
        _expect_width(attempt, [3] * 50 + [40, 90], 6)
    with attempt.must("the gaps themselves decide, not their mean"):
        rng = np.random.default_rng(0)
        for density, bits in ((0.3, 6), (0.08, 6), (0.02, 2)):
            _expect_width(attempt, rng.geometric(density, 3000) - 1, bits)
        _expect_width(attempt, [0, 0, 0, 1, 1, 250, 120, 0, 2] * 30, 3)


def fit_the_link(function: Callable[[nn.Module], nn.Module]) -> None:
    """Check LeNet300 in fewer than 17 KB, with at most 600 steps.

    function : (model) -> a network that reads 455 of the 500 validation
        images of mnist5k
    """
    check_budget(
        function,
        network="LeNet300",
        dataset="mnist5k",
        num_bytes=NUM_BYTES,
        num_correct=NUM_CORRECT,
        num_steps=NUM_STEPS,
        hint="Prune while it learns, and leave some steps to tune the levels.",
    )


def _entries(gaps: np.ndarray, index_bits: int) -> int:
    """Count non-zeros and fillers."""
    return len(gaps) + int((gaps >> index_bits).sum())


def _expect_bytes(
    attempt: Attempt, places: object, bits: int, index_bits: int
) -> None:
    """Compare an answer with codes, gaps and codebook."""
    array = np.array(list(places), np.int64)  # type: ignore[call-overload]
    count = _entries(np.diff(array, prepend=-1) - 1, index_bits)
    arrays = -(-count * bits // 8) + -(-count * index_bits // 8)
    expected = arrays + LEVEL_BYTES * (2**bits - 1)
    expect_number(attempt, expected, array, bits, index_bits)


def _expect_truth(
    attempt: Attempt,
    counts: list[int],
    parts: list[float],
    total: float,
    *,
    truth: bool,
) -> None:
    """Compare an answer with a truth."""
    got = attempt.call(np.array(counts), np.array(parts), total)
    if not isinstance(got, bool | np.bool_) or bool(got) != truth:
        attempt.fail(str(truth), show(got))


def _expect_width(attempt: Attempt, gaps: object, bits: int) -> None:
    """Compare an answer with the best of eight, tried one by one."""
    array = np.array(gaps, np.int64)
    sizes = {x: _entries(array, x) * (bits + x) for x in range(1, 9)}
    expect_number(attempt, min(sizes, key=sizes.__getitem__), array, bits)
