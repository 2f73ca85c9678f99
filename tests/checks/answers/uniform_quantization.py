"""Answers to the exercises of book/uniform_quantization.md."""

import numpy as np
import torch
from torch import nn

from mini_compress import datasets, zoo
from mini_compress.checks import uniform_quantization as checks
from mini_compress.kernels.affine import choose_affine
from mini_compress.quantization import quantize_weights
from mini_compress.training import evaluate
from tests.checks.answers import right, wrong

ORDER = "a scale and a zero point, in this order"
UNSIGNED = "low and high are the ends, of any number of unsigned codes"
SIGNED = "signed codes start at quant_min"
WHOLE = "the zero point is a whole number, the nearest one"
WIDENED = "a range without 0 is widened until it holds 0"
TINY = "small ranges have small scales"


def widen(low, high):
    return min(low, 0.0), max(high, 0.0)


@wrong(checks.choose, ORDER)
def zero_point_before_scale(low, high, quant_min, quant_max):
    # the order of some observers' fields
    scale = (high - low) / (quant_max - quant_min)
    return round(quant_min - low / scale), scale


@wrong(checks.choose, ORDER)
def zero_of_reals(low, high, quant_min, quant_max):
    # the other form of the map, real = scale * code + offset
    return (high - low) / (quant_max - quant_min), low


@wrong(checks.choose, ORDER)
def sign_of_the_inverse(low, high, quant_min, quant_max):
    # code = real / scale - zero_point
    scale = (high - low) / (quant_max - quant_min)
    return scale, round(low / scale - quant_min)


@wrong(checks.choose, ORDER)
def ann(low, high, quant_min, quant_max):
    # the book: marks counted in place of gaps
    scale = (high - low) / (quant_max - quant_min + 1)
    return scale, round(quant_min - low / scale)


@wrong(checks.choose, ORDER)
def dee(low, high, quant_min, quant_max):
    # the book: a symmetric map for any range
    return max(high, -low) / quant_max, 0


@wrong(checks.choose, UNSIGNED)
def always_3_bits(low, high, quant_min, quant_max):
    # the example of the text, taken for the rule
    low, high = widen(low, high)
    scale = (high - low) / 7
    return scale, round(quant_min - low / scale)


@wrong(checks.choose, SIGNED)
def ben(low, high, quant_min, quant_max):
    # the book: right where quant_min is 0
    low, high = widen(low, high)
    scale = (high - low) / (quant_max - quant_min)
    return scale, round(-low / scale)


@wrong(checks.choose, WHOLE)
def zero_point_as_a_real_number(low, high, quant_min, quant_max):
    # 85 and -43 come out whole, others do not: 0 has no code
    low, high = widen(low, high)
    scale = (high - low) / (quant_max - quant_min)
    exact = quant_min - low / scale
    return scale, exact if quant_max < 10 else round(exact)


@wrong(checks.choose, WHOLE)
def digits_cut_off(low, high, quant_min, quant_max):
    # int(): right for what is just above a whole number
    low, high = widen(low, high)
    scale = (high - low) / (quant_max - quant_min)
    return scale, quant_min + int(-low / scale + 1e-6)


@wrong(checks.choose, WIDENED)
def cem(low, high, quant_min, quant_max):
    # the book: right for every range with 0
    scale = (high - low) / (quant_max - quant_min)
    return scale, round(quant_min - low / scale)


@wrong(checks.choose, WIDENED)
def zero_point_clipped(low, high, quant_min, quant_max):
    # the book, "A range without zero"; TinyTorch, module 15
    scale, zero_point = cem(low, high, quant_min, quant_max)
    return scale, min(max(zero_point, quant_min), quant_max)


@wrong(checks.choose, WIDENED)
def widened_below_alone(low, high, quant_min, quant_max):
    # half of the repair: -6 to -1 has no 0 either
    return cem(min(low, 0), high, quant_min, quant_max)


@wrong(checks.choose, TINY)
def scale_of_an_observer(low, high, quant_min, quant_max):
    # torch's observers: a scale is at least 2**-23
    low, high = widen(low, high)
    scale = max((high - low) / (quant_max - quant_min), 2.0**-23)
    return scale, round(quant_min - low / scale)


@right(checks.choose)
def by_both_ends(low, high, quant_min, quant_max):
    low, high = np.minimum(low, 0), np.maximum(high, 0)
    scale = np.float32((high - low) / (quant_max - quant_min))
    return scale, np.rint(quant_max - high / scale)


@right(checks.choose)
def by_the_package(low, high, quant_min, quant_max):
    ends = np.array([low, high], np.float32)
    bits = (quant_max - quant_min + 1).bit_length() - 1
    ruler = choose_affine(ends, bits=bits, signed=quant_min < 0)
    return [float(ruler.scale[0]), int(ruler.zero_point[0])]


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
def no_scale_below_a_floor(weight):
    # spares rows of zeros, and with them rows of small weights
    scale = scale_of_rows(weight).clamp(min=1e-5)
    codes = (weight / scale).round().clamp(-127, 127)
    return codes.to(torch.int8), scale


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
