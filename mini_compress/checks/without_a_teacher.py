"""The checks of the chapter on distillation without a teacher at hand."""

import functools
import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..kernels.packed_logits import pack_logits, unpack_logits
from ..kernels.soft_targets import soft_target_loss
from .parts.attempt import Attempt, show
from .parts.named_numbers import ROUNDING, require_numbers


def choose_form(function: Callable) -> None:
    """Check the cache of the least loss at temperature 4 within a budget.

    function : (logits, num_bytes) -> top and bits for `pack_logits`; logits
        are (n, classes) float32
    """
    attempt = Attempt(function, "logits", "num_bytes")
    choose = functools.partial(_choose, attempt)

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


def _choose(
    attempt: Attempt, logits: np.ndarray, num_bytes: int
) -> tuple[int, int]:
    """Call an answer, which must give top and bits that pack_logits takes."""
    parts = attempt.call_for(("top", "bits"), logits, num_bytes)
    top, bits = require_numbers(attempt, parts, 2)
    most = logits.shape[1]
    if not (top in range(1, most + 1) and bits in range(1, 9)):
        attempt.fail(f"whole numbers from 1 to {most} and to 8", show(parts))
    return int(top), int(bits)


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


def _answers(*, classes: int, sure: float) -> np.ndarray:
    """Make up answers of a teacher that prefers one class: (40, classes)."""
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=sure / 8, size=(40, classes))
    logits[np.arange(40), rng.integers(classes, size=40)] += sure * rng.random(
        40
    )
    return logits.astype(np.float32)
