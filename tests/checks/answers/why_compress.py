"""Answers to the exercises of book/why_compress.md, wrong and right.

`wrong(check, lacks)` names the property that the check must complain about;
the comment says where the bug was seen. `right(check)` marks answers that are
written differently from the book's and must pass.
"""

import math

import numpy as np
import torch
from torch import nn

from mini_compress.checks import why_compress as checks
from mini_compress.hardware import layer_costs
from tests.checks.answers import right, wrong

# ----------------------------------------------------------------- conv_macs

ONE_PLACE = "one filter on one place takes one MAC for each of its weights"
ALL_PLACES = "each filter is put on every place of the output"
STRIDE = "a stride skips places, and what is left over at the edge is dropped"
GROUPS = "a filter sees the channels of its own group, and all filters count"


def places(image, filter_size, stride, padding):
    return (image + 2 * padding - filter_size) // stride + 1


@wrong(checks.conv_macs, ONE_PLACE)
def counts_operations(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    # FLOPs where MACs are asked for: the factor of two of many papers
    size = places(image_size, filter_size, stride, padding)
    weights = in_channels // groups * out_channels * filter_size**2
    return 2 * size**2 * weights


@wrong(checks.conv_macs, ONE_PLACE)
def adds_the_bias(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    # some counters add one for each output
    size = places(image_size, filter_size, stride, padding)
    per_output = in_channels // groups * filter_size**2 + 1
    return size**2 * out_channels * per_output


@wrong(checks.conv_macs, ONE_PLACE)
def uses_every_place_of_the_image(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    size = image_size // stride
    return size**2 * in_channels // groups * out_channels * filter_size**2


@wrong(checks.conv_macs, ONE_PLACE)
def forgets_the_square_of_the_filter(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    size = places(image_size, filter_size, stride, padding)
    return size**2 * in_channels // groups * out_channels * filter_size


@wrong(checks.conv_macs, ONE_PLACE)
def forgets_the_first_place(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    size = (image_size + 2 * padding - filter_size) // stride
    return size**2 * in_channels // groups * out_channels * filter_size**2


@wrong(checks.conv_macs, ALL_PLACES)
def counts_parameters(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    # one use of each weight, as in a linear layer
    return in_channels // groups * out_channels * filter_size**2


@wrong(checks.conv_macs, "padding is added on all sides")
def forgets_the_padding(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    size = places(image_size, filter_size, stride, 0)
    return size**2 * in_channels // groups * out_channels * filter_size**2


@wrong(checks.conv_macs, "padding is added on all sides")
def pads_one_side(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    size = (image_size + padding - filter_size) // stride + 1
    return size**2 * in_channels // groups * out_channels * filter_size**2


@wrong(checks.conv_macs, STRIDE)
def forgets_the_stride(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    size = places(image_size, filter_size, 1, padding)
    return size**2 * in_channels // groups * out_channels * filter_size**2


@wrong(checks.conv_macs, STRIDE)
def rounds_places_up(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    # the "same" padding of TensorFlow
    size = math.ceil((image_size + 2 * padding - filter_size) / stride) + 1
    return size**2 * in_channels // groups * out_channels * filter_size**2


@wrong(checks.conv_macs, GROUPS)
def forgets_the_groups(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    size = places(image_size, filter_size, stride, padding)
    return size**2 * in_channels * out_channels * filter_size**2


@wrong(checks.conv_macs, GROUPS)
def divides_both_by_the_groups(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    # the MACs of one group, not of all
    size = places(image_size, filter_size, stride, padding)
    weights = in_channels // groups * (out_channels // groups)
    return size**2 * weights * filter_size**2


@right(checks.conv_macs)
def asks_torch(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    layer = nn.Conv2d(
        *(in_channels, out_channels, filter_size, stride, padding),
        groups=groups,
    )
    shape = (in_channels, image_size, image_size)
    return layer_costs(layer, input_shape=shape).macs


@right(checks.conv_macs)
def puts_the_filter_on_each_place(
    image_size, in_channels, out_channels, filter_size, stride, padding, groups
):
    last = image_size + 2 * padding - filter_size
    rows = np.arange(0, last + 1, stride)
    return rows.size**2 * filter_size**2 * in_channels * out_channels / groups


# ---------------------------------------------------------- linear_intensity

NEARLY = "one image and many weights: nearly one MAC for four bytes"
ACTIVATIONS = "inputs and outputs move as well"
BATCH = "a batch reads its weights once, and its activations for each image"
FEWER_BITS = "fewer bits make the weights smaller, and the weights alone"


@wrong(checks.linear_intensity, NEARLY)
def operations_per_byte(batch, inputs, outputs, weight_bits):
    # the roofline of 2009 counts operations
    weights = inputs * outputs
    num_bytes = weights * weight_bits / 8 + 4 * batch * (inputs + outputs)
    return 2 * batch * weights / num_bytes


@wrong(checks.linear_intensity, NEARLY)
def macs_per_bit(batch, inputs, outputs, weight_bits):
    bits = inputs * outputs * weight_bits + 32 * batch * (inputs + outputs)
    return batch * inputs * outputs / bits


@wrong(checks.linear_intensity, NEARLY)
def weights_in_bits(batch, inputs, outputs, weight_bits):
    # bits taken for bytes
    num_bytes = inputs * outputs * weight_bits + 4 * batch * (inputs + outputs)
    return batch * inputs * outputs / num_bytes


@wrong(checks.linear_intensity, NEARLY)
def bytes_per_mac(batch, inputs, outputs, weight_bits):
    weights = inputs * outputs
    num_bytes = weights * weight_bits / 8 + 4 * batch * (inputs + outputs)
    return num_bytes / (batch * weights)


@wrong(checks.linear_intensity, ACTIVATIONS)
def forgets_activations(batch, inputs, outputs, weight_bits):
    # a count of parameters, taken for the traffic
    return batch * inputs * outputs / (inputs * outputs * weight_bits / 8)


@wrong(checks.linear_intensity, ACTIVATIONS)
def forgets_the_outputs(batch, inputs, outputs, weight_bits):
    num_bytes = inputs * outputs * weight_bits / 8 + 4 * batch * inputs
    return batch * inputs * outputs / num_bytes


@wrong(checks.linear_intensity, BATCH)
def reads_weights_for_each_image(batch, inputs, outputs, weight_bits):
    num_bytes = inputs * outputs * weight_bits / 8 + 4 * (inputs + outputs)
    return batch * inputs * outputs / (batch * num_bytes)


@wrong(checks.linear_intensity, BATCH)
def moves_activations_once(batch, inputs, outputs, weight_bits):
    num_bytes = inputs * outputs * weight_bits / 8 + 4 * (inputs + outputs)
    return batch * inputs * outputs / num_bytes


@wrong(checks.linear_intensity, FEWER_BITS)
def all_in_weight_bits(batch, inputs, outputs, weight_bits):
    numbers = inputs * outputs + batch * (inputs + outputs)
    return batch * inputs * outputs / (numbers * weight_bits / 8)


@wrong(checks.linear_intensity, FEWER_BITS)
def all_in_float32(batch, inputs, outputs, weight_bits):
    numbers = inputs * outputs + batch * (inputs + outputs)
    return batch * inputs * outputs / (4 * numbers)


@wrong(checks.linear_intensity, "weights may have fewer than 8 bits")
def whole_bytes(batch, inputs, outputs, weight_bits):
    # codes of 4 bits, kept in a byte each
    width = math.ceil(weight_bits / 8)
    num_bytes = inputs * outputs * width + 4 * batch * (inputs + outputs)
    return batch * inputs * outputs / num_bytes


@wrong(checks.linear_intensity, "weights may have fewer than 8 bits")
def divides_bits_too_early(batch, inputs, outputs, weight_bits):
    width = weight_bits // 8
    num_bytes = inputs * outputs * width + 4 * batch * (inputs + outputs)
    return batch * inputs * outputs / num_bytes


@right(checks.linear_intensity)
def one_over_a_sum(batch, inputs, outputs, weight_bits):
    return 1 / (weight_bits / 8 / batch + 4 / inputs + 4 / outputs)


@right(checks.linear_intensity)
def in_float32(batch, inputs, outputs, weight_bits):
    macs = torch.tensor(batch * inputs * outputs, dtype=torch.float64)
    bits = inputs * outputs * weight_bits + 32 * batch * (inputs + outputs)
    return 8 * macs / bits


# ----------------------------------------------------------- network_time_ms

LONGER = "a layer takes the longer of the two times"
PRODUCTS = "a layer's products take MACs / rate, in milliseconds"


@wrong(checks.network_time_ms, PRODUCTS)
def in_seconds(macs, num_bytes, macs_per_second, bytes_per_second):
    compute, memory = macs / macs_per_second, num_bytes / bytes_per_second
    return np.maximum(compute, memory).sum()


@wrong(checks.network_time_ms, PRODUCTS)
def counts_macs_twice(macs, num_bytes, macs_per_second, bytes_per_second):
    # operations against a rate of MACs
    compute, memory = 2 * macs / macs_per_second, num_bytes / bytes_per_second
    return 1000 * np.maximum(compute, memory).sum()


@wrong(checks.network_time_ms, "a layer's bytes take bytes / bandwidth")
def forgets_the_memory(macs, num_bytes, macs_per_second, bytes_per_second):
    # the time by MACs alone, as most papers on pruning quote it
    return 1000 * (macs / macs_per_second).sum()


@wrong(checks.network_time_ms, "a layer's bytes take bytes / bandwidth")
def takes_bandwidth_for_bits(
    macs, num_bytes, macs_per_second, bytes_per_second
):
    # bits a second, as networks are sold
    compute, memory = macs / macs_per_second, 8 * num_bytes / bytes_per_second
    return 1000 * np.maximum(compute, memory).sum()


@wrong(checks.network_time_ms, LONGER)
def one_after_the_other(macs, num_bytes, macs_per_second, bytes_per_second):
    # the sum, not the maximum
    compute, memory = macs / macs_per_second, num_bytes / bytes_per_second
    return 1000 * (compute + memory).sum()


@wrong(checks.network_time_ms, PRODUCTS)
def the_shorter(macs, num_bytes, macs_per_second, bytes_per_second):
    # taken over from the roofline of rates, whose roof is a minimum
    compute, memory = macs / macs_per_second, num_bytes / bytes_per_second
    return 1000 * np.minimum(compute, memory).sum()


@wrong(checks.network_time_ms, "layers run one after the other")
def the_slowest_layer(macs, num_bytes, macs_per_second, bytes_per_second):
    compute, memory = macs / macs_per_second, num_bytes / bytes_per_second
    return 1000 * np.maximum(compute, memory).max()


@wrong(checks.network_time_ms, "each layer has a maximum of its own")
def one_maximum(macs, num_bytes, macs_per_second, bytes_per_second):
    # the roofline of the whole network at once
    compute = sum(macs) / macs_per_second
    memory = sum(num_bytes) / bytes_per_second
    return 1000 * max(compute, memory)


@right(checks.network_time_ms)
def layer_by_layer(macs, num_bytes, macs_per_second, bytes_per_second):
    return sum(
        max(1e3 * n / macs_per_second, 1e3 * d / bytes_per_second)
        for n, d in zip(macs, num_bytes, strict=True)
    )


@right(checks.network_time_ms)
def by_intensity(macs, num_bytes, macs_per_second, bytes_per_second):
    bound = macs * bytes_per_second > num_bytes * macs_per_second
    seconds = np.where(
        bound, macs / macs_per_second, num_bytes / bytes_per_second
    )
    return torch.from_numpy(seconds).sum() * 1000


# ---------------------------------------------------------- break_even_batch

FIRST = "the batch is the first whose products take as long as the weights"
NONE = "there is none where an image adds as much to the bytes, or more"


@wrong(checks.break_even_batch, FIRST)
def rounds_down(macs, weights, activations, rate, bandwidth):
    gain = macs / rate - activations / bandwidth
    if gain <= 0:
        return math.inf
    return max(1, int(weights / bandwidth / gain))


@wrong(checks.break_even_batch, FIRST)
def does_not_round(macs, weights, activations, rate, bandwidth):
    gain = macs / rate - activations / bandwidth
    return max(1, weights / bandwidth / gain) if gain > 0 else math.inf


@wrong(checks.break_even_batch, FIRST)
def counts_macs_as_two(macs, weights, activations, rate, bandwidth):
    gain = 2 * macs / rate - activations / bandwidth
    if gain <= 0:
        return math.inf
    return max(1, math.ceil(weights / bandwidth / gain))


@wrong(checks.break_even_batch, "it depends on the balance of the device")
def forgets_the_device(macs, weights, activations, rate, bandwidth):
    # one MAC per byte is a break-even of no device in particular
    gain = macs - activations
    return max(1, math.ceil(weights / gain)) if gain > 0 else math.inf


@wrong(checks.break_even_batch, "it depends on the balance of the device")
def balance_upside_down(macs, weights, activations, rate, bandwidth):
    gain = macs * rate / bandwidth - activations
    return max(1, math.ceil(weights / gain)) if gain > 0 else math.inf


@wrong(checks.break_even_batch, "each image brings its own activations")
def weights_alone(macs, weights, activations, rate, bandwidth):
    return max(1, math.ceil(weights * rate / (bandwidth * macs)))


@wrong(checks.break_even_batch, "each image brings its own activations")
def activations_of_one_image(macs, weights, activations, rate, bandwidth):
    num_bytes = weights + activations
    return max(1, math.ceil(num_bytes * rate / (bandwidth * macs)))


@wrong(checks.break_even_batch, "the smallest batch has one image")
def an_empty_batch(macs, weights, activations, rate, bandwidth):
    gain = macs / rate - activations / bandwidth
    return math.ceil(weights / bandwidth / gain) if gain > 0 else math.inf


@wrong(checks.break_even_batch, NONE)
def less_than_nothing(macs, weights, activations, rate, bandwidth):
    # a negative batch, turned into one image
    gain = macs / rate - activations / bandwidth
    return max(1, math.ceil(weights / bandwidth / gain))


@wrong(checks.break_even_batch, NONE)
def divides_by_nothing(macs, weights, activations, rate, bandwidth):
    gain = macs / rate - activations / bandwidth
    if gain < 0:
        return math.inf
    return max(1, math.ceil(weights / bandwidth / gain))


@right(checks.break_even_batch)
def tries_one_after_the_other(macs, weights, activations, rate, bandwidth):
    if macs / rate <= activations / bandwidth:
        return np.inf
    batch = 1
    while batch * macs / rate < (weights + batch * activations) / bandwidth:
        batch += 1
    return batch


@right(checks.break_even_batch)
def by_intensities(macs, weights, activations, rate, bandwidth):
    room = macs * bandwidth / rate - activations
    return np.maximum(np.ceil(weights / room), 1) if room > 0 else np.inf


# ----------------------------------------------------------- fitting_devices

ORDER = "all that fit are listed, least flash first"
KIB = "a KiB is 1,024 bytes, and what just fits does fit"


def fitting(weight_bytes, activation_bytes, devices, unit=1024):
    """Return the names of those that fit, least flash first."""
    names = sorted(devices, key=lambda name: devices[name][0])
    return [
        name
        for name in names
        if weight_bytes <= unit * devices[name][0]
        and activation_bytes <= unit * devices[name][1]
    ]


@wrong(checks.fitting_devices, ORDER)
def as_they_come(num_weights, weight_bits, activation_bytes, devices):
    fit = fitting(num_weights * weight_bits / 8, activation_bytes, devices)
    return [name for name in devices if name in fit]


@wrong(checks.fitting_devices, ORDER)
def by_name(num_weights, weight_bits, activation_bytes, devices):
    return sorted(
        fitting(num_weights * weight_bits / 8, activation_bytes, devices)
    )


@wrong(checks.fitting_devices, ORDER)
def the_smallest_alone(num_weights, weight_bits, activation_bytes, devices):
    return fitting(num_weights * weight_bits / 8, activation_bytes, devices)[:1]


@wrong(checks.fitting_devices, "the weights fit in flash")
def bits_for_bytes(num_weights, weight_bits, activation_bytes, devices):
    return fitting(num_weights * weight_bits, activation_bytes, devices)


@wrong(checks.fitting_devices, "the weights fit in flash")
def one_byte_for_each(num_weights, weight_bits, activation_bytes, devices):
    return fitting(num_weights, activation_bytes, devices)


@wrong(checks.fitting_devices, "weights of 4 bits are packed, two in a byte")
def a_byte_at_least(num_weights, weight_bits, activation_bytes, devices):
    # codes of 4 bits kept as int8: the size is that of 8 bits
    num_bytes = num_weights * max(1, weight_bits // 8)
    return fitting(num_bytes, activation_bytes, devices)


@wrong(checks.fitting_devices, "weights of 4 bits are packed, two in a byte")
def no_bytes_at_all(num_weights, weight_bits, activation_bytes, devices):
    return fitting(num_weights * (weight_bits // 8), activation_bytes, devices)


@wrong(checks.fitting_devices, "the activations fit in RAM")
def forgets_the_ram(num_weights, weight_bits, activation_bytes, devices):
    # the file fits, and the network does not run
    return fitting(num_weights * weight_bits / 8, 0, devices)


@wrong(checks.fitting_devices, "the weights fit in flash")
def one_memory(num_weights, weight_bits, activation_bytes, devices):
    # flash and RAM added up
    num_bytes = num_weights * weight_bits / 8
    both = {name: (sum(x), sum(x)) for name, x in devices.items()}
    fit = fitting(num_bytes, num_bytes + activation_bytes, both)
    return sorted(fit, key=lambda name: devices[name])


@wrong(checks.fitting_devices, KIB)
def a_thousand_bytes(num_weights, weight_bits, activation_bytes, devices):
    num_bytes = num_weights * weight_bits / 8
    return fitting(num_bytes, activation_bytes, devices, unit=1000)


@wrong(checks.fitting_devices, KIB)
def not_to_the_brim(num_weights, weight_bits, activation_bytes, devices):
    num_bytes = num_weights * weight_bits // 8
    return fitting(num_bytes + 1, activation_bytes + 1, devices)


@wrong(checks.fitting_devices, KIB)
def whole_kib(num_weights, weight_bits, activation_bytes, devices):
    kib = num_weights * weight_bits // 8 // 1024
    return fitting(1024 * kib, activation_bytes, devices)


@wrong(checks.fitting_devices, "flash and RAM do not stand in for each other")
def weights_in_either(num_weights, weight_bits, activation_bytes, devices):
    num_bytes = num_weights * weight_bits / 8
    larger = {name: (max(x), x[1]) for name, x in devices.items()}
    fit = fitting(num_bytes, activation_bytes, larger)
    return sorted(fit, key=lambda name: devices[name])


@right(checks.fitting_devices)
def a_tuple_of_names(num_weights, weight_bits, activation_bytes, devices):
    packed = math.ceil(num_weights * weight_bits / 8)
    return tuple(fitting(packed, activation_bytes, devices))


@right(checks.fitting_devices)
def in_kib(num_weights, weight_bits, activation_bytes, devices):
    flash, ram = num_weights * weight_bits / 2**13, activation_bytes / 2**10
    room = {name: (a - flash, b - ram) for name, (a, b) in devices.items()}
    fit = [name for name in devices if min(room[name]) >= 0]
    return sorted(fit, key=lambda name: devices[name])
