"""The checks of the chapter on integer inference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .parts.attempt import Attempt

ROUNDING = 1e-9  # relative, of float64; a fault misses by far more
ONE_STEP = 1  # of a code: float32 and float64 products may part at ties


def hold_within(function: Callable) -> None:
    """Check a multiplier as q / 2**shift, 2**(bits - 1) <= q < 2**bits.

    function : (multiplier, bits) -> q, shift, both integers of multiplier's
        shape; multiplier is (channels,) float64, > 0
    """
    attempt = Attempt(function, "multiplier", "bits")

    def held(values: list[float], bits: int) -> tuple[np.ndarray, np.ndarray]:
        multiplier = np.array(values)
        shape = multiplier.shape
        parts = attempt.call_for(("q", "shift"), multiplier, bits)
        q, shift = (attempt.require_form(part, shape) for part in parts)
        for name, part in (("q", q), ("shift", shift)):
            if (part != np.rint(part)).any():
                attempt.fail(f"{name} of whole numbers", str(part))
        return q, shift

    def expect(values: list[float], bits: int) -> None:
        q, shift = held(values, bits)
        error = np.abs(q * 2.0 ** -shift.astype(np.float64) / values - 1)
        # q >= 2**(bits - 1) is off by half at most
        if not (error <= 2.0**-bits * (1 + ROUNDING)).all():
            most = f"an error of at most 1 in {2**bits}"
            attempt.fail(most, f"{error.max():.3g}")
        low, high = 2 ** (bits - 1), 2**bits - 1
        if not ((q >= low) & (q <= high)).all():
            attempt.fail(f"q from {low} to {high}", str(q))

    rng = np.random.default_rng(0)
    with attempt.must("q and shift are whole numbers, one for each channel"):
        held([0.5, 0.3, 0.0123], 7)
    with attempt.must(
        "q / 2**shift is the nearest such number",
        "np.frexp says m = mantissa * 2**exponent.",
    ):
        for bits in (4, 7, 15):
            expect([0.5, 0.3, 0.0123, 0.00217, 1.5, 6.0], bits)
    with attempt.must(
        "q has as many bits as it may have, and no more",
        "0.999 in 4 bits is 16 / 16, and 16 has five bits.",
    ):
        for bits in (4, 7, 15):
            expect([0.9999999, 0.2499999999, 3.9999999, 0.75], bits)
        expect((2.0 ** rng.uniform(-12, 3, 500)).tolist(), 4)


def fold(function: Callable) -> None:
    """Check a batch normalization, folded into a convolution.

    function : (weight, bias, gamma, beta, mean, var, eps) -> weight, bias;
        weight is (outputs, inner, rows, cols), the others are (outputs,), all
        float64; eps is a number
    """
    names = ("weight", "bias", "gamma", "beta", "mean", "var", "eps")
    attempt = Attempt(function, *names)

    def expect(*, eps: float = 1e-5, **given: np.ndarray) -> None:
        numbers = _normalized() | given
        weight, bias, gamma, beta, mean, var = (numbers[x] for x in names[:-1])
        parts = attempt.call_for(("weight", "bias"), *numbers.values(), eps)
        factor = gamma / np.sqrt(var + eps)
        wanted = (
            weight * factor[:, np.newaxis, np.newaxis, np.newaxis],
            (bias - mean) * factor + beta,
        )
        for part, right in zip(parts, wanted, strict=True):
            got = attempt.require_form(part, right.shape)
            slack = ROUNDING * np.abs(right) + 1e-12
            attempt.require_close(got, right, slack)

    zero = np.zeros(4)
    with attempt.must(
        "without a mean and a bias, channels are scaled",
        "A channel is one row of weight, of the first axis.",
    ):
        expect(bias=zero, mean=zero, beta=zero, var=np.full(4, 3.0), eps=0.0)
    with attempt.must("the shift of the normalization becomes the bias"):
        expect(bias=zero, var=np.full(4, 3.0), eps=0.0)
    with attempt.must(
        "a bias that the convolution has is kept",
        "The mean was measured on what comes out, the bias included.",
    ):
        expect(eps=0.0)
    with attempt.must(
        "epsilon is added to the variance, inside the root",
        "With a variance of almost 0, it is epsilon that decides.",
    ):
        expect()
        expect(var=np.array([1e-12, 0.0, 1e-5, 1.0]), eps=1e-3)


def int8_lenet(function: Callable) -> None:
    """Check a network of linear layers on codes.

    function : (images, layers) -> codes of the logits, (n, classes) uint8;
        images is (n, 784) float32 in steps of 1/255, a layer is (weight, bias,
        multiplier, zero_point)
    """
    attempt = Attempt(function, "images", "layers")
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (6, 784))
    images = (pixels / 255).astype(np.float32)
    plain = _layer(rng, 784, 10, bias=0, zero_point=0)

    def expect(*layers: tuple, given: np.ndarray = images) -> None:
        wanted = _codes(np.rint(given * 255.0).astype(np.int64), layers)
        attempt.expect(wanted, given, list(layers), tolerance=ONE_STEP)

    with attempt.must("the result is uint8, one code for each class"):
        got = attempt.call(images, [plain])
        attempt.require_form(got, (6, 10), np.uint8)
    with attempt.must(
        "white pixels have the code 255, black ones 0",
        "A cast of 0.7 to uint8 is 0: to what is a pixel a multiple of?",
    ):
        weight = np.zeros((3, 784), np.int8)
        weight[:, 0] = 1
        alone = np.zeros((3, 784), np.float32)
        alone[:, 0] = 0, 102 / 255, 1
        ones = np.ones(3, np.float32) / 2
        one = (weight, np.zeros(3, np.int32), ones, 0)
        expect(one, given=alone)
    with attempt.must(
        "codes below 0 and beyond 255 saturate",
        "Clip while the numbers are still wide, and cast after that.",
    ):
        expect(plain)
    with attempt.must("the bias is added once, before the multiplication"):
        expect(_layer(rng, 784, 10, bias=20_000, zero_point=0))
    with attempt.must(
        "the zero point is added before codes saturate",
        "Logits can be negative: their 0 has a code of its own.",
    ):
        expect(_layer(rng, 784, 10, bias=20_000, zero_point=130))
    with attempt.must("what one layer gives, the next one reads"):
        hidden = _layer(rng, 784, 30, bias=20_000, zero_point=0)
        expect(hidden, _layer(rng, 30, 10, bias=2_000, zero_point=120))


def _codes(x: np.ndarray, layers: tuple) -> np.ndarray:
    """Return the codes of the logits, by integers and float64."""
    for weight, bias, multiplier, zero_point in layers:
        acc = x @ weight.T.astype(np.int64) + bias
        scaled = np.rint(acc * multiplier.astype(np.float64))
        x = (scaled + zero_point).clip(0, 255).astype(np.int64)
    return x.astype(np.uint8)


def _layer(
    rng: np.random.Generator,
    inner: int,
    outputs: int,
    *,
    bias: int,
    zero_point: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Draw a layer whose codes reach both ends of a byte, and beyond."""
    weight = rng.integers(-127, 128, (outputs, inner)).astype(np.int8)
    biases = rng.integers(-bias - 1, bias + 1, outputs).astype(np.int32)
    spread = 150 * 73 * np.sqrt(inner)  # of sums: of codes, weights, terms
    multiplier = rng.uniform(80, 160, outputs) / spread
    return weight, biases, multiplier.astype(np.float32), zero_point


def _normalized() -> dict[str, np.ndarray]:
    """Draw a convolution and the normalization that follows it."""
    rng = np.random.default_rng(1)
    return {
        "weight": rng.normal(size=(4, 2, 3, 3)),
        "bias": rng.normal(size=4),
        "gamma": rng.uniform(0.5, 2, 4),
        "beta": rng.normal(size=4),
        "mean": rng.normal(size=4),
        "var": rng.uniform(0.5, 2, 4),
    }
