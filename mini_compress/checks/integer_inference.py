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


def slide(function: Callable) -> None:
    """Check a layer of one row, padded, its sums multiplied in integers.

    function : (x, w, z, m) -> codes, (n,) uint8; x is (n,) uint8 with zero
        point z, w (taps,) int8, taps odd, m a number, 0 < m < 1
    """
    attempt = Attempt(function, "x", "w", "z", "m")
    rng = np.random.default_rng(0)
    w = np.array([1, -2, 2, 1, -1], np.int8)  # few sums leave the codes

    def expect(z: int, m: float) -> None:
        x = rng.integers(0, 256, 40).astype(np.uint8)
        reals = np.pad(x.astype(np.float64) - z, len(w) // 2)
        codes = np.rint(np.correlate(reals, w) * m).clip(0, 255)
        attempt.expect(codes.astype(np.uint8), x, w, z, m)

    with attempt.must("with z = 0 and m = 0.7003, codes are as they were"):
        expect(0, 0.7003)  # no sum of these is a tie
    with attempt.must(
        "outside of the row is real 0",
        "x is padded before z is subtracted: that 0 becomes -z.",
    ):
        for z in (100, 255):
            expect(z, 0.7003)
    with attempt.must(
        "the multiplier keeps its exponent",
        "np.frexp says m = mantissa * 2**exponent: both belong to m.",
    ):
        for m in (0.3007, 0.0123, 0.00217):
            expect(0, m)
            expect(100, m)


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
    """Check a network of linear layers on codes, made of a float one.

    function : (images, layers) -> codes of the logits, (n, classes) uint8;
        images is (n, 784) float32 in steps of 1/255, a layer is (weight, bias,
        w_scale, low, high): int8 (outputs, inner), float32 (outputs,), numbers
    """
    attempt = Attempt(function, "images", "layers")
    rng = np.random.default_rng(0)
    images = (rng.integers(0, 256, (6, 784)) / 255).astype(np.float32)
    plain = _layer(rng, 784, 10, bias=0)

    def expect(*layers: tuple, given: np.ndarray = images) -> None:
        wanted = _codes(given, layers)
        attempt.expect(wanted, given, list(layers), tolerance=ONE_STEP)

    with attempt.must("the result is uint8, one code for each class"):
        got = attempt.call(images, [plain])
        attempt.require_form(got, (6, 10), np.uint8)
    with attempt.must(
        "white pixels have the code 255, black ones 0",
        "A cast of 0.7 to uint8 is 0: to what is a pixel a multiple of?",
    ):
        weight = np.zeros((3, 784), np.int8)
        weight[:, 0] = 100
        alone = np.zeros((3, 784), np.float32)
        alone[:, 0] = 0, 102 / 255, 1
        one = (weight, np.zeros(3, np.float32), 0.01, 0.0, 2.0)
        expect(one, given=alone)
    with attempt.must(
        "codes below 0 and beyond 255 saturate",
        "Clip while the numbers are still wide, and cast after that.",
    ):
        expect(plain)
    with attempt.must(
        "the bias is counted in steps of the sums",
        "A sum of products of codes is in steps of s_x * w_scale.",
    ):
        weight, bias, w_scale, low, high = plain
        expect((0 * weight, bias + 3 * high, w_scale, low, high))
    with attempt.must("the bias is added once, before the multiplication"):
        expect(_layer(rng, 784, 10, bias=1))
    with attempt.must(
        "the zero point is added before codes saturate",
        "Logits can be negative: their 0 has a code of its own.",
    ):
        expect(_layer(rng, 784, 10, bias=1, low=-1))
    with attempt.must(
        "a range without 0 is widened, or its zero point is no code",
        "From 1 to 3, 0 would have the code -128. Clipped to 0, all codes are "
        "128 too large, and mean other numbers.",
    ):
        expect(_layer(rng, 784, 10, bias=1, low=0.4))
    with attempt.must("what one layer gives, the next one reads"):
        hidden = _layer(rng, 784, 30, bias=1)
        expect(hidden, _layer(rng, 30, 10, bias=1, low=-1, read=hidden[-1]))


def _codes(images: np.ndarray, layers: tuple) -> np.ndarray:
    """Return the codes of the logits, by integers and float64."""
    x, x_scale = np.rint(images * 255.0).astype(np.int64), 1 / 255
    for weight, bias, w_scale, low, high in layers:
        y_scale = (max(high, 0) - min(low, 0)) / 255
        sums = x_scale * w_scale
        acc = x @ weight.T.astype(np.int64) + np.rint(bias / sums)
        zero_point = np.rint(-min(low, 0) / y_scale)
        codes = np.rint(acc * (sums / y_scale)) + zero_point
        x, x_scale = codes.clip(0, 255).astype(np.int64), y_scale
    return x.astype(np.uint8)


def _layer(
    rng: np.random.Generator,
    inner: int,
    outputs: int,
    *,
    bias: float,
    low: float = 0,
    read: float = 1,
) -> tuple[np.ndarray, np.ndarray, float, float, float]:
    """Draw a layer whose codes reach both ends of a byte, and beyond.

    bias, low : over a typical sum without bias
    read : the largest number that the layer reads
    """
    weight = rng.integers(-127, 128, (outputs, inner)).astype(np.int8)
    w_scale = 0.01
    typical = read / 2 * 73 * w_scale * np.sqrt(inner)  # of inputs, codes
    biases = rng.uniform(-bias, bias, outputs) * typical
    ends = low * typical, typical
    return weight, biases.astype(np.float32), w_scale, *map(float, ends)


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
