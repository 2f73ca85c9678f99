"""Answers to the exercises of book/uniform_quantization.md."""

import numpy as np
import torch
from torch import nn

from mini_compress import datasets, zoo
from mini_compress.checks import uniform_quantization as checks
from mini_compress.kernels.integer import linear_int8
from mini_compress.quantization import quantize_weights
from mini_compress.training import evaluate
from tests.checks.answers import right, wrong

CODES = "codes are int8 and have the shape of x"
NEAREST = "values go to the nearest code"
TIES = "ties go to the even neighbor"
ZERO_POINT = "the zero point is added after rounding"
SATURATE = "codes beyond the range saturate"
ENDS = "quant_min and quant_max are the ends of the range"
ANY_SCALE = "any scale will do"


@wrong(checks.quantize, CODES)
def codes_in_float(x, scale, zero_point, quant_min, quant_max):
    # TinyTorch, module 15: int8 is simulated in a float32 tensor
    return np.clip(np.rint(x / scale) + zero_point, quant_min, quant_max)


@wrong(checks.quantize, CODES)
def unsigned_codes(x, scale, zero_point, quant_min, quant_max):
    # torch's observers: quint8 unless told otherwise
    codes = np.clip(np.rint(x / scale) + zero_point, quant_min, quant_max)
    return codes.astype(np.uint8)


@wrong(checks.quantize, CODES)
def codes_in_a_row(x, scale, zero_point, quant_min, quant_max):
    # the loop over x.flat, and then no reshape
    codes = [
        np.clip(round(float(value / scale)) + zero_point, quant_min, quant_max)
        for value in x.flat
    ]
    return np.array(codes, np.int8)


@wrong(checks.quantize, CODES)
def dequantized(x, scale, zero_point, quant_min, quant_max):
    # "fake quantization" of torch and TinyTorch: back in real numbers
    codes = np.clip(np.rint(x / scale) + zero_point, quant_min, quant_max)
    return ((codes - zero_point) * scale).astype(np.float32)


@wrong(checks.quantize, CODES)
def divided_in_place(x, scale, zero_point, quant_min, quant_max):
    # in place, as is common in torch: the caller's x is gone
    x /= scale
    codes = np.clip(np.rint(x) + zero_point, quant_min, quant_max)
    return codes.astype(np.int8)


@wrong(checks.quantize, NEAREST)
def truncated(x, scale, zero_point, quant_min, quant_max):
    # the book, "Rounding by truncation"
    codes = (x / scale).astype(np.int64) + zero_point
    return np.clip(codes, quant_min, quant_max).astype(np.int8)


@wrong(checks.quantize, NEAREST)
def floored(x, scale, zero_point, quant_min, quant_max):
    # integer division
    codes = x // scale + zero_point
    return np.clip(codes, quant_min, quant_max).astype(np.int8)


@wrong(checks.quantize, TIES)
def half_up(x, scale, zero_point, quant_min, quant_max):
    # LiteRT's requantization: (value + 2**(shift - 1)) >> shift
    codes = np.floor(x / scale + 0.5) + zero_point
    return np.clip(codes, quant_min, quant_max).astype(np.int8)


@wrong(checks.quantize, TIES)
def half_away_from_zero(x, scale, zero_point, quant_min, quant_max):
    # GGUF's Q8_0, and std::round in gemmlowp's example
    codes = np.sign(x) * np.floor(np.abs(x / scale) + 0.5) + zero_point
    return np.clip(codes, quant_min, quant_max).astype(np.int8)


@wrong(checks.quantize, ZERO_POINT)
def zero_point_before_rounding(x, scale, zero_point, quant_min, quant_max):
    # torch.quantize_per_tensor; onnx.reference's QLinearMatMul
    codes = np.rint(x / scale + zero_point)
    return np.clip(codes, quant_min, quant_max).astype(np.int8)


@wrong(checks.quantize, ZERO_POINT)
def zero_point_subtracted(x, scale, zero_point, quant_min, quant_max):
    # the sign of the inverse map
    codes = np.rint(x / scale) - zero_point
    return np.clip(codes, quant_min, quant_max).astype(np.int8)


@wrong(checks.quantize, SATURATE)
def cast_before_clip(x, scale, zero_point, quant_min, quant_max):
    # MIT 6.5940, lab 2: the given code casts to int8, and then clamps
    codes = np.rint(x / scale).astype(np.int64).astype(np.int8)
    codes = codes.astype(np.int64) + zero_point
    return np.clip(codes, quant_min, quant_max).astype(np.int8)


@wrong(checks.quantize, SATURATE)
def never_clipped(x, scale, zero_point, quant_min, quant_max):
    # DeepLearning.AI, Quantization in Depth: round, then .to(torch.int8)
    codes = np.rint(x / scale) + zero_point
    return codes.astype(np.int64).astype(np.int8)


@wrong(checks.quantize, SATURATE)
def cast_to_int32_before_clip(x, scale, zero_point, quant_min, quant_max):
    # the same bug with more room: 1e10 is beyond int32, too
    codes = np.rint(x / scale).astype(np.int64).astype(np.int32) + zero_point
    return np.clip(codes, quant_min, quant_max).astype(np.int8)


@wrong(checks.quantize, SATURATE)
def clipped_before_the_zero_point(x, scale, zero_point, quant_min, quant_max):
    # clamp of the rounded value, to which the zero point is added
    codes = np.clip(np.rint(x / scale), quant_min, quant_max) + zero_point
    return codes.astype(np.int64).astype(np.int8)


@wrong(checks.quantize, ENDS)
def range_of_the_type(x, scale, zero_point, quant_min, quant_max):
    # narrow range ignored: torch.iinfo(torch.int8) in place of the arguments
    codes = np.rint(x / scale) + zero_point
    return np.clip(codes, -128, 127).astype(np.int8)


@wrong(checks.quantize, ENDS)
def highest_code_left_out(x, scale, zero_point, quant_min, quant_max):
    # range(quant_min, quant_max) does not hold quant_max; int8 fits all ends
    last = quant_max if quant_max == 127 else quant_max - 1
    codes = np.rint(x / scale) + zero_point
    return np.clip(codes, quant_min, last).astype(np.int8)


@wrong(checks.quantize, ANY_SCALE)
def scale_in_bfloat16(x, scale, zero_point, quant_min, quant_max):
    # DeepLearning.AI, Quantization in Depth: the scale in the weight's dtype
    scale = torch.tensor(scale, dtype=torch.bfloat16).item()
    codes = np.rint(x / scale) + zero_point
    return np.clip(codes, quant_min, quant_max).astype(np.int8)


@right(checks.quantize)
def by_the_reciprocal(x, scale, zero_point, quant_min, quant_max):
    codes = np.round(x.astype(np.float64) * (1 / scale)) + zero_point
    return np.minimum(np.maximum(codes, quant_min), quant_max).astype("int8")


@right(checks.quantize)
def by_loops(x, scale, zero_point, quant_min, quant_max):
    print("debugging output does no harm")
    codes = np.empty_like(x, np.int8)
    for index, value in np.ndenumerate(x):
        code = round(float(value) / scale) + zero_point
        codes[index] = min(max(code, quant_min), quant_max)
    return codes


@right(checks.quantize)
def by_torch(x, scale, zero_point, quant_min, quant_max):
    codes = torch.round(torch.from_numpy(x) / scale).add_(zero_point)
    return codes.clamp_(quant_min, quant_max).to(torch.int8).numpy()


SCALES = "scales are float32, one for each row, of shape (outputs, 1)"
LARGEST = "the largest magnitude of each row gets the code 127"
FEWER_BITS = "with fewer bits the largest code is 2**(bits - 1) - 1"
ZERO_ROW = "a row of zeros has scale 1, the others keep theirs"
SMALL = "small weights have small scales"


def set_ones(scale):
    return np.where(scale == 0, np.float32(1), scale.astype(np.float32))


@wrong(checks.row_scales, SCALES)
def axis_dropped(weight, bits):
    # no keepdims: then (outputs,) broadcasts along the wrong axis
    return set_ones(np.abs(weight).max(axis=1) / (2 ** (bits - 1) - 1))


@wrong(checks.row_scales, SCALES)
def scale_of_columns(weight, bits):
    # ONNX's and torch's axis=1 is numpy's reduction over axis 0
    largest = np.abs(weight).max(axis=0, keepdims=True)
    return set_ones(largest / (2 ** (bits - 1) - 1))


@wrong(checks.row_scales, SCALES)
def scale_of_the_tensor(weight, bits):
    # TinyTorch, module 15: one scale for everything
    return np.float32(np.abs(weight).max() / (2 ** (bits - 1) - 1))


@right(checks.row_scales)
def scales_in_float64(weight, bits):
    # the same numbers in twice the bytes
    scale = np.abs(weight).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
    return np.where(scale == 0, np.ones(scale.shape), scale)


@wrong(checks.row_scales, LARGEST)
def tensor_scale_for_each_row(weight, bits):
    # one scale for everything, in the shape that was asked for
    scale = np.abs(weight).max() / (2 ** (bits - 1) - 1)
    return set_ones(np.full((len(weight), 1), scale))


@wrong(checks.row_scales, LARGEST)
def largest_without_magnitude(weight, bits):
    # the maximum in place of the largest magnitude
    largest = weight.max(axis=1, keepdims=True)
    return set_ones(largest / (2 ** (bits - 1) - 1))


@wrong(checks.row_scales, LARGEST)
def full_range(weight, bits):
    # torch's MinMaxObserver and torchao's SYMMETRIC: 127.5, and +max clips
    largest = np.abs(weight).max(axis=1, keepdims=True)
    return set_ones(largest / ((2**bits - 1) / 2))


@wrong(checks.row_scales, LARGEST)
def range_of_the_lowest_code(weight, bits):
    # GGUF's Q4_0 divides by -8: the other end of the range clips
    largest = np.abs(weight).max(axis=1, keepdims=True)
    return set_ones(largest / 2 ** (bits - 1))


@wrong(checks.row_scales, LARGEST)
def asymmetric_scale(weight, bits):
    # (max - min) / (2**bits - 1), which needs a zero point
    span = np.ptp(weight, axis=1, keepdims=True)
    return set_ones(span / (2**bits - 1))


@wrong(checks.row_scales, FEWER_BITS)
def always_8_bits(weight, bits):
    # DeepLearning.AI, Quantization in Depth: torch.iinfo(torch.int8).max
    return set_ones(np.abs(weight).max(axis=1, keepdims=True) / 127)


@wrong(checks.row_scales, ZERO_ROW)
def zero_scale(weight, bits):
    # DeepLearning.AI, Quantization in Depth: 0 / 0 when it is used
    largest = np.abs(weight).max(axis=1, keepdims=True)
    return (largest / (2 ** (bits - 1) - 1)).astype(np.float32)


@wrong(checks.row_scales, ZERO_ROW)
def smallest_scale(weight, bits):
    # torch's observers: at least 2**-23, which is not what was asked for
    largest = np.abs(weight).max(axis=1, keepdims=True)
    scale = largest / (2 ** (bits - 1) - 1)
    return np.maximum(scale, 2.0**-23).astype(np.float32)


@wrong(checks.row_scales, ZERO_ROW)
def ones_if_all_are_zero(weight, bits):
    # a guard for the whole tensor, not for each row
    if not weight.any():
        return np.ones((len(weight), 1), np.float32)
    return zero_scale(weight, bits)


@wrong(checks.row_scales, SMALL)
def small_is_zero(weight, bits):
    # comparison with a threshold in place of 0
    scale = zero_scale(weight, bits)
    return np.where(scale < 1e-6, np.float32(1), scale)


@right(checks.row_scales)
def by_both_ends(weight, bits):
    steps = (1 << bits - 1) - 1
    scale = np.ones((weight.shape[0], 1), np.float32)
    for i, row in enumerate(weight):
        if np.any(row != 0):
            scale[i] = max(float(row.max()), -float(row.min())) / steps
    return scale


@right(checks.row_scales)
def by_division_with_a_warning(weight, bits):
    norm = np.linalg.norm(weight, np.inf, axis=1, keepdims=True)
    ratio = norm / norm  # 0 / 0 warns
    reciprocal = np.float32(1 / (2 ** (bits - 1) - 1))
    return np.where(np.isnan(ratio), 1, norm * reciprocal).astype(np.float32)


SUMS = "sums are int32 of shape (n, outputs)"
EXACT = "products are exact: neither they nor their sums fit 8 or 16 bits"
EVERY_CODE = "the zero point is taken off every code of x"
BIAS = "the bias is added once, to the sum of its output"
LONG = "long sums are exact, beyond the integers that float32 holds"


def multiply(x, weight):
    return x.astype(np.int32) @ weight.astype(np.int32).T


def sum_rows(weight):
    return weight.sum(axis=1, dtype=np.int32)


@right(checks.integer_linear)
def sums_in_int64(x, weight, bias, x_zero_point):
    # numpy sums int32 in int64 unless told otherwise
    wide = weight.astype(np.int32)
    return x.astype(np.int32) @ wide.T - x_zero_point * wide.sum(axis=1) + bias


@wrong(checks.integer_linear, SUMS)
def sums_in_float(x, weight, bias, x_zero_point):
    # MIT 6.5940, lab 2: on a GPU the integer layer runs in float
    centered = x.astype(np.float64) - x_zero_point
    return centered @ weight.astype(np.float64).T + bias


@wrong(checks.integer_linear, SUMS)
def transposed(x, weight, bias, x_zero_point):
    # weight @ x.T: the outputs come first
    sums = multiply(weight, x) - x_zero_point * sum_rows(weight)[:, None]
    return sums + bias[:, None]


@wrong(checks.integer_linear, EXACT)
def sums_in_16_bits(x, weight, bias, x_zero_point):
    # numpy multiplies uint8 by int8 in int16, and stays there
    products = (x @ weight.T).astype(np.int32)
    return products - x_zero_point * sum_rows(weight) + bias


@wrong(checks.integer_linear, EXACT)
def sums_in_8_bits(x, weight, bias, x_zero_point):
    # an accumulator of the operands' type
    products = (x.astype(np.int8) @ weight.T).astype(np.int32)
    return products - x_zero_point * sum_rows(weight) + bias


@wrong(checks.integer_linear, EXACT)
def pairs_saturate(x, weight, bias, x_zero_point):
    # x86 processors without VNNI: pairs of products are added in int16
    odd = x.shape[1] % 2
    x = np.pad(x, ((0, 0), (0, odd))).astype(np.int32)
    weight = np.pad(weight, ((0, 0), (0, odd))).astype(np.int32)
    products = x[:, None] * weight
    pairs = products[..., ::2] + products[..., 1::2]
    sums = np.clip(pairs, -32768, 32767).sum(axis=2, dtype=np.int32)
    return sums - x_zero_point * sum_rows(weight) + bias


@wrong(checks.integer_linear, EVERY_CODE)
def uint8_wraps(x, weight, bias, x_zero_point):
    # 100 - 128 in uint8 is 228
    return multiply(x - np.uint8(x_zero_point), weight) + bias


@wrong(checks.integer_linear, EVERY_CODE)
def zero_point_taken_once(x, weight, bias, x_zero_point):
    # without the row sum
    return multiply(x, weight) - np.int32(x_zero_point) + bias


@wrong(checks.integer_linear, EVERY_CODE)
def sums_of_x(x, weight, bias, x_zero_point):
    # the sum that belongs to the weight's zero point
    sums = x.sum(axis=1, dtype=np.int32, keepdims=True)
    return multiply(x, weight) - x_zero_point * sums + bias


@wrong(checks.integer_linear, EVERY_CODE)
def zero_point_added(x, weight, bias, x_zero_point):
    # the sign of the correction
    return multiply(x, weight) + x_zero_point * sum_rows(weight) + bias


@wrong(checks.integer_linear, EVERY_CODE)
def negative_codes_lost(x, weight, bias, x_zero_point):
    # "codes are unsigned": clipped where they must become negative
    centered = np.maximum(x.astype(np.int32) - x_zero_point, 0)
    return multiply(centered, weight) + bias


@wrong(checks.integer_linear, BIAS)
def no_bias(x, weight, bias, x_zero_point):
    # folded batch normalization forgotten
    return multiply(x, weight) - x_zero_point * sum_rows(weight)


@wrong(checks.integer_linear, BIAS)
def bias_corrected_too(x, weight, bias, x_zero_point):
    # added to what the zero point is multiplied with
    return multiply(x, weight) - x_zero_point * (sum_rows(weight) + bias) + bias


@wrong(checks.integer_linear, BIAS)
def bias_for_each_image(x, weight, bias, x_zero_point):
    # along the wrong axis; no error where n equals the outputs
    sums = multiply(x, weight) - x_zero_point * sum_rows(weight)
    if len(bias) == len(x):
        return sums + bias[:, None]
    return sums + bias


@wrong(checks.integer_linear, BIAS)
def bias_in_16_bits(x, weight, bias, x_zero_point):
    # a bias has steps of scale_x * scale_w, and so large codes
    sums = multiply(x, weight) - x_zero_point * sum_rows(weight)
    return sums + bias.astype(np.int16)


@wrong(checks.integer_linear, LONG)
def sums_in_float32(x, weight, bias, x_zero_point):
    # the book, "Sums beyond float32"
    products = x.astype(np.float32) @ weight.astype(np.float32).T
    return products.astype(np.int32) - x_zero_point * sum_rows(weight) + bias


@right(checks.integer_linear)
def zero_point_first(x, weight, bias, x_zero_point):
    return (
        np.dot(x.astype("int32") - x_zero_point, weight.astype("i4").T) + bias
    )


@right(checks.integer_linear)
def exact_in_float64(x, weight, bias, x_zero_point):
    products = x.astype(np.float64) @ weight.T.astype(np.float64)
    merged = bias - x_zero_point * weight.astype(np.int64).sum(1)
    return (products + merged).astype(np.int32)


@right(checks.integer_linear)
def from_the_package(x, weight, bias, x_zero_point):
    return linear_int8(x, weight, bias, x_zero_point=x_zero_point)


ROWS = "codes are int8, scales bfloat16, one for each row"
ROW_SCALE = "the scale is max|row| / 127, rounded to bfloat16"
ZERO_ROW = "a row of zeros has a scale above 0, and codes 0"
ONE_STEP = "scale * code is within one step of the weight"


def scale_of_rows(weight):
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    return torch.where(scale == 0, 1, scale)


@wrong(checks.int8_rows, ROWS)
def scales_in_float32(weight):
    # avoids the bug, but a step is to take two bytes
    codes, scale = clamped_in_float32(weight)
    return codes, scale.float()


@wrong(checks.int8_rows, ROWS)
def codes_alone(weight):
    # a code means nothing without its step
    return clamped_in_float32(weight)[0]


@wrong(checks.int8_rows, ROWS)
def codes_in_bfloat16(weight):
    # never cast: nothing wraps, and nothing is saved
    scale = scale_of_rows(weight)
    return (weight / scale).round().clamp(-127, 127), scale


@wrong(checks.int8_rows, ROW_SCALE)
def twice_the_scale(weight):
    # no code is near 127: no wrap, and half of the codes unused
    scale = 2 * scale_of_rows(weight)
    return (weight / scale).round().to(torch.int8), scale


@wrong(checks.int8_rows, ROW_SCALE)
def scale_of_all_rows(weight):
    # the largest row's step for every row
    scale = scale_of_rows(weight).amax(dim=0, keepdim=True)
    codes = (weight / scale).round().clamp(-127, 127).to(torch.int8)
    return codes, scale.expand(len(weight), 1).clone()


@wrong(checks.int8_rows, ONE_STEP)
def as_published(weight):
    # DeepLearning.AI, Quantization in Depth, W8A16LinearLayer.quantize
    scale = scale_of_rows(weight)
    return (weight / scale).round().to(torch.int8), scale


@wrong(checks.int8_rows, ONE_STEP)
def clamped_after_the_cast(weight):
    # what wrapped cannot be told from a negative weight any more
    codes, scale = as_published(weight)
    return codes.clamp(-127, 127), scale


@wrong(checks.int8_rows, ONE_STEP)
def lowest_code_replaced(weight):
    # -128 made 127: now the large negative weights change their sign
    codes, scale = as_published(weight)
    return torch.where(codes == -128, 127, codes).to(torch.int8), scale


@wrong(checks.int8_rows, ZERO_ROW)
def zeros_divided_by_zero(weight):
    # the scale of a row of zeros is 0, and 0 / 0 is NaN
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    codes = (weight / scale).round().clamp(-127, 127).to(torch.int8)
    return codes, scale


@wrong(checks.int8_rows, ZERO_ROW)
def zeros_with_the_scale_0(weight):
    # the codes are right, but who divides by the scale gets NaN
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    codes = (weight / scale).nan_to_num().round().clamp(-127, 127)
    return codes.to(torch.int8), scale


@right(checks.int8_rows)
def clamped_in_float32(weight):
    scale = scale_of_rows(weight)
    codes = torch.clamp(weight.float() / scale.float(), -127, 127).round()
    return codes.to(torch.int8), scale


@right(checks.int8_rows)
def codes_by_the_exact_scale(weight):
    exact = weight.float().abs().max(dim=1, keepdim=True).values / 127
    exact[exact == 0] = 1
    return [(weight.float() / exact).round().char(), exact.bfloat16()]


UNSEEN = "nothing is chosen on the test images"
SAVED = "the result is a LeNet300 that can be saved and used"
BUDGET = "the file has fewer than 80,000 bytes"
ENOUGH = "at least 440 are right"
FIRST, SECOND, LAST = "classifier.1", "classifier.3", "classifier.5"


@wrong(checks.small_model, UNSEEN)
def chosen_on_the_test_images(model):
    # MIT 6.5940, lab 1: sensitivities and the best epoch on the test set
    test = datasets.load("mnist5k").test
    candidates = [
        small_enough(model, group_size=size) for size in (196, 392, 784)
    ]
    return max(candidates, key=lambda one: evaluate(one, test).num_correct)


@wrong(checks.small_model, UNSEEN)
def chosen_on_the_test_pixels(model):
    # the same, past `images`
    test = datasets.load("mnist5k").test
    x = datasets.to_images(test.pixels)
    candidates = [small_enough(model, group_size=size) for size in (196, 784)]
    with torch.no_grad():
        right = [
            int((one(x).argmax(1) == test.labels).sum()) for one in candidates
        ]
    return candidates[int(np.argmax(right))]


@wrong(checks.small_model, UNSEEN)
def quantized_in_place(model):
    # the caller's model becomes the small one
    small = quantize_weights(model, bits=2)
    for name in (FIRST, SECOND, LAST):
        model.set_submodule(name, small.get_submodule(name))
    return model


@wrong(checks.small_model, SAVED)
def another_network(model):
    # smaller and better, but not the one that was given
    return quantize_weights(zoo.load("ConvNet", "mnist5k"))


@wrong(checks.small_model, SAVED)
def network_and_size(model):
    # a tuple of everything that might be of interest
    return small_enough(model, group_size=196), 79_434


@wrong(checks.small_model, SAVED)
def layers_that_do_not_fit(model):
    # pruned columns whose inputs still come
    small = small_enough(model, group_size=196)
    small.set_submodule(LAST, nn.Linear(50, 10))
    return small


@wrong(checks.small_model, BUDGET)
def four_bits(model):
    # twice the budget
    return quantize_weights(model, bits=4)


@wrong(checks.small_model, BUDGET)
def simulated(model):
    # TinyTorch, module 15: rounded weights, kept in float32
    small = small_enough(model, group_size=196)
    with torch.no_grad():
        result = zoo.load("LeNet300", "mnist5k")
        for name in (FIRST, SECOND, LAST):
            weight = small.get_submodule(name).weight.dequantize()
            result.get_submodule(name).weight.copy_(weight)
    return result


@wrong(checks.small_model, ENOUGH)
def two_bits(model):
    # fits, and knows few digits
    return quantize_weights(model, bits=2)


@wrong(checks.small_model, ENOUGH)
def step_for_each_output(model):
    # the first layer's rows are too long for one step each
    return small_enough(model, group_size=784)


def small_enough(model, *, group_size):
    """Give the first layer 2 bits and these groups, the others 3 and 8."""
    groups = {"granularity": "group", "group_size": group_size}
    small = quantize_weights(model, bits=2, layers=[FIRST], **groups)
    small = quantize_weights(small, bits=3, layers=[SECOND])
    return quantize_weights(small, bits=8)


@right(checks.small_model)
def two_bits_in_groups(model):
    small = quantize_weights(
        model, bits=2, granularity="group", group_size=196, layers=[FIRST]
    )
    small = quantize_weights(
        small, bits=2, granularity="group", group_size=32, layers=[SECOND]
    )
    return quantize_weights(small, bits=4, layers=[LAST])
