"""The checks of the chapter on distillation without a teacher at hand."""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..kernels.packed_logits import pack_logits, unpack_logits
from ..kernels.soft_targets import log_softmax, soft_target_loss, softmax
from .parts.attempt import Attempt, show
from .parts.named_numbers import ROUNDING, require_near, require_numbers


def choose_form(function: Callable) -> None:
    """Check the cache of the least loss at temperature 4 within a budget.

    function : (logits, num_bytes) -> top and bits for `pack_logits`; logits
        are (n, classes) float32
    """
    attempt = Attempt(function, "logits", "num_bytes")

    def choose(logits: np.ndarray, num_bytes: int) -> tuple[int, int]:
        parts = attempt.call_for(("top", "bits"), logits, num_bytes)
        top, bits = require_numbers(attempt, parts, 2)
        most = logits.shape[1]
        if not (top in range(1, most + 1) and bits in range(1, 9)):
            attempt.fail(
                f"whole numbers from 1 to {most} and to 8", show(parts)
            )
        return int(top), int(bits)

    def expect(logits: np.ndarray, *budgets: int) -> None:
        forms = itertools.product(range(1, logits.shape[1] + 1), range(1, 9))
        caches = {form: _cache(logits, form) for form in forms}
        for num_bytes in budgets:
            fits = [x for x in caches.values() if x.num_bytes <= num_bytes]
            best = min(fits, key=lambda cache: cache.loss)
            got = caches[choose(logits, num_bytes)]
            if got.loss > best.loss * (1 + ROUNDING):
                attempt.fail(str(best), str(got))

    sure = _answers(classes=10, sure=40.0)
    with attempt.must("top and bits are numbers that pack_logits takes"):
        choose(sure, 10 * len(sure))
    with attempt.must(
        "the cache fits",
        "Ask `num_bytes` of what is packed: the step takes 4 bytes, too.",
    ):
        for each in (2, 5, 9):
            budget = each * len(sure)
            size = _cache(sure, choose(sure, budget)).num_bytes
            if size > budget:
                attempt.fail(f"at most {budget} bytes", f"{size} bytes")
    with attempt.must(
        "of all that fits, it loses least",
        "Count the bits of the classes' numbers, which are not needed if all "
        "classes are kept, and measure the loss at T = 4.",
    ):
        expect(sure, *(each * len(sure) + 4 for each in (2, 3, 5, 7)))
    with attempt.must(
        "other answers have another best form",
        "With many classes, the few at the top are worth more bits.",
    ):
        many = _answers(classes=20, sure=30.0)
        expect(many, *(each * len(many) + 4 for each in (3, 8)))


class _Cache(NamedTuple):
    """What answers take in a form, and what they lose at temperature 4."""

    form: tuple[int, int]
    num_bytes: int
    loss: float

    def __str__(self) -> str:
        return f"{self.form}, a loss of {self.loss:.4f}"


def _cache(logits: np.ndarray, form: tuple[int, int]) -> _Cache:
    packed = pack_logits(logits, top=form[0], bits=form[1])
    kept = unpack_logits(packed)
    loss = soft_target_loss(kept, logits, temperature=4.0)
    return _Cache(form, packed.num_bytes, loss)


def spread_rest(function: Callable) -> None:
    """Check targets that keep the top probabilities and all of the mass.

    function : (p, top) -> (n, classes) targets; p is (n, classes) float64
    """
    attempt = Attempt(function, "p", "top")

    def expect(targets: list, p: list, top: int) -> None:
        attempt.expect(np.array(targets), np.array(p), top, tolerance=1e-12)

    with attempt.must(
        "the top classes keep what they had",
        "Do not divide by the sum of what is kept.",
    ):
        got = attempt.require_form(
            attempt.call(np.array([[0.5, 0.25, 0.15, 0.1]]), 2), (1, 4)
        )
        attempt.require_close(got[:, :2], np.array([[0.5, 0.25]]), 1e-12)
    with attempt.must(
        "the others share the rest, in equal parts",
        "The rest is 1 minus what is kept; it goes to classes - top others.",
    ):
        expect([[0.5, 0.25, 0.125, 0.125]], [[0.5, 0.25, 0.15, 0.1]], 2)
        expect([[0.7, 0.1, 0.1, 0.1]], [[0.7, 0.2, 0.1, 0.0]], 1)
    with attempt.must(
        "each row has its own order",
        "The best class of an image may stand anywhere.",
    ):
        rows = [[0.1, 0.2, 0.7], [0.6, 0.1, 0.3]]
        expect([[0.15, 0.15, 0.7], [0.6, 0.2, 0.2]], rows, 1)
    with attempt.must(
        "if all classes are kept, nothing changes",
        "There are no others: do not divide by their number.",
    ):
        expect([[0.1, 0.2, 0.7]], [[0.1, 0.2, 0.7]], 3)


def mean_answer(function: Callable) -> None:
    """Check logits of the arithmetic mean of the members' probabilities.

    function : (logits) -> (n, classes); logits are (members, n, classes)
        float64. A constant for each image may be added.
    """
    attempt = Attempt(function, "logits")

    def expect(p: np.ndarray, logits: np.ndarray) -> None:
        got = attempt.require_form(attempt.call(logits), logits.shape[1:])
        if not np.isfinite(got).all():
            attempt.fail("finite logits", show(got))
        attempt.require_close(softmax(got.astype(np.float64)), p, 1e-9)

    with attempt.must("there is a row of logits for each image"):
        zeros = np.zeros((2, 3, 4))
        attempt.require_form(attempt.call(zeros), (3, 4))
    with attempt.must("members that agree are repeated"):
        logits = np.array([[[2.0, 0.0, -1.0]]]).repeat(3, axis=0)
        expect(softmax(logits[0]), logits)
    with attempt.must(
        "two that are sure of different classes share the vote",
        "Average probabilities, not logits: a mean of logits is a geometric "
        "mean, in which one member rules a class out.",
    ):
        logits = np.log(np.array([[[0.9, 0.05, 0.05]], [[0.2, 0.7, 0.1]]]))
        expect(np.array([[0.55, 0.375, 0.075]]), logits)
    with attempt.must(
        "each member has one vote, however large its logits are",
        "A softmax of each member first, over the classes.",
    ):
        logits = np.array([[[3.0, 1.0]], [[12.0, 13.0]], [[0.0, 0.5]]])
        expect(softmax(logits).mean(axis=0), logits)
    with attempt.must(
        "logits of 1,000 are no obstacle",
        "exp(1000) overflows and exp(-1000) is 0: subtract the largest logit "
        "and stay with logarithms.",
    ):
        logits = np.array([[[1000.0, 0.0, -1000.0]], [[0.0, 1000.0, -1000.0]]])
        got = attempt.require_form(attempt.call(logits), (1, 3))
        if not np.isfinite(got).all():
            attempt.fail("finite logits", show(got))
        half = log_softmax(np.array([[1000.0, 1000.0, -1000.0]]))
        behind = got - got.max(axis=1, keepdims=True)
        attempt.require_close(behind, half - half.max(), 2.0)


def pays_from(function: Callable) -> None:
    """Check the first number of epochs for which a cache is cheaper.

    function : (ask, write, read) -> a whole number, or infinity; what each
        costs for an image
    """
    attempt = Attempt(function, "ask", "write", "read")

    def expect(epochs: float, *costs: float) -> None:
        got = attempt.call(*costs)
        if math.isinf(epochs):
            if not isinstance(got, float) or got != math.inf:
                attempt.fail("infinity", show(got))
        else:
            require_near(attempt, "epochs", got, int(epochs), 0)

    with attempt.must(
        "if writing and reading are cheap, the second epoch pays",
        "In the first epoch the teacher is asked either way.",
    ):
        expect(2, 100.0, 1.0, 1.0)
        expect(2, 4.0, 0.5, 0.25)
    with attempt.must(
        "writing is paid once, reading in every epoch",
        "E * ask against ask + write + E * read.",
    ):
        expect(3, 10.0, 4.0, 4.0)
        expect(11, 1.0, 9.5, 0.0)
        expect(6, 10.0, 1.0, 8.0)
    with attempt.must("equal is not cheaper", "One epoch more is."):
        expect(4, 10.0, 5.0, 5.0)
        expect(2, 1.0, 0.0, 0.0)
        expect(3, 10.0, 10.0, 0.0)
    with attempt.must(
        "a cache that reads as dearly as the teacher answers never pays",
        "Mind the division by ask - read.",
    ):
        expect(math.inf, 1.0, 0.0, 1.0)
        expect(math.inf, 1.0, 0.5, 2.0)


def _answers(*, classes: int, sure: float) -> np.ndarray:
    """Make up answers of a teacher that prefers one class: (40, classes)."""
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=sure / 8, size=(40, classes))
    logits[np.arange(40), rng.integers(classes, size=40)] += sure * rng.random(
        40
    )
    return logits.astype(np.float32)
