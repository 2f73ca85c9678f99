"""The checks of the chapter on levels that are not even."""

from collections.abc import Callable

import numpy as np

from ..kernels.codebook import nearest_codes, optimal_codebook
from ..kernels.huffman import code_lengths
from .parts.attempt import Attempt, show
from .parts.named_numbers import expect_number
from .parts.values import as_plain_array

TOLERANCE = 1e-9  # of sums in float64; a fault misses by far more
LEVEL_BYTES = 4  # float32
ENOUGH = 1.3  # times the least error that is possible
QUARTERS = 4  # importances are multiples of a quarter


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


def levels_that_matter(function: Callable) -> None:
    """Check levels by the error that they leave where it matters.

    function : (values, importance, bits) -> (levels,) float32, sorted, at most
        2**bits of them; values and importance are (n,) float32, the latter >= 0
        and above 0 somewhere. The error is

            sum of importance * (value - nearest level) ** 2

    1.3 times the least is within reach of dynamic programming, of levels that
    are added one at a time where the error is largest, and of k-means that
    starts at equal shares of the importance; from even levels it is stuck.
    """
    attempt = Attempt(function, "values", "importance", "bits")
    rng = np.random.default_rng(0)
    normal = rng.normal(size=300).astype(np.float32)
    laplace = rng.laplace(size=300).astype(np.float32)
    alike = np.ones(300, np.float32)
    with attempt.must("levels come back, sorted, and not too many"):
        for bits in (1, 3):
            _call_for_levels(attempt, normal, alike, bits)
    with attempt.must(
        "few different values leave no error",
        "Each can have a level of its own. A level without values has no mean.",
    ):
        for few in ([0.5, 0.5, 0.5, 0.5], [2, -1, 2, 0.3, -1], [0, 0, 0]):
            _expect_little_error(attempt, few, np.ones(len(few)), 2)
    with attempt.must(
        "where all values matter alike, the error is near the least",
        "Neither even levels nor equal shares: move levels to means.",
    ):
        for values in (normal, laplace):
            for bits in (1, 2, 3):
                _expect_little_error(attempt, values, alike, bits)
    with attempt.must(
        "values far from all others do not spoil the levels of the rest",
        "Levels between the rest and an outlier may stay there, unused. Try "
        "several starts, or add levels where the error is largest.",
    ):
        far = normal.copy()
        far[:3] = 12, -9, 15
        _expect_little_error(attempt, far, alike, 3)
    with attempt.must(
        "an error counts as much as its value matters",
        "A level's best place is the mean of its values, weighted by their "
        "importance.",
    ):
        upper = np.where(normal > 0, 40, 3) / QUARTERS
        large = np.rint(8 * laplace**2) / QUARTERS
        for bits in (1, 2):
            _expect_little_error(attempt, normal, upper, bits)
            _expect_little_error(attempt, laplace, large, bits)
    with attempt.must("values that do not matter take no level", "0/0 is NaN."):
        for bits in (1, 2):
            _expect_little_error(attempt, far, np.abs(far) < 2, bits)


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


def _call_for_levels(
    attempt: Attempt, values: np.ndarray, importance: np.ndarray, bits: int
) -> np.ndarray:
    """Return levels; they must be sorted, and no more than there are codes."""
    got = attempt.call(values, importance, bits)
    array = as_plain_array(got, np.float32)
    count = 1 if array is None else array.size
    if not 1 <= count <= 2**bits:
        attempt.fail(f"1 to {2**bits} levels", f"{count} numbers")
    levels = attempt.require_form(got, (count,), np.float32)
    if not np.isfinite(levels).all() or (np.diff(levels) < 0).any():
        attempt.fail("levels that are finite and sorted", show(levels))
    return levels


def _expect_little_error(
    attempt: Attempt, values: object, importance: object, bits: int
) -> None:
    """Compare the error that levels leave with the least that is possible."""
    numbers = np.asarray(values, np.float32)
    matter = np.asarray(importance, np.float32)

    def error(levels: np.ndarray) -> float:
        missed = numbers - levels[nearest_codes(numbers, levels)]
        return float((matter * missed.astype(np.float64) ** 2).sum())

    levels = _call_for_levels(attempt, numbers, matter, bits)
    # a value that matters twice as much is as good as two values
    repeated = np.repeat(numbers, np.rint(matter * QUARTERS).astype(np.intp))
    count = min(2**bits, len(np.unique(repeated)))
    least = error(optimal_codebook(repeated, count))
    rounding = 1e-12 * float((matter * numbers.astype(np.float64) ** 2).sum())
    if error(levels) > ENOUGH * least + rounding:
        attempt.fail(
            f"an error of at most {ENOUGH * least:.5g}, which is {ENOUGH} "
            "times the least",
            f"{error(levels):.5g}, by the levels {show(levels)}",
        )
