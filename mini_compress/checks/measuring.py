"""The checks of the chapter on measuring."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..measuring import Comparison, holm, wilson_interval
from .parts.attempt import Attempt, show
from .parts.named_numbers import expect_row, require_near


def accuracy_interval(function: Callable) -> None:
    """Check Wilson's 95 % interval of an accuracy, in percent.

    function : (num_correct, n) -> low, high

    1.96 for the quantile 1.95996... moves an end by 2e-5 of the width; 1e-4 is
    allowed.
    """
    attempt = Attempt(function, "num_correct", "n")

    def expect(num_correct, n, slack=1e-4):
        low, high = (100 * end for end in wilson_interval(num_correct, n))
        slack *= high - low
        ends = {"low": (low, slack), "high": (high, slack)}
        expect_row(attempt, ends, num_correct, n)

    with attempt.must(
        "the ends are in percent, the low one first",
        "96 of 100 images are 96, not 0.96.",
    ):
        expect(50, 100, slack=0.3)
    with attempt.must(
        "it reaches 1.96 standard deviations to each side",
        "One deviation is 68 %, 1.64 are 90 %, 1.96 are 95 %.",
    ):
        expect(500, 1_000, slack=0.01)
    with attempt.must(
        "near 100 % the interval leans to the left",
        "Its middle is (k + u**2 / 2) / (n + u**2), not k / n.",
    ):
        expect(96, 100)
        expect(979, 1_000)
    with attempt.must(
        "it has a width where every image is right, or none is",
        "k * (n - k) is 0 there; u**2 / 4 below the root remains.",
    ):
        expect(1_000, 1_000)
        expect(0, 40)
    with attempt.must("it is Wilson's for few images and for many"):
        expect(1, 1)
        expect(3, 4)
        expect(9_712, 10_000)


def count_disputed(function: Callable) -> None:
    """Check the counts of images lost and gained.

    function : (baseline, other) -> lost, gained, where both arguments are
        (n,) bool and say of which images the networks are right
    """
    attempt = Attempt(function, "baseline", "other")

    def expect(lost, gained, baseline, other):
        arrays = [np.array(row, bool) for row in (baseline, other)]
        counts = {"lost": (int(lost), 0.0), "gained": (int(gained), 0.0)}
        expect_row(attempt, counts, *arrays)

    with attempt.must(
        "lost: the baseline is right and the other network is wrong",
        "The order of the result is lost, gained.",
    ):
        expect(2, 0, [1, 1, 1], [1, 0, 0])
    with attempt.must("gained: the baseline is wrong, the other is right"):
        expect(0, 1, [0, 1, 0, 0], [1, 1, 0, 0])
    with attempt.must(
        "what is lost here and gained there does not cancel",
        "Compare image by image; the two accuracies are not enough.",
    ):
        expect(2, 2, [1, 1, 0, 0], [0, 0, 1, 1])
        before, after = np.random.default_rng(0).random((2, 1_000)) < 0.9
        expect(np.sum(before > after), np.sum(before < after), before, after)


def rules_out(function: Callable) -> None:
    """Check whether the one-sided upper 95 % bound is below the margin.

    function : (lost, gained, n, margin) -> bool, margin in percentage points
    """
    attempt = Attempt(function, "lost", "gained", "n", "margin")

    def expect(lost, gained, n, margin):
        bound = Comparison(lost, gained, n).upper_bound()
        got = attempt.call(lost, gained, n, margin)
        if not isinstance(got, bool | np.bool_):
            attempt.fail("True or False", f"{type(got).__name__}: {show(got)}")
        if bool(got) != (bound < margin):
            attempt.fail(
                f"{bound < margin}, for the bound is {bound:.2f} pp",
                f"{bool(got)}",
            )

    with attempt.must("a small drop on many images is ruled out"):
        expect(30, 25, 10_000, 0.5)
    with attempt.must(
        "a drop that is there, but too small to matter, is ruled out too",
        "The p-value is about a drop of 0, not about the margin.",
    ):
        expect(60, 20, 10_000, 1.0)
    with attempt.must(
        "neither a drop below the margin nor a missing significance is enough",
        "Few images leave doubt, and the doubt has to be counted.",
    ):
        expect(11, 10, 1_000, 0.5)
    with attempt.must(
        "a gain is no loss, however large it is",
        "The order of the arguments is lost, gained.",
    ):
        expect(10, 40, 10_000, 0.1)
        expect(40, 10, 10_000, 0.1)
    with attempt.must(
        "all of the doubt is on the side of the loss",
        "The upper end of a two-sided 95 % interval is a 97.5 % bound.",
    ):
        expect(100, 82, 10_000, 0.42)
    with attempt.must(
        "without any image in dispute some doubt is left",
        "Tango's bound has a width there, the normal one has none.",
    ):
        expect(0, 0, 1_000, 0.3)
        expect(0, 0, 1_000, 0.2)


def adjust_p_values(function: Callable) -> None:
    """Check Holm's correction of a table's p-values.

    function : (p_values) -> corrected, both (rows,) float64

    Each is a product and a maximum; 1e-12 is more than their rounding.
    """
    attempt = Attempt(function, "p_values")

    def expect(*p_values):
        corrected = holm(p_values)
        attempt.expect(
            corrected, np.array(p_values), tolerance=1e-12 * corrected
        )

    with attempt.must("a single p-value stays as it is"):
        expect(0.03)
    with attempt.must(
        "the smallest of three is multiplied by 3, the next by 2",
        "Multiplying each by their number is Bonferroni's method.",
    ):
        expect(0.001, 0.01, 0.04)
    with attempt.must(
        "the result is in the order of the input",
        "np.argsort tells where each sorted value came from.",
    ):
        expect(0.04, 0.001, 0.2, 0.01)
    with attempt.must(
        "none falls below the one before it",
        "0.03 * 2 is more than 0.04 * 1: a running maximum over the sorted "
        "values, np.maximum.accumulate.",
    ):
        expect(0.01, 0.04, 0.03)
        expect(0.02, 0.02, 0.021, 0.3)
    with attempt.must("none exceeds 1"):
        expect(0.5, 0.6, 0.9)


def weigh_file(function: Callable) -> None:
    """Check the KB of a compressed file and the compression ratio.

    function : (original, compressed) -> kb, ratio, where the arguments are
        paths of files

    Both are quotients of whole numbers; 1e-12 is more than their rounding.
    """
    attempt = Attempt(function, "original", "compressed")

    def expect(original, compressed, slack=1e-12):
        before, after = (x.stat().st_size for x in (original, compressed))
        kb, ratio = after / 1_000, before / after
        weights = {"kb": (kb, slack * kb), "ratio": (ratio, slack * ratio)}
        expect_row(attempt, weights, original, compressed)

    with tempfile.TemporaryDirectory() as folder:
        original, compressed = _two_networks(Path(folder))
        with attempt.must(
            "KB of the compressed file come first, then original / compressed",
            "A file of 20,480 bytes has some 20 KB.",
        ):
            expect(original, compressed, slack=0.3)
        with attempt.must(
            "every byte counts, those of the header too",
            "`path.stat().st_size` is the length of the file.",
        ):
            expect(original, compressed, slack=0.03)
        with attempt.must(
            "KB are 1,000 bytes, and nothing is rounded",
            "1,024 bytes are a KiB.",
        ):
            expect(original, compressed)
        with attempt.must("where the file has grown, the ratio is below 1"):
            expect(compressed, original)


def honest_accuracy(function: Callable) -> None:
    """Check the test accuracy of the epoch that validation chose.

    function : (validation, test) -> accuracy, where both are (epochs,)
        float64 in percent; of equally good epochs the last one counts
    """
    attempt = Attempt(function, "validation", "test")

    def expect(epoch, validation, test):
        arrays = [np.array(row, np.float64) for row in (validation, test)]
        got = attempt.call(*arrays)
        require_near(attempt, "accuracy", got, test[epoch], 0)

    with attempt.must(
        "the epoch is the best one on validation",
        "The largest test accuracy was chosen by the test images.",
    ):
        expect(2, [90, 93, 95, 94], [91, 98, 95, 92])
    with attempt.must(
        "what is reported is its accuracy on test",
        "The best validation accuracy is the one that looks best there.",
    ):
        expect(0, [97, 95, 96], [93, 92, 95])
    with attempt.must(
        "of equally good epochs it is the last",
        "np.argmax finds the first.",
    ):
        expect(2, [90, 95, 95, 94], [89, 94, 93, 95])


def _two_networks(folder: Path) -> tuple[Path, Path]:
    """Write a network and its 4-bit version to files."""
    from .. import artifact, models
    from ..quantization import quantize_weights

    model = models.build("ConvNet").eval()
    original, compressed = folder / "original", folder / "compressed"
    artifact.save(model, original)
    artifact.save(quantize_weights(model, bits=4), compressed)
    return original, compressed
