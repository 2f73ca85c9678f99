"""The checks of the chapter on number formats."""

from collections.abc import Callable

import numpy as np

from ..kernels.floats import round_to_float
from .parts.attempt import Attempt

GROUP = 256  # scales that share a step
HALF = 0.5 + 1e-5  # of a step; float32 rounds the quotient
CLOSE = 1e-6  # relative, of float32


def quantize_rows(function: Callable) -> None:
    """Check weights in 8 bits, with a scale in bfloat16 for each row.

    function : (weight) -> codes (rows, cols) int8, scales (rows, 1) float32;
        weight is (rows, cols) float32
    """
    attempt = Attempt(function, "weight")

    def answer(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        codes, scales = attempt.call_for(("codes", "scales"), weight)
        codes = attempt.require_form(codes, weight.shape, np.int8)
        rows = len(weight)
        return codes, attempt.require_form(scales, (rows, 1), np.float32)

    drawn = np.random.default_rng(0).normal(size=(64, 32)).astype(np.float32)
    wraps = np.array([[2.797, -1.0, 0.5]], np.float32)
    with attempt.must("codes are int8, and each row has a scale in float32"):
        answer(drawn)
    with attempt.must(
        "a scale is the largest weight over 127, in bfloat16",
        "The file stores the scale in bfloat16: cast this number.",
    ):
        for weight in (wraps, drawn):
            largest = np.abs(weight).max(axis=1, keepdims=True)
            _, scales = answer(weight)
            attempt.require_close(scales, _bfloat16(largest / 127), 0)
    with attempt.must(
        "the largest weight keeps its sign",
        "128 does not fit into int8, and becomes -128.",
    ):
        codes, _ = answer(wraps)
        attempt.require_close(np.sign(codes), np.sign(wraps), 0)
    with attempt.must(
        "no weight is off by more than half a step",
        "Near 127 the numbers of bfloat16 are 0.5 apart. Divide in float32.",
    ):
        for weight in (wraps, drawn):
            codes, scales = answer(weight)
            wanted = weight / scales
            attempt.require_close(codes, wanted, HALF)


def decode_nested(function: Callable) -> None:
    """Check weights decoded by scales that are codes themselves.

    function : (levels, scale_codes, steps, mean) -> (blocks, 64) float32;
        levels is (blocks, 64) float32, scale_codes (blocks,) int8, steps
        (groups,) float32, each of 256 blocks
    """
    names = "levels", "scale_codes", "steps", "mean"
    attempt = Attempt(function, *names)
    with attempt.must("weights are float32, and as many as there are levels"):
        case = _nested(3, steps=[1.0])
        got = attempt.call(*case)
        attempt.require_form(got, case[0].shape, np.float32)
    with attempt.must(
        "each level is multiplied by its block's scale, once",
        "scale = step * code + mean.",
    ):
        _expect_nested(attempt, _nested(3, steps=[0.5]))
    with attempt.must(
        "each 256 blocks have a step of their own",
        "Block number i belongs to group i // 256.",
    ):
        _expect_nested(attempt, _nested(2 * GROUP + 1, steps=[0.5, 2.0, 4.0]))


def _bfloat16(x: np.ndarray) -> np.ndarray:
    return round_to_float(x, exponent_bits=8, mantissa_bits=7)


def _nested(
    blocks: int, *, steps: list[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Draw levels and codes of scales, no two blocks alike."""
    rng = np.random.default_rng(blocks)
    levels = rng.uniform(-1, 1, (blocks, 64)).astype(np.float32)
    codes = rng.integers(-128, 128, blocks, np.int8)
    return levels, codes, np.array(steps, np.float32), 300.0


def _expect_nested(attempt: Attempt, case: tuple) -> None:
    levels, codes, steps, mean = case
    step = np.repeat(steps, GROUP)[: len(codes)]
    scales = step.astype(np.float64) * codes + mean
    expected = (levels * scales[:, np.newaxis]).astype(np.float32)
    slack = CLOSE * np.abs(expected).max()
    attempt.expect(expected, *case, tolerance=slack)
