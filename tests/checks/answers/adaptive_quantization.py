"""Answers to the exercises of book/adaptive_quantization.md."""

import numpy as np
import torch

from mini_compress import datasets, quantization
from mini_compress.checks import adaptive_quantization as checks
from mini_compress.quantization.trained import round_learned_step
from tests.checks.answers import right, wrong

ONE = "the result is one number"
FACTOR = "four times as many weights double the gradient"
INSIDE = "inside of the range, it sums the residues"
FAR = "far beyond the ends, it sums the last codes"
NEAR = "what lies less than half a step beyond an end is outside"


def slopes(x, step, lowest, highest):
    """Return the right slope of each number."""
    exact = x / step
    codes = np.clip(np.rint(exact), lowest, highest)
    return np.where((exact > lowest) & (exact < highest), codes - exact, codes)


@wrong(checks.step_gradient, ONE)
def not_summed(x, step, lowest, highest, grad):
    return grad * slopes(x, step, lowest, highest) / (x.size * highest) ** 0.5


@wrong(checks.step_gradient, FACTOR)
def without_the_factor(x, step, lowest, highest, grad):
    # what is missing in the exercise
    return (grad * slopes(x, step, lowest, highest)).sum()


@wrong(checks.step_gradient, FACTOR)
def averaged(x, step, lowest, highest, grad):
    # a mean is not a sum over a root
    return (grad * slopes(x, step, lowest, highest)).mean()


@wrong(checks.step_gradient, INSIDE)
def codes_held(x, step, lowest, highest, grad):
    # the slope of the error with fixed codes
    codes = np.clip(np.rint(x / step), lowest, highest)
    return (grad * codes).sum() / np.sqrt(x.size * highest)


@wrong(checks.step_gradient, INSIDE)
def factor_of_the_count_alone(x, step, lowest, highest, grad):
    # the highest code is left out
    return (grad * slopes(x, step, lowest, highest)).sum() / np.sqrt(x.size)


@wrong(checks.step_gradient, FAR)
def nothing_outside(x, step, lowest, highest, grad):
    # of the weights the gradient is 0 there, not of the step
    exact = x / step
    inside = (exact > lowest) & (exact < highest)
    total = (grad * inside * (np.rint(exact) - exact)).sum()
    return total / np.sqrt(x.size * highest)


@wrong(checks.step_gradient, NEAR)
def asked_of_the_code(x, step, lowest, highest, grad):
    # the first of the two bugs
    codes = np.rint(x / step)
    inside = (codes >= lowest) & (codes <= highest)
    ends = np.clip(codes, lowest, highest)
    total = (grad * np.where(inside, codes - x / step, ends)).sum()
    return total / np.sqrt(x.size * highest)


@right(checks.step_gradient)
def by_autograd(x, step, lowest, highest, grad):
    s = torch.tensor(float(step), dtype=torch.float64, requires_grad=True)
    ends = {"lowest": lowest, "highest": highest}
    rounded = round_learned_step(torch.tensor(x), s, **ends)
    rounded.backward(torch.tensor(grad))
    return s.grad.item() * (len(x) * highest) ** -0.5


@right(checks.step_gradient)
def by_a_clipped_ramp(x, step, lowest, highest, grad):
    ramp = np.clip(x / step, lowest, highest)
    moves = np.where(ramp == x / step, ramp, 0)  # with the step's inverse
    return grad @ (np.rint(ramp) - moves) / np.sqrt(len(x) * highest)


OF_X = "x gets the gradient inside of the range and 0 outside"
OF_STEP = "the step gets residues inside, and end codes outside"
STILL = "inside, the offset has no gradient"
MOVES = "what is cut off moves with the offset"


def parts(x, step, offset, lowest, highest):
    """Return the codes, the quotients, and which are inside."""
    exact = (x - offset) / step
    inside = (exact > lowest) & (exact < highest)
    return np.clip(np.rint(exact), lowest, highest), exact, inside


@wrong(checks.offset_gradients, OF_X)
def passed_everywhere(x, step, offset, lowest, highest, grad):
    # straight through, beyond the ends too
    codes, exact, inside = parts(x, step, offset, lowest, highest)
    of_step = (grad * np.where(inside, codes - exact, codes)).sum()
    return grad, of_step, (grad * ~inside).sum()


@wrong(checks.offset_gradients, OF_X)
def inside_by_the_code(x, step, offset, lowest, highest, grad):
    codes, exact, _ = parts(x, step, offset, lowest, highest)
    inside = (np.rint(exact) >= lowest) & (np.rint(exact) <= highest)
    of_step = (grad * np.where(inside, codes - exact, codes)).sum()
    return grad * inside, of_step, (grad * ~inside).sum()


@wrong(checks.offset_gradients, OF_STEP)
def residue_without_the_offset(x, step, offset, lowest, highest, grad):
    # the offset was taken off for the codes alone
    codes, _, inside = parts(x, step, offset, lowest, highest)
    of_step = (grad * np.where(inside, codes - x / step, codes)).sum()
    return grad * inside, of_step, (grad * ~inside).sum()


@wrong(checks.offset_gradients, STILL)
def added_alone(x, step, offset, lowest, highest, grad):
    # it is added at the end, and taken off at the start
    codes, exact, inside = parts(x, step, offset, lowest, highest)
    of_step = (grad * np.where(inside, codes - exact, codes)).sum()
    return grad * inside, of_step, grad.sum()


@wrong(checks.offset_gradients, MOVES)
def never_moves(x, step, offset, lowest, highest, grad):
    codes, exact, inside = parts(x, step, offset, lowest, highest)
    of_step = (grad * np.where(inside, codes - exact, codes)).sum()
    return grad * inside, of_step, 0.0


@right(checks.offset_gradients)
def offset_by_autograd(x, step, offset, lowest, highest, grad):
    leaves = [
        torch.tensor(np.float64(a), requires_grad=True)
        for a in (x, step, offset)
    ]
    shifted = leaves[0] - leaves[2]
    ends = {"lowest": lowest, "highest": highest}
    rounded = round_learned_step(shifted, leaves[1], **ends) + leaves[2]
    rounded.backward(torch.tensor(grad))
    return [leaf.grad.numpy() for leaf in leaves]


SMALL = "the file has fewer than 80,000 bytes"
READS = "at least 460 are right"
STEPS = "at most 14 steps of the optimizer"
CHOICE = "nothing is chosen on the test images"
USED = "the result is an IntegerNetwork that can be saved and used"


def trained(model, **given):
    """Train LeNet300 on mnist5k, by default 7 steps at 2 bits."""
    few = {"weight_bits": 2, "epochs": 1, "batch_size": 512, "progress": False}
    data = datasets.load("mnist5k")
    return quantization.train_quantized(model, data, **few | given)


@wrong(checks.fit_the_meter, SMALL)
def three_bits(model):
    return trained(model, weight_bits=3).model


@wrong(checks.fit_the_meter, READS)
def rounded_afterwards(model):
    images = datasets.load("mnist5k").train.images
    return quantization.quantize_network(model, images, weight_bits=2)


@wrong(checks.fit_the_meter, READS)
def ranges_that_follow(model):
    few = {"method": "moving_range", "activation_bits": 2}
    return trained(model, **few).model


@wrong(checks.fit_the_meter, STEPS)
def for_too_long(model):
    # as the chapter's opening does
    return trained(model, activation_bits=2, batch_size=128).model


@wrong(checks.fit_the_meter, USED)
def with_its_history(model):
    return trained(model)


@wrong(checks.fit_the_meter, USED)
def not_yet_integers(model):
    return trained(model).trained


@wrong(checks.fit_the_meter, CHOICE)
def grids_of_the_test_images(model):
    images = datasets.load("mnist5k").test.images
    return quantization.to_integer(quantization.prepare(model, images))


@right(checks.fit_the_meter)
def more_bits_where_they_are_cheap(model):
    bits = {"classifier.3": 3, "classifier.5": 8}
    return trained(model, activation_bits=8, bits=bits).model
