"""The checks of the chapter on non-linear functions on integers."""

from collections.abc import Callable

import numpy as np

from ..kernels import tables
from ..kernels.affine import choose_affine
from .parts.attempt import Attempt, show
from .parts.named_numbers import require_numbers

SLACK = 1.15  # of the best mean error among symmetric ranges
STEPS = 256  # of a probability of 1


def look_up(function: Callable) -> None:
    """Check a table whose entries lie in the order of the codes.

    function : (codes, entries) -> entries of the codes, where codes are int8
        or uint8 of any shape and entries is (256,), the first for the lowest
        code of that dtype
    """
    attempt = Attempt(function, "codes", "entries")
    entries = np.arange(1000, 1256, dtype=np.int32)

    def expect(places: list, codes: np.ndarray) -> None:
        attempt.expect(entries[np.array(places)], codes, entries)

    with attempt.must("the result has the codes' shape, the entries' dtype"):
        square = np.array([[0, 1, 2], [3, 4, 5]], np.uint8)
        attempt.require_form(attempt.call(square, entries), (2, 3), np.int32)
    with attempt.must("unsigned codes find their entries"):
        expect([0, 1, 127, 128, 255], np.array([0, 1, 127, 128, 255], np.uint8))
    with attempt.must(
        "signed codes find theirs, the lowest code the first",
        "The code -128 gets entry 0, the code 0 entry 128. In int8, 0 + 128 "
        "does not fit.",
    ):
        codes = np.arange(-128, 128).astype(np.int8)
        expect([*range(256)], codes)


def tanh_range(function: Callable) -> None:
    """Check the input range of a table for tanh.

    function : (x, bits) -> low, high, where x is (n,) float32 and bits 2 to 8
    """
    attempt = Attempt(function, "x", "bits")
    spread = np.random.default_rng(0).normal(size=2000).astype(np.float32)

    def expect(x: np.ndarray, bits: int, largest: float) -> None:
        error = _mean_error(_ends(attempt, x, bits), x, bits)
        if not error <= largest + 1e-9:
            attempt.fail(
                f"a mean error of at most {largest:.4f}", f"{error:.4f}"
            )

    with attempt.must("low and high are numbers, low below high"):
        _ends(attempt, spread, 8)
    with attempt.must(
        "it is never worse than the range of all inputs",
        "If all inputs lie where tanh is steep, or to one side, keep them.",
    ):
        for x in (spread / 8, np.abs(spread) / 4 + 1):
            for bits in (3, 8):
                ends = float(x.min()), float(x.max())
                expect(x, bits, _mean_error(ends, x, bits))
    with attempt.must(
        "it is close to the best symmetric range",
        "Beyond 2 tanh is nearly level, and codes there are wasted. How much "
        "to cut depends on the bits: try ranges, and measure.",
    ):
        for far in (3 * spread, 10 * spread):
            parts = np.linspace(0.02, 1, 50) * float(np.abs(far).max())
            for bits in (2, 3, 4):
                best = min(_mean_error((-p, p), far, bits) for p in parts)
                expect(far, bits, SLACK * best)


def add_up(function: Callable) -> None:
    """Check whole numbers of 1/256 that add up.

    function : (p) -> (n, classes) int64, where p is (n, classes) float64, >= 0,
        and its rows add up to 1
    """
    attempt = Attempt(function, "p")
    logits = np.random.default_rng(0).normal(size=(20, 12)) * 2
    powers = np.exp(logits)
    cases = [
        np.array([[0.5, 0.25, 0.25], [0.4, 0.35, 0.25]]),
        np.full((2, 7), 1 / 7),
        np.full((1, 1000), 1 / 1000),
        powers / powers.sum(axis=1, keepdims=True),
    ]

    def steps_of(p: np.ndarray) -> np.ndarray:
        return attempt.require_form(attempt.call(p), p.shape, np.int64)

    with attempt.must("the result is int64 and has the shape of p"):
        steps_of(cases[0])
    with attempt.must(
        "each number is one of the two neighbors of 256 p",
        "To give all that is missing to one class takes it too far.",
    ):
        for p in cases:
            steps = steps_of(p)
            if not (np.abs(steps - STEPS * p) < 1).all():
                attempt.fail(f"within 1 of {show(STEPS * p)}", show(steps))
    with attempt.must(
        "every row adds up to 256",
        "Count what rounding down has left over, and give it out.",
    ):
        for p in cases:
            sums = steps_of(p).sum(axis=1)
            if (sums != STEPS).any():
                attempt.fail("rows that add up to 256", show(sums))
    with attempt.must(
        "a larger probability never gets the smaller number",
        "Give what is missing to those that lost most by rounding down.",
    ):
        for p in cases:
            _require_order(attempt, p, steps_of(p))


def _ends(attempt: Attempt, x: np.ndarray, bits: int) -> tuple[float, float]:
    """Return the range that the answer chose; it must be one."""
    got = attempt.call_for(("low", "high"), x, bits)
    low, high = require_numbers(attempt, got, 2).tolist()
    if not -np.inf < low < high < np.inf:
        attempt.fail("low < high, both finite", f"{low}, {high}")
    return low, high


def _mean_error(ends: tuple[float, float], x: np.ndarray, bits: int) -> float:
    """Return the mean error of a tanh table with this input range."""
    x_params = choose_affine(np.array(ends, np.float32), bits=bits)
    y_params = choose_affine(np.array([-1, 1], np.float32), bits=8)
    table = tables.make_table(tables.tanh, x_params, y_params)
    return tables.table_error(table, tables.tanh, x, x_params, y_params).mean


def _require_order(attempt: Attempt, p: np.ndarray, steps: np.ndarray) -> None:
    """Refuse a row in which the larger of two got less."""
    for row, counts in zip(p, steps, strict=True):
        order = np.lexsort((counts, row))
        if (np.diff(counts[order]) < 0).any():
            attempt.fail(f"numbers in the order of {show(row)}", show(counts))
