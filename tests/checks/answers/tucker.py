"""Answers to the exercises of book/tucker.md."""

import itertools

import numpy as np

from mini_compress.checks import tucker as checks
from mini_compress.kernels.low_rank import unfold
from tests.checks.answers import right, wrong

SHAPE = "the result has the shape of the tensor"
FIRST = "along mode 0 each number is where it was"
MIDDLE = "along the modes in the middle, too"
LAST = "along the last mode, and of four modes"


@wrong(checks.fold_in_other_order, SHAPE)
def mode_left_in_front(matrix, mode, shape):
    # the mode's axis is not moved back
    others = shape[:mode] + shape[mode + 1 :]
    return matrix.reshape((shape[mode], *others), order="F")


@wrong(checks.fold_in_other_order, FIRST)
def colleague(matrix, mode, shape):
    # the fault that was to be mended
    tensor = matrix.reshape(shape[mode], *shape[:mode], *shape[mode + 1 :])
    return np.moveaxis(tensor, 0, mode)


@wrong(checks.fold_in_other_order, MIDDLE)
def straight_to_the_shape(matrix, mode, shape):
    # right for mode 0 alone
    return matrix.reshape(shape, order="F")


@wrong(checks.fold_in_other_order, LAST)
def swapped(matrix, mode, shape):
    # swapping brings the others out of order, from the third mode on
    others = list(shape)
    others[0], others[mode] = others[mode], others[0]
    if mode < 2:
        tensor = matrix.reshape(others, order="F")
        return np.swapaxes(tensor, 0, mode)
    rest = shape[:mode] + shape[mode + 1 :]
    tensor = matrix.reshape((shape[mode], *rest), order="F")
    if tensor.ndim == 3:
        tensor = tensor.transpose(0, 2, 1)
    return np.swapaxes(tensor, 0, mode).reshape(shape)


@right(checks.fold_in_other_order)
def by_loops(matrix, mode, shape):
    out = np.empty(shape, matrix.dtype)
    others = [x for x in range(len(shape)) if x != mode]
    for place in np.ndindex(*shape):
        column = 0
        for axis in reversed(others):
            column = column * shape[axis] + place[axis]
        out[place] = matrix[place[mode], column]
    return out


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
