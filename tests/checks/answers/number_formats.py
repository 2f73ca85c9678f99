"""Answers to the exercises of book/number_formats.md."""

import ml_dtypes
import numpy as np

from mini_compress.checks import number_formats as checks
from tests.checks.answers import right, wrong

FORM = "codes are int8, and each row has a scale in float32"
SCALE = "a scale is the largest weight over 127, in bfloat16"
SIGN = "the largest weight keeps its sign"
STEP = "no weight is off by more than half a step"


def bf16(x):
    # the upper 16 bits, rounded half to even
    bits = np.asarray(x, np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + (bits >> 16 & 1)
    return (rounded & np.uint32(0xFFFF0000)).view(np.float32)


def scale_of(weight):
    return bf16(np.abs(weight).max(axis=1, keepdims=True) / 127)


@wrong(checks.quantize_rows, FORM)
def codes_in_float(weight):
    # nothing is stored in 8 bits yet
    scale = scale_of(weight)
    return np.rint(weight / scale), scale


@wrong(checks.quantize_rows, FORM)
def one_scale(weight):
    # of the whole matrix
    scale = bf16([[np.abs(weight).max() / 127]])
    return np.rint(weight / scale).astype(np.int8), scale


@wrong(checks.quantize_rows, SCALE)
def scale_in_float32(weight):
    # the overflow is gone, and so is the format of the file
    scale = np.abs(weight).max(axis=1, keepdims=True) / np.float32(127)
    return np.rint(weight / scale).astype(np.int8), scale


@wrong(checks.quantize_rows, SCALE)
def scale_of_128(weight):
    # one step more, to be on the safe side
    scale = bf16(np.abs(weight).max(axis=1, keepdims=True) / 128)
    return np.rint(weight / scale).clip(-127, 127).astype(np.int8), scale


@wrong(checks.quantize_rows, SIGN)
def as_in_the_course(weight):
    # DeepLearning.AI, Quantization in Depth
    scale = scale_of(weight)
    codes = np.rint(bf16(weight / scale))
    return codes.astype(np.int32).astype(np.int8), scale


@wrong(checks.quantize_rows, STEP)
def clipped_only(weight):
    # the sign is right, and many weights are off by up to a step
    scale = scale_of(weight)
    codes = np.rint(bf16(weight / scale)).clip(-127, 127)
    return codes.astype(np.int8), scale


@wrong(checks.quantize_rows, STEP)
def towards_zero(weight):
    # astype cuts the fraction off
    scale = scale_of(weight)
    return (weight / scale).astype(np.int8), scale


@right(checks.quantize_rows)
def in_float64(weight):
    largest = np.abs(weight).max(axis=1, keepdims=True)
    scale = (largest / 127).astype(ml_dtypes.bfloat16).astype(np.float32)
    codes = np.floor(weight.astype(float) / scale + 0.5)
    return np.minimum(codes, 127).astype(np.int8), scale


SHAPE = "weights are float32, and as many as there are levels"
ONCE = "each level is multiplied by its block's scale, once"
GROUPS = "each 256 blocks have a step of their own"


@wrong(checks.decode_nested, SHAPE)
def scales_alone(levels, scale_codes, steps, mean):
    # the weights are forgotten
    return (steps[0] * scale_codes + np.float32(mean)).astype(np.float32)


@wrong(checks.decode_nested, ONCE)
def step_twice(levels, scale_codes, steps, mean):
    # the first of the two bugs
    step = steps[np.arange(len(scale_codes)) // 256, np.newaxis]
    scales = step * scale_codes[:, np.newaxis] + np.float32(mean)
    return levels * scales * step


@wrong(checks.decode_nested, ONCE)
def mean_in_steps(levels, scale_codes, steps, mean):
    # the mean is a scale, not a code
    step = steps[np.arange(len(scale_codes)) // 256]
    return levels * (step * (scale_codes + np.float32(mean)))[:, np.newaxis]


@wrong(checks.decode_nested, ONCE)
def no_mean(levels, scale_codes, steps, mean):
    # scales would be negative
    step = steps[np.arange(len(scale_codes)) // 256]
    return levels * (step * scale_codes)[:, np.newaxis]


@wrong(checks.decode_nested, GROUPS)
def first_step_for_all(levels, scale_codes, steps, mean):
    # the second of the two bugs, as in Model Optimizer's pull request 2421
    scales = steps[0] * scale_codes + np.float32(mean)
    return levels * scales[:, np.newaxis]


@wrong(checks.decode_nested, GROUPS)
def steps_in_turn(levels, scale_codes, steps, mean):
    # block i has step i % groups
    step = np.resize(steps, len(scale_codes))
    return levels * (step * scale_codes + np.float32(mean))[:, np.newaxis]


@right(checks.decode_nested)
def group_by_group(levels, scale_codes, steps, mean):
    out = levels.copy()
    for i, step in enumerate(steps):
        part = slice(256 * i, 256 * (i + 1))
        scales = np.float32(step) * scale_codes[part] + np.float32(mean)
        out[part] *= scales[:, None]
    return out
