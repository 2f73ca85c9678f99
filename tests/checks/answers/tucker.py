"""Answers to the exercises of book/tucker.md."""

import itertools

import numpy as np
import torch
from torch.nn import functional

from mini_compress.checks import tucker as checks
from mini_compress.kernels.low_rank import mode_product, unfold
from tests.checks.answers import right, wrong

SHAPE = "the outputs have the shape of the convolution's"
MIXES = "filters of one place mix the right channels"
FILTERS = "filters of several places are the right ones, too"
BIAS = "the bias is added once"
SKIPPED = "no place is skipped that a filter should see"
AROUND = "zeros stand around what the filters see"
WASTED = "no product is computed and thrown away"


def fold_as_the_book(flat, shape):
    outputs, inputs, *sides = shape
    return np.swapaxes(flat.reshape(inputs, outputs, *sides), 0, 1)


def chain(
    fold=fold_as_the_book, strides=(0, 1, 0), paddings=(0, 1, 0), times=1
):
    """Return a way to run it; strides and paddings: 1 where it is."""

    def run(conv2d, x, first, flat, last, bias, shape, stride, padding):
        parts = first, fold(flat, shape), last
        for part, has, around in zip(parts, strides, paddings, strict=True):
            x = conv2d(
                x, part, None, stride if has else 1, padding if around else 0
            )
        return x + times * bias[:, None, None]

    return run


@wrong(checks.run_chain, SHAPE)
def padding_forgotten(*given):
    return chain(paddings=(0, 0, 0))(*given)


@wrong(checks.run_chain, SKIPPED)
def stride_twice(*given):
    return chain(strides=(1, 1, 0))(*given)


@wrong(checks.run_chain, MIXES)
def reshaped_at_once(*given):
    # as printed: the order of the core, not of what was unfolded
    return chain(fold=lambda flat, shape: flat.reshape(shape))(*given)


@wrong(checks.run_chain, FILTERS)
def turned_first(*given):
    # right where a filter has one place
    return chain(fold=lambda flat, shape: flat.T.reshape(shape))(*given)


@wrong(checks.run_chain, FILTERS)
def filters_on_their_side(*given):
    # rows and columns of each filter change places
    def fold(flat, shape):
        outputs, inputs, *sides = shape
        turned = flat.reshape(inputs, outputs, *sides[::-1])
        return turned.transpose(1, 0, 3, 2)

    return chain(fold=fold)(*given)


@wrong(checks.run_chain, BIAS)
def bias_twice(*given):
    # as printed
    return chain(times=2)(*given)


@wrong(checks.run_chain, BIAS)
def bias_lost(*given):
    return chain(times=0)(*given)


@wrong(checks.run_chain, SKIPPED)
def stride_on_the_first(*given):
    # as printed
    return chain(strides=(1, 0, 0))(*given)


@wrong(checks.run_chain, AROUND)
def padding_on_the_last(*given):
    # as printed
    return chain(paddings=(0, 0, 1))(*given)


@wrong(checks.run_chain, WASTED)
def stride_on_the_last(*given):
    return chain(strides=(0, 0, 1))(*given)


@wrong(checks.run_chain, WASTED)
def padding_on_the_first(*given):
    return chain(paddings=(1, 0, 0))(*given)


@wrong(checks.run_chain, WASTED)
def by_the_whole_kernel(
    conv2d, x, first, flat, last, bias, shape, stride, padding
):
    # what the chain stands for, and what it was to save
    core = fold_as_the_book(flat, shape)
    kernel = np.einsum(
        "orab,rskl,sicd->oikl", last, core, first
    )  # a, b, c and d are 1
    return conv2d(x, kernel, bias, stride, padding)


@right(checks.run_chain)
def by_mode_products(
    conv2d, x, first, flat, last, bias, shape, stride, padding
):
    core = np.moveaxis(flat.reshape(shape[1], shape[0], *shape[2:]), 0, 1)
    y = mode_product(x, first[:, :, 0, 0], 1)
    y = conv2d(y, core, stride=stride, padding=padding)
    return mode_product(y, last[:, :, 0, 0], 1) + bias.reshape(1, -1, 1, 1)


@right(checks.run_chain)
def in_torch(conv2d, x, first, flat, last, bias, shape, stride, padding):
    # whose convolution that of the exercise must be
    x, first, last, bias = map(torch.from_numpy, (x, first, last, bias))
    core = torch.from_numpy(fold_as_the_book(flat, shape))
    y = functional.conv2d(x, first)
    y = functional.conv2d(y, core, None, stride, padding)
    return functional.conv2d(y, last, bias)


NUMBERS = "there is a rank of outputs and one of inputs"
WEIGHTS = "the weights fit"
MACS = "the MACs fit"
ENERGY = "of all pairs that fit, it keeps the most energy"


def search(weight, height, width, padding, share, *, cost=None, kept=None):
    outputs, inputs, f, _ = weight.shape
    before = height * width
    after = (height + 2 * padding - f + 1) * (width + 2 * padding - f + 1)
    factors = [np.linalg.svd(unfold(weight, mode))[0] for mode in (0, 1)]
    core = np.einsum("oikl,oa,ib->abkl", weight, *factors)

    def fits(a, b):
        if cost is not None:
            return cost(a, b, before, after)
        weights = inputs * b + f * f * a * b + outputs * a
        macs = inputs * b * before + (f * f * a * b + outputs * a) * after
        return (
            weights <= share * weight.size
            and macs <= share * weight.size * after
        )

    def energy(pair):
        if kept is not None:
            return kept(*pair)
        return float((core[: pair[0], : pair[1]] ** 2).sum())

    pairs = itertools.product(range(1, outputs + 1), range(1, inputs + 1))
    return max((pair for pair in pairs if fits(*pair)), key=energy)


@wrong(checks.choose_ranks, NUMBERS)
def inputs_first(weight, height, width, padding, share):
    # the order of in_channels and out_channels in PyTorch
    a, b = search(weight, height, width, padding, share)
    return b + 6, a


@wrong(checks.choose_ranks, NUMBERS)
def shares_of_channels(weight, height, width, padding, share):
    # ranks are whole
    return share * weight.shape[0], share * weight.shape[1]


@wrong(checks.choose_ranks, WEIGHTS)
def core_alone(weight, height, width, padding, share):
    # the two 1 x 1 are forgotten
    size, f = weight.size, weight.shape[2]
    return search(
        weight,
        height,
        width,
        padding,
        share,
        cost=lambda a, b, *_: f * f * a * b <= share * size,
    )


@wrong(checks.choose_ranks, WEIGHTS)
def macs_alone(weight, height, width, padding, share):
    # where the image grows, these fit and the weights do not
    outputs, inputs, f, _ = weight.shape
    sides = height + 2 * padding - f + 1, width + 2 * padding - f + 1
    after = sides[0] * sides[1]

    def fits(a, b, *_):
        rest = f * f * a * b + outputs * a
        macs = inputs * b * height * width + rest * after
        return macs <= share * weight.size * after

    return search(weight, height, width, padding, share, cost=fits)


@wrong(checks.choose_ranks, MACS)
def weights_alone(weight, height, width, padding, share):
    outputs, inputs, f, _ = weight.shape

    def fits(a, b, *_):
        weights = inputs * b + f * f * a * b + outputs * a
        return weights <= share * weight.size

    return search(weight, height, width, padding, share, cost=fits)


@wrong(checks.choose_ranks, ENERGY)
def largest_product(weight, height, width, padding, share):
    # the most numbers in the core, whatever they hold
    return search(
        weight, height, width, padding, share, kept=lambda a, b: a * b
    )


@wrong(checks.choose_ranks, ENERGY)
def in_proportion(weight, height, width, padding, share):
    # the same share of outputs and of inputs, as share_ranks has it
    outputs, inputs, *_ = weight.shape
    return search(
        weight,
        height,
        width,
        padding,
        share,
        kept=lambda a, b: a * b - 1000 * abs(a * inputs - b * outputs),
    )


@right(checks.choose_ranks)
def by_einsum(weight, height, width, padding, share):
    return np.array(search(weight, height, width, padding, share))
