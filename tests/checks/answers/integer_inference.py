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


BEFORE = "with z = 0 and m = 0.7003, codes are as they were"
OUTSIDE = "outside of the row is real 0"
EXPONENT = "the multiplier keeps its exponent"


def in_fixed_point(x, w, z, m, *, pad, lost=0):
    """Return the codes; the shift is too small by what is lost."""
    acc = np.correlate(
        np.pad(x - float(z), len(w) // 2, constant_values=pad), w
    )
    mantissa, exponent = math.frexp(m)
    shift = 31 - exponent - lost
    scaled = acc.astype(np.int64) * round(mantissa * 2**31)
    return np.clip((scaled + (1 << (shift - 1))) >> shift, 0, 255).astype("u1")


@wrong(checks.slide, BEFORE)
def turned_around(x, w, z, m):
    # np.convolve reverses the weights
    acc = np.convolve(x - float(z), w, "same")
    return np.rint(acc * m).clip(0, 255).astype(np.uint8)


@wrong(checks.slide, BEFORE)
def sums_dropped_not_rounded(x, w, z, m):
    acc = np.correlate(x - float(z), w, "same")
    return np.floor(acc * m).clip(0, 255).astype(np.uint8)


@wrong(checks.slide, OUTSIDE)
def padded_with_code_0(x, w, z, m):
    # one of the two bugs
    return in_fixed_point(x, w, z, m, pad=-z)


@wrong(checks.slide, OUTSIDE)
def padded_with_the_zero_point_twice(x, w, z, m):
    # z is taken off already
    return in_fixed_point(x, w, z, m, pad=z)


@wrong(checks.slide, EXPONENT)
def multiplier_without_its_exponent(x, w, z, m):
    # the other bug
    return in_fixed_point(x, w, z, m, pad=0, lost=-math.frexp(m)[1])


@wrong(checks.slide, EXPONENT)
def exponent_in_the_wrong_direction(x, w, z, m):
    return in_fixed_point(x, w, z, m, pad=0, lost=-2 * math.frexp(m)[1])


@right(checks.slide)
def by_a_sum_of_zero_points(x, w, z, m):
    # codes are padded with z, and z * sum(w) is subtracted from the sums
    padded = np.pad(x, len(w) // 2, constant_values=z).astype(int)
    acc = np.correlate(padded, w.astype(int)) - z * w.astype(int).sum()
    return [int(np.clip(round(int(one) * m), 0, 255)) for one in acc]


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
STEPS = "the bias is counted in steps of the sums"
ONCE = "the bias is added once, before the multiplication"
ZERO = "the zero point is added before codes saturate"
WIDENED = "a range without 0 is widened, or its zero point is no code"
CHAIN = "what one layer gives, the next one reads"


def saturated(codes, zero_point):
    return np.clip(codes + zero_point, 0, 255).astype(np.uint8)


def to_sums(bias, sums, s_y):
    return np.rint(bias / sums)


def lenet(
    images,
    layers,
    *,
    finish=saturated,
    steps_of=to_sums,
    pixels=None,
    widen=True,
):
    """Run layers; finish makes codes of scaled sums and a zero point."""
    x = np.rint(images * 255).astype(np.uint8) if pixels is None else pixels
    s_x = 1 / 255
    for weight, bias, w_scale, low, high in layers:
        least = min(low, 0) if widen else low
        s_y = (high - least) / 255
        zero_point = np.clip(np.rint(-least / s_y), 0, 255)
        acc = x.astype(np.int32) @ weight.T.astype(np.int32)
        acc = acc + steps_of(bias, s_x * w_scale, s_y)
        x = finish(np.rint(acc * (s_x * w_scale / s_y)), zero_point)
        s_x = s_y
    return x


@right(checks.int8_lenet)
def numbers_of_the_codes(images, layers):
    # wide to the end
    return lenet(
        images, layers, finish=lambda x, z: np.clip(x + z, 0, 255).astype(int)
    )


@wrong(checks.int8_lenet, FORM)
def classes_in_place_of_codes(images, layers):
    # what a network is asked for in the end, not here
    return lenet(images, layers).argmax(axis=1)


@wrong(checks.int8_lenet, PIXELS)
def cast_pixels(images, layers):
    # the first of the five bugs
    return lenet(images, layers, pixels=images.astype(np.uint8))


@wrong(checks.int8_lenet, SATURATE)
def cast_before_clamp(images, layers):
    # another: a byte wraps around
    def finish(codes, zero_point):
        wide = codes.astype(np.int64) + zero_point.astype(np.int64)
        return wide.astype(np.uint8).clip(0, 255)

    return lenet(images, layers, finish=finish)


@wrong(checks.int8_lenet, STEPS)
def bias_in_steps_of_outputs(images, layers):
    # another: nearly lost
    return lenet(
        images, layers, steps_of=lambda bias, sums, s_y: np.rint(bias / s_y)
    )


@wrong(checks.int8_lenet, STEPS)
def bias_without_the_weights_step(images, layers):
    return lenet(
        images,
        layers,
        steps_of=lambda bias, sums, s_y: np.rint(bias / (sums / 0.01)),
    )


@wrong(checks.int8_lenet, ONCE)
def bias_twice(images, layers):
    # another
    return lenet(images, layers, steps_of=lambda *given: 2 * to_sums(*given))


@wrong(checks.int8_lenet, ZERO)
def relu_on_all(images, layers):
    # right for hidden layers, and cuts off half of the logits
    def finish(codes, zero_point):
        return saturated(np.maximum(codes, 0), zero_point)

    return lenet(images, layers, finish=finish)


@wrong(checks.int8_lenet, WIDENED)
def zero_point_clipped(images, layers):
    # the last of the five: the range is taken as it is
    return lenet(images, layers, widen=False)


@wrong(checks.int8_lenet, CHAIN)
def only_the_last(images, layers):
    # every layer reads the pixels
    return lenet(images, layers[-1:])


@wrong(checks.int8_lenet, CHAIN)
def always_the_step_of_the_pixels(images, layers):
    codes = images
    for layer in layers:  # quantizes codes as if they were pixels
        codes = lenet(codes / np.float32(codes.max()), [layer])
    return codes


@right(checks.int8_lenet)
def in_float64(images, layers):
    # the sums stand for reals: exact in float64
    x, s_x = np.rint(np.asarray(images, np.float64) * 255), 1 / 255
    for weight, bias, w_scale, low, high in layers:
        ends = np.array([low, high, 0.0])
        s_y = (ends.max() - ends.min()) / 255
        y = (s_x * x) @ (w_scale * weight.T.astype(float)) + bias
        x = np.clip(np.rint(y / s_y) + np.rint(-ends.min() / s_y), 0, 255)
        s_x = s_y
    return x.astype(np.uint8)
