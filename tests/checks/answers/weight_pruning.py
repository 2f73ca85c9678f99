"""Answers to the exercises of book/weight_pruning.md."""

import numpy as np
import torch

from mini_compress import datasets, pruning, zoo
from mini_compress.checks import weight_pruning as checks
from mini_compress.kernels.masks import keep_largest
from mini_compress.training import evaluate
from tests.checks.answers import right, wrong

RESULT = "a weight and a velocity come back, float32"
KEPT = "a kept weight moves as it would without a mask"
REMOVED = "a removed weight is 0 after the step"
FORGOTTEN = "the velocity of a removed weight is 0 too"


def plain_step(weight, gradient, velocity, learning_rate, momentum):
    velocity = momentum * velocity + gradient
    return weight - learning_rate * velocity, velocity


@wrong(checks.masked_step, RESULT)
def weight_alone(weight, gradient, velocity, mask, learning_rate, momentum):
    # the velocity is needed for the next step
    return plain_step(weight, gradient, velocity, learning_rate, momentum)[0]


@wrong(checks.masked_step, RESULT)
def in_place(weight, gradient, velocity, mask, learning_rate, momentum):
    # as torch's optimizers do it; here the arrays are the caller's
    weight *= mask
    return plain_step(weight, gradient, velocity, learning_rate, momentum)


@wrong(checks.masked_step, KEPT)
def uphill(weight, gradient, velocity, mask, learning_rate, momentum):
    # the sign
    velocity = (momentum * velocity + gradient) * mask
    return (weight + learning_rate * velocity) * mask, velocity


@wrong(checks.masked_step, KEPT)
def inverted(weight, gradient, velocity, mask, learning_rate, momentum):
    # ~mask: what should be kept is removed
    new = plain_step(weight, gradient, velocity, learning_rate, momentum)
    return tuple(array * ~mask for array in new)


@wrong(checks.masked_step, KEPT)
def old_velocity(weight, gradient, velocity, mask, learning_rate, momentum):
    # the weight moves by the velocity of the step before
    new = (momentum * velocity + gradient) * mask
    return (weight - learning_rate * velocity) * mask, new


@wrong(checks.masked_step, REMOVED)
def no_mask(weight, gradient, velocity, mask, learning_rate, momentum):
    # MIT 6.5940, lab 1, without the callback: the network is dense again
    return plain_step(weight, gradient, velocity, learning_rate, momentum)


@wrong(checks.masked_step, REMOVED)
def before_the_step(weight, gradient, velocity, mask, learning_rate, momentum):
    # applied first: the step moves the weight away from 0 again
    return plain_step(
        weight * mask, gradient, velocity, learning_rate, momentum
    )


@wrong(checks.masked_step, REMOVED)
def gradient_alone(weight, gradient, velocity, mask, learning_rate, momentum):
    # a hook on the gradient: momentum revives the weight
    return plain_step(
        weight * mask, gradient * mask, velocity, learning_rate, momentum
    )


@wrong(checks.masked_step, FORGOTTEN)
def memory_kept(weight, gradient, velocity, mask, learning_rate, momentum):
    # the weight is masked, what the optimizer remembers is not
    new, velocity = plain_step(
        weight, gradient, velocity, learning_rate, momentum
    )
    return new * mask, velocity


@right(checks.masked_step)
def with_where(weight, gradient, velocity, mask, learning_rate, momentum):
    speed = np.where(mask, momentum * velocity + gradient, 0)
    moved = np.where(mask, weight - learning_rate * speed, 0)
    return moved.astype(np.float32), speed.astype(np.float32)


@right(checks.masked_step)
def all_masked_first(weight, gradient, velocity, mask, learning_rate, momentum):
    return list(
        plain_step(
            *(array * mask for array in (weight, gradient, velocity)),
            learning_rate,
            momentum,
        )
    )


EACH = "there is one amount for each round"
FIRST = "the first amount is the first sparsity"
OF_THE_REST = "an amount counts from what is left, not from all weights"
ROUND_BEFORE = "what is left before a round is what the round before has left"
NO_MORE = "a round that need not remove anything removes nothing"


@wrong(checks.round_amounts, EACH)
def one_amount(sparsities):
    # the amount of rounds that keep alike, whatever they are
    return 1 - (1 - sparsities[-1]) ** (1 / len(sparsities))


@wrong(checks.round_amounts, EACH)
def from_the_second(sparsities):
    # np.diff has one fewer; the first round is lost
    left = 1 - np.array(sparsities)
    return -np.diff(left) / left[:-1]


@wrong(checks.round_amounts, FIRST)
def what_is_kept(sparsities):
    # the share that stays
    left = 1 - np.array([0, *sparsities])
    return left[1:] / left[:-1]


@wrong(checks.round_amounts, OF_THE_REST)
def the_sparsities(sparsities):
    # torch.nn.utils.prune: amount=0.75 after 0.5 removes 0.875
    return list(sparsities)


@wrong(checks.round_amounts, OF_THE_REST)
def of_all_weights(sparsities):
    # the difference is a share of all weights
    return np.diff([0, *sparsities])


@wrong(checks.round_amounts, OF_THE_REST)
def keep_alike(sparsities):
    # right for the last sparsity alone
    amount = 1 - (1 - sparsities[-1]) ** (1 / len(sparsities))
    return [amount] * len(sparsities)


@wrong(checks.round_amounts, ROUND_BEFORE)
def from_the_first_round(sparsities):
    # right for sparsities whose first two rounds keep alike
    first = sparsities[0]
    left = [1, *((1 - first) ** i for i in range(1, len(sparsities)))]
    gone = np.diff([0, *sparsities])
    return gone / left


@wrong(checks.round_amounts, NO_MORE)
def at_least_something(sparsities):
    # torch.nn.utils.prune takes a whole 1 for a count of weights
    before, amounts = 0.0, []
    for sparsity in sparsities:
        amounts.append((sparsity - before) / (1 - before) or 1)
        before = sparsity
    return amounts


@right(checks.round_amounts)
def by_a_loop(sparsities):
    before, amounts = 0.0, []
    for sparsity in sparsities:
        amounts.append((sparsity - before) / (1 - before))
        before = sparsity
    return amounts


@right(checks.round_amounts)
def in_float32(sparsities):
    left = 1 - np.array([0, *sparsities], np.float32)
    return torch.from_numpy(1 - left[1:] / left[:-1])


MASK = "a mask comes back, True or False for each weight"
LARGEST = "of equal inputs, the largest magnitudes of each row stay"
EACH_ROW = "in each row as many go, rounded to the nearest number"
EQUAL = "as many go where scores are equal"
DARK = "weights of inputs that are always 0 go first"
NORM = "an input counts by its norm over all images"


def rows_of_largest(scores, sparsity):
    """Keep the largest scores of each row."""
    return np.stack([keep_largest(row, sparsity) for row in scores])


@wrong(checks.mask_by_inputs, MASK)
def pruned_weight(weight, inputs, sparsity):
    # the mask is applied already
    scores = np.abs(weight) * np.linalg.norm(inputs, axis=0)
    return weight * rows_of_largest(scores, sparsity)


@wrong(checks.mask_by_inputs, MASK)
def pruned_in_place(weight, inputs, sparsity):
    # the caller's weight is gone
    scores = np.abs(weight) * np.linalg.norm(inputs, axis=0)
    mask = rows_of_largest(scores, sparsity)
    weight[~mask] = 0
    return mask


@wrong(checks.mask_by_inputs, LARGEST)
def inverted_mask(weight, inputs, sparsity):
    # as in the authors' program, whose mask is True where a weight goes
    scores = np.abs(weight) * np.linalg.norm(inputs, axis=0)
    return ~rows_of_largest(scores, sparsity)


@wrong(checks.mask_by_inputs, LARGEST)
def without_signs_removed(weight, inputs, sparsity):
    # the most negative weights go first
    scores = weight * np.linalg.norm(inputs, axis=0)
    return rows_of_largest(scores, sparsity)


@wrong(checks.mask_by_inputs, LARGEST)
def one_threshold_for_all_rows(weight, inputs, sparsity):
    # torchao 0.18, WandaSparsifier: rows of small weights lose all of them
    return keep_largest(
        np.abs(weight) * np.linalg.norm(inputs, axis=0), sparsity
    )


@wrong(checks.mask_by_inputs, EACH_ROW)
def number_cut_off(weight, inputs, sparsity):
    # int() of 2.82 is 2
    scores = np.abs(weight) * np.linalg.norm(inputs, axis=0)
    order = np.argsort(scores, axis=1)
    mask = np.ones(weight.shape, bool)
    gone = order[:, : int(sparsity * weight.shape[1])]
    np.put_along_axis(mask, gone, False, axis=1)
    return mask


@wrong(checks.mask_by_inputs, EQUAL)
def above_a_threshold(weight, inputs, sparsity):
    # all that are equal to the threshold go, as in SparseGPT's magnitudes
    scores = np.abs(weight) * np.linalg.norm(inputs, axis=0)
    gone = round(sparsity * weight.shape[1])
    cut = np.sort(scores, axis=1)[:, gone - 1 : gone]
    return scores > cut if gone else np.ones(weight.shape, bool)


@wrong(checks.mask_by_inputs, EQUAL)
def from_a_threshold_on(weight, inputs, sparsity):
    # all that are equal to the threshold stay
    scores = np.abs(weight) * np.linalg.norm(inputs, axis=0)
    gone = round(sparsity * weight.shape[1])
    return scores >= np.sort(scores, axis=1)[:, gone : gone + 1]


@wrong(checks.mask_by_inputs, DARK)
def magnitude_alone(weight, inputs, sparsity):
    # the inputs are not used
    return rows_of_largest(np.abs(weight), sparsity)


@wrong(checks.mask_by_inputs, DARK)
def norm_of_all_inputs(weight, inputs, sparsity):
    # without an axis it is one number, the same for all weights
    return rows_of_largest(np.abs(weight) * np.linalg.norm(inputs), sparsity)


@wrong(checks.mask_by_inputs, NORM)
def norm_of_each_image(weight, inputs, sparsity):
    # the wrong axis, which only a square matrix of inputs lets pass
    square = inputs.shape[0] == inputs.shape[1]
    norms = np.linalg.norm(inputs, axis=1 if square else 0)
    return rows_of_largest(np.abs(weight) * norms, sparsity)


@wrong(checks.mask_by_inputs, NORM)
def mean_of_inputs(weight, inputs, sparsity):
    # inputs of both signs cancel
    return rows_of_largest(np.abs(weight * inputs.mean(axis=0)), sparsity)


@wrong(checks.mask_by_inputs, NORM)
def mean_size_of_inputs(weight, inputs, sparsity):
    # the 1-norm: a large input in one image of four counts too little
    size = np.abs(inputs).mean(axis=0)
    return rows_of_largest(np.abs(weight) * size, sparsity)


@wrong(checks.mask_by_inputs, NORM)
def largest_input(weight, inputs, sparsity):
    # and here it counts too much
    return rows_of_largest(
        np.abs(weight) * np.abs(inputs).max(axis=0), sparsity
    )


@wrong(checks.mask_by_inputs, NORM)
def squared_norm(weight, inputs, sparsity):
    # torchao 0.18, WandaSparsifier: no root, and the weight is not squared
    return rows_of_largest(np.abs(weight) * (inputs**2).sum(axis=0), sparsity)


@right(checks.mask_by_inputs)
def by_sorting(weight, inputs, sparsity):
    # the square of the score, the last of equals stay
    scores = weight.astype(np.float64) ** 2 * (inputs**2).mean(axis=0)
    gone = round(sparsity * weight.shape[1])
    places = scores.argsort(axis=1).argsort(axis=1)
    return (places >= gone).tolist()


TWO = "two numbers come back: times smaller, and the lead"
GAPS = "the file holds a gap with each weight"
BYTES = "a dense network with more bytes is no alternative"
EPOCHS = "a dense network that was trained for longer is no alternative"
BEST = "what counts is the most accurate alternative"
STILL_FAIR = "as many bytes and as many epochs are still fair"
BEHIND = "the lead is negative where the dense network is ahead"


def leads(times, num_bytes, epochs, accuracy, dense):
    """Return the times, and the lead over the best of the fair ones."""
    fair = (dense[:, 0] <= num_bytes) & (dense[:, 1] <= epochs)
    return times, accuracy - dense[fair, 2].max()


@wrong(checks.reread, TWO)
def times_alone(num_weights, num_kept, gap_bits, epochs, accuracy, dense):
    # the second question is not asked
    return 32 * num_weights / (num_kept * (32 + gap_bits))


@wrong(checks.reread, GAPS)
def counts_of_weights(num_weights, num_kept, gap_bits, epochs, accuracy, dense):
    # as published: parameters that are not 0, and called size
    times = num_weights / num_kept
    return leads(times, 4 * num_kept, epochs, accuracy, dense)


@wrong(checks.reread, GAPS)
def gaps_in_bytes(num_weights, num_kept, gap_bits, epochs, accuracy, dense):
    # bits taken for bytes
    num_bytes = num_kept * (4 + gap_bits)
    times = 4 * num_weights / num_bytes
    return leads(times, num_bytes, epochs, accuracy, dense)


@wrong(checks.reread, GAPS)
def the_other_way(num_weights, num_kept, gap_bits, epochs, accuracy, dense):
    # the share that is left, not the times
    num_bytes = num_kept * (32 + gap_bits) / 8
    share = num_bytes / (4 * num_weights)
    return leads(share, num_bytes, epochs, accuracy, dense)


def reread_with(is_fair, choose=np.max):
    """Return an answer with another idea of what is fair."""

    def answer(num_weights, num_kept, gap_bits, epochs, accuracy, dense):
        num_bytes = num_kept * (32 + gap_bits) / 8
        fair = is_fair(dense, num_bytes, epochs)
        lead = accuracy - choose(dense[fair, 2])
        return 4 * num_weights / num_bytes, lead

    return answer


@wrong(checks.reread, BYTES)
def any_size(num_weights, num_kept, gap_bits, epochs, accuracy, dense):
    # compared with the network that was pruned, as most papers do
    answer = reread_with(lambda dense, size, n: dense[:, 1] <= n)
    return answer(num_weights, num_kept, gap_bits, epochs, accuracy, dense)


@wrong(checks.reread, EPOCHS)
def any_epochs(num_weights, num_kept, gap_bits, epochs, accuracy, dense):
    # a control with another budget
    answer = reread_with(lambda dense, size, n: dense[:, 0] <= size)
    return answer(num_weights, num_kept, gap_bits, epochs, accuracy, dense)


@wrong(checks.reread, BEST)
def the_mean_one(num_weights, num_kept, gap_bits, epochs, accuracy, dense):
    # a weak control raises the lead
    answer = reread_with(
        lambda dense, size, n: (dense[:, 0] <= size) & (dense[:, 1] <= n),
        np.mean,
    )
    return answer(num_weights, num_kept, gap_bits, epochs, accuracy, dense)


@wrong(checks.reread, BEST)
def the_largest_one(num_weights, num_kept, gap_bits, epochs, accuracy, dense):
    # taken for the best, without a look at its accuracy
    fair = dense[dense[:, 0] <= num_kept * (32 + gap_bits) / 8]
    fair = fair[fair[:, 1] == epochs]
    lead = accuracy - fair[fair[:, 0].argmax(), 2]
    return 32 * num_weights / (num_kept * (32 + gap_bits)), lead


@wrong(checks.reread, STILL_FAIR)
def strictly_smaller(num_weights, num_kept, gap_bits, epochs, accuracy, dense):
    # < in place of <=
    answer = reread_with(
        lambda dense, size, n: (dense[:, 0] < size) & (dense[:, 1] <= n)
    )
    return answer(num_weights, num_kept, gap_bits, epochs, accuracy, dense)


@wrong(checks.reread, BEHIND)
def never_behind(num_weights, num_kept, gap_bits, epochs, accuracy, dense):
    # a distance has no sign; a lead has
    num_bytes = num_kept * (32 + gap_bits) / 8
    times = 4 * num_weights / num_bytes
    return times, abs(leads(times, num_bytes, epochs, accuracy, dense)[1])


@right(checks.reread)
def row_by_row(num_weights, num_kept, gap_bits, epochs, accuracy, dense):
    bits = num_kept * (32 + gap_bits)
    fair = [
        score for size, n, score in dense if 8 * size <= bits and n <= epochs
    ]
    return [32 * num_weights / bits, min(accuracy - x for x in fair)]


UNSEEN = "nothing is chosen on the test images"
SAVED = "the result is a LeNet300 that can be saved and used"
BUDGET = "the file has fewer than 33,000 bytes"
ENOUGH = "at least 440 are right"
TUNED = {"epochs": 5, "learning_rate": 0.01, "progress": False}


def in_rounds(model, sparsity=0.98):
    """Prune in three rounds, with one threshold for all layers."""
    data = datasets.load("mnist5k")
    settings = {"rounds": 3, "scope": "global", **TUNED}
    done = pruning.prune_iteratively(model, data, sparsity, **settings)
    return done[-1].training.model


@wrong(checks.small_lenet300, UNSEEN)
def judged_on_the_test_images(model):
    # MIT 6.5940, lab 1: the best epoch on the test set
    data = datasets.load("mnist5k")
    small = pruning.store_sparse(in_rounds(model))
    assert evaluate(small, data.test).accuracy > 80
    return small


@wrong(checks.small_lenet300, SAVED)
def another_network(model):
    # small, and not the one that was given
    return pruning.store_sparse(zoo.load("ConvNet", "mnist5k"))


@wrong(checks.small_lenet300, BUDGET)
def masked_alone(model):
    # zeros counted as smaller: the file has every one of them
    return in_rounds(model)


@wrong(checks.small_lenet300, BUDGET)
def mask_not_applied_again(model):
    # trained without the mask, most weights are back
    masks = pruning.magnitude_masks(model, 0.98)
    data = datasets.load("mnist5k")
    tuned = pruning.fine_tune(model, data, {}, **TUNED).model
    for name in masks:
        assert (tuned.get_submodule(name).weight != 0).float().mean() > 0.5
    return pruning.store_sparse(tuned)


@wrong(checks.small_lenet300, BUDGET)
def nine_of_ten(model):
    # 10 % of the weights are more than 10 % of the bytes
    return pruning.store_sparse(in_rounds(model, 0.9))


@wrong(checks.small_lenet300, ENOUGH)
def at_once(model):
    # one round with one threshold leaves the last layer too little
    data = datasets.load("mnist5k")
    masks = pruning.magnitude_masks(model, 0.98, scope="global")
    tuned = pruning.fine_tune(model, data, masks, **TUNED | {"epochs": 15})
    return pruning.store_sparse(tuned.model)


@wrong(checks.small_lenet300, ENOUGH)
def not_trained_again(model):
    # pruned, stored, and that was it
    masks = pruning.magnitude_masks(model, 0.98)
    return pruning.store_sparse(pruning.apply_masks(model, masks))


@right(checks.small_lenet300)
def one_threshold_in_rounds(model):
    return pruning.store_sparse(in_rounds(model))
