"""Answers to the exercises of book/integer_inference.md."""

import math

import numpy as np

from mini_compress.checks import integer_inference as checks
from tests.checks.answers import right, wrong

WHOLE = "q and shift are whole numbers, one for each channel"
NEAREST = "q / 2**shift is the nearest such number"
BITS = "q has as many bits as it may have, and no more"


@wrong(checks.hold_within, WHOLE)
def never_rounded(multiplier, bits):
    # the mantissa, scaled, is still a float
    mantissa, exponent = np.frexp(multiplier)
    return mantissa * 2.0**bits, bits - exponent


@wrong(checks.hold_within, NEAREST)
def without_the_shift(multiplier, bits):
    # the multiplier loses its shift: right for 0.5 to 1
    mantissa, _ = np.frexp(multiplier)
    q = np.rint(mantissa * 2.0**bits).astype(np.int64)
    return q, np.full(q.shape, bits)


@wrong(checks.hold_within, NEAREST)
def cut_off(multiplier, bits):
    # rounds down: off by up to a whole step
    mantissa, exponent = np.frexp(multiplier)
    return (mantissa * 2.0**bits).astype(np.int64), bits - exponent


@wrong(checks.hold_within, BITS)
def as_printed(multiplier, bits):
    # the bug: a mantissa that rounds up to 1
    mantissa, exponent = np.frexp(multiplier)
    q = np.rint(mantissa * 2.0**bits).astype(np.int64)
    return q, bits - exponent.astype(np.int64)


@wrong(checks.hold_within, BITS)
def halved_but_not_shifted(multiplier, bits):
    # q is in its range again, and the number is half of what it was
    mantissa, exponent = np.frexp(multiplier)
    q = np.rint(mantissa * 2.0**bits).astype(np.int64)
    return np.where(q == 2**bits, q // 2, q), bits - exponent


@right(checks.hold_within)
def by_logarithms(multiplier, bits):
    # one by one, in Python's numbers
    found = []
    for m in multiplier:
        shift = bits - 1 - math.floor(math.log2(m))
        if round(m * 2.0**shift) == 2**bits:
            shift -= 1
        found.append((round(m * 2.0**shift), shift))
    q, shift = zip(*found, strict=True)
    return list(q), list(shift)


SCALED = "without a mean and a bias, channels are scaled"
SHIFT = "the shift of the normalization becomes the bias"
KEPT = "a bias that the convolution has is kept"
EPSILON = "epsilon is added to the variance, inside the root"


@wrong(checks.fold, SCALED)
def along_the_wrong_axis(weight, bias, gamma, beta, mean, var, eps):
    # scales columns of the filter
    factor = gamma / np.sqrt(var + eps)
    return weight * factor[:3], beta + (bias - mean) * factor


@wrong(checks.fold, SHIFT)
def mean_not_scaled(weight, bias, gamma, beta, mean, var, eps):
    # the mean is subtracted before the division
    factor = gamma / np.sqrt(var + eps)
    return weight * factor.reshape(-1, 1, 1, 1), beta + bias * factor - mean


@wrong(checks.fold, KEPT)
def bias_dropped(weight, bias, gamma, beta, mean, var, eps):
    # one of the two bugs
    factor = gamma / np.sqrt(var + eps)
    return weight * factor.reshape(-1, 1, 1, 1), beta - mean * factor


@wrong(checks.fold, KEPT)
def bias_not_scaled(weight, bias, gamma, beta, mean, var, eps):
    # the convolution's bias goes through the normalization, too
    factor = gamma / np.sqrt(var + eps)
    return weight * factor.reshape(-1, 1, 1, 1), bias + beta - mean * factor


@wrong(checks.fold, EPSILON)
def epsilon_forgotten(weight, bias, gamma, beta, mean, var, eps):
    # the other bug; 1 in place of a variance of 0 hides the infinity
    factor = gamma / np.sqrt(np.where(var == 0, 1, var))
    return weight * factor.reshape(-1, 1, 1, 1), beta + (bias - mean) * factor


@wrong(checks.fold, EPSILON)
def epsilon_outside(weight, bias, gamma, beta, mean, var, eps):
    # added to the root
    factor = gamma / (np.sqrt(var) + eps)
    return weight * factor.reshape(-1, 1, 1, 1), beta + (bias - mean) * factor


@right(checks.fold)
def by_einsum(weight, bias, gamma, beta, mean, var, eps):
    factor = gamma * (var + eps) ** -0.5
    return np.einsum("o,oirc->oirc", factor, weight), factor * bias + (
        beta - factor * mean
    )


FORM = "the result is uint8, one code for each class"
PIXELS = "white pixels have the code 255, black ones 0"
SATURATE = "codes below 0 and beyond 255 saturate"
ONCE = "the bias is added once, before the multiplication"
ZERO = "the zero point is added before codes saturate"
CHAIN = "what one layer gives, the next one reads"


def lenet(images, layers, *, finish, pixels=None, bias_of=lambda b: b):
    """Run layers; finish makes codes of scaled sums and a zero point."""
    x = np.rint(images * 255).astype(np.uint8) if pixels is None else pixels
    for weight, bias, multiplier, zero_point in layers:
        acc = x.astype(np.int32) @ weight.T.astype(np.int32) + bias_of(bias)
        x = finish(np.rint(acc * multiplier), zero_point)
    return x


def saturated(codes, zero_point):
    return np.clip(codes + zero_point, 0, 255).astype(np.uint8)


@wrong(checks.int8_lenet, FORM)
def numbers_of_the_codes(images, layers):
    # wide to the end
    return lenet(
        images, layers, finish=lambda x, z: np.clip(x + z, 0, 255).astype(int)
    )


@wrong(checks.int8_lenet, PIXELS)
def cast_pixels(images, layers):
    # the first of the three bugs
    pixels = images.astype(np.uint8)
    return lenet(images, layers, finish=saturated, pixels=pixels)


@wrong(checks.int8_lenet, SATURATE)
def cast_before_clamp(images, layers):
    # the second: a byte wraps around
    def finish(codes, zero_point):
        wide = codes.astype(np.int64) + zero_point
        return wide.astype(np.uint8).clip(0, 255)

    return lenet(images, layers, finish=finish)


@wrong(checks.int8_lenet, ONCE)
def bias_twice(images, layers):
    # the third
    return lenet(images, layers, finish=saturated, bias_of=lambda b: b + b)


@wrong(checks.int8_lenet, ZERO)
def relu_on_all(images, layers):
    # right for hidden layers, and cuts off half of the logits
    def finish(codes, zero_point):
        return np.clip(np.maximum(codes, 0) + zero_point, 0, 255).astype(
            np.uint8
        )

    return lenet(images, layers, finish=finish)


@wrong(checks.int8_lenet, CHAIN)
def only_the_last(images, layers):
    # every layer reads the pixels
    return lenet(images, layers[-1:], finish=saturated)


@right(checks.int8_lenet)
def in_float64(images, layers):
    # sums of codes are exact in float64
    x = np.rint(np.asarray(images, np.float64) * 255)
    for weight, bias, multiplier, zero_point in layers:
        y = np.rint((x @ weight.T.astype(float) + bias) * multiplier)
        x = np.clip(y + zero_point, 0, 255)
    return x.astype(np.uint8)
