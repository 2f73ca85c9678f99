"""Answers to the exercises of book/pruning_during_training.md."""

import math

import numpy as np
import torch
from torch import nn

from mini_compress import datasets, pruning
from mini_compress.checks import pruning_during_training as checks
from mini_compress.pruning import CubicSchedule, scale_penalty
from mini_compress.pruning.weights.regrowth import move_mask
from mini_compress.training import evaluate
from tests.checks.answers import right, wrong

HALF_WAY = "half way, seven eighths of the way are done"
THIRD_POWER = "what is left shrinks with the third power"
FROM_START = "the time counts from start, not from 0"
BEFORE = "before start nothing is removed"
AFTER = "from end on the sparsity is the final one"


def limited(progress):
    return min(max(progress, 0), 1)


@wrong(checks.cubic_sparsity, HALF_WAY)
def slow_first(step, start, end, final):
    # the power of the progress, not of what is left
    return final * limited((step - start) / (end - start)) ** 3


@wrong(checks.cubic_sparsity, HALF_WAY)
def straight(step, start, end, final):
    # NNI's LinearPruner
    return final * limited((step - start) / (end - start))


@wrong(checks.cubic_sparsity, HALF_WAY)
def kept_for_removed(step, start, end, final):
    # density and sparsity mixed up
    return 1 - cubic_of_schedule(step, start, end, final)


@wrong(checks.cubic_sparsity, THIRD_POWER)
def exponential(step, start, end, final):
    # every step removes the same share of what is left to go
    return final * (1 - 64 ** -limited((step - start) / (end - start)))


@wrong(checks.cubic_sparsity, FROM_START)
def counted_from_zero(step, start, end, final):
    # start is when pruning begins, and is not taken off
    return final * (1 - (1 - limited(step / end)) ** 3)


@wrong(checks.cubic_sparsity, FROM_START)
def end_for_length(step, start, end, final):
    # the paper has t0 and a length n * dt, taken for the end
    return final * (1 - (1 - limited((step - start) / end)) ** 3)


@wrong(checks.cubic_sparsity, BEFORE)
def negative_before(step, start, end, final):
    # no lower limit: a sparsity below 0
    progress = min((step - start) / (end - start), 1)
    return final * (1 - (1 - progress) ** 3)


@wrong(checks.cubic_sparsity, AFTER)
def beyond_the_end(step, start, end, final):
    # no upper limit: more is removed than asked for
    progress = max((step - start) / (end - start), 0)
    return final * (1 - (1 - progress) ** 3)


@right(checks.cubic_sparsity)
def cubic_of_schedule(step, start, end, final):
    return CubicSchedule(final, start, end).sparsity(step)


@right(checks.cubic_sparsity)
def by_cases(step, start, end, final):
    if step < start:
        return 0
    if step >= end:
        return final
    left = np.float64(end - step) / (end - start)
    return final - final * left**3


MIDDLE = "an epoch in whose middle the masks become final counts"
LAST_STEP = "a change after the last step of an epoch still belongs to it"
NO_CHANGE = "without any change the first epoch may win"


@wrong(checks.first_final_epoch, MIDDLE)
def every_epoch(end, steps_per_epoch):
    # "keep the best epoch": the masks are not looked at
    return 1


@wrong(checks.first_final_epoch, MIDDLE)
def rounded_down(end, steps_per_epoch):
    # the last epoch that ends before the masks are final
    return max(1, end // steps_per_epoch)


@wrong(checks.first_final_epoch, MIDDLE)
def whole_epochs_only(end, steps_per_epoch):
    # waits for an epoch that is final from its first step
    return math.ceil(end / steps_per_epoch) + 1


@wrong(checks.first_final_epoch, LAST_STEP)
def counted_from_step_zero(end, steps_per_epoch):
    # steps from 0, epochs from 1
    return end // steps_per_epoch + 1


@wrong(checks.first_final_epoch, NO_CHANGE)
def epoch_zero(end, steps_per_epoch):
    # nothing is ever pruned: there is no epoch 0
    return -(-end // steps_per_epoch)


@right(checks.first_final_epoch)
def counted_up(end, steps_per_epoch):
    whole, rest = divmod(end, steps_per_epoch)
    return max(1, whole + bool(rest))


FIRST_WEIGHTS = "survivors have their first weights again"
SMALLEST = "the smallest trained magnitudes go"
SHARE = "the share is one of those that are left"
ROUNDED = "round(share * left) weights go, in any shape"


def removed_by(scores, trained, share):
    left = np.count_nonzero(trained)
    count = trained.size - left + round(share * left)
    return np.argsort(scores, axis=None, kind="stable")[:count]


@wrong(checks.next_ticket, FIRST_WEIGHTS)
def not_rewound(start, trained, share):
    # Han's pruning: the trained survivors are fine-tuned
    ticket = trained.copy()
    ticket.flat[removed_by(np.abs(trained), trained, share)] = 0
    return ticket


@wrong(checks.next_ticket, FIRST_WEIGHTS)
def drawn_anew(start, trained, share):
    # the control, in the place of the ticket
    other = np.random.default_rng(1).normal(size=start.shape)
    ticket = other.astype(np.float32)
    ticket.flat[removed_by(np.abs(trained), trained, share)] = 0
    return ticket


@wrong(checks.next_ticket, SMALLEST)
def chosen_by_start(start, trained, share):
    # the mask of a network that has not learned
    ticket = start.copy()
    scores = np.where(trained == 0, 0, np.abs(start))
    ticket.flat[removed_by(scores, trained, share)] = 0
    return ticket


@wrong(checks.next_ticket, SMALLEST)
def signed_weights(start, trained, share):
    # sorted without abs: large negative weights go first
    ticket = start.copy()
    ticket.flat[removed_by(trained, trained, share)] = 0
    return ticket


@wrong(checks.next_ticket, SHARE)
def share_of_all(start, trained, share):
    # the second round removes nothing that was not gone already
    count = round(share * trained.size)
    ticket = start.copy()
    ticket.flat[np.argsort(np.abs(trained), axis=None)[:count]] = 0
    return ticket


@wrong(checks.next_ticket, SHARE)
def the_removed_come_back(start, trained, share):
    # a mask of this round alone
    kept = np.flatnonzero(trained)
    smallest = np.argsort(np.abs(trained.flat[kept]))
    ticket = start.copy()
    ticket.flat[kept[smallest[: round(share * kept.size)]]] = 0
    return ticket


@wrong(checks.next_ticket, ROUNDED)
def first_row_decides(start, trained, share):
    # a threshold for each row of a matrix
    rows = np.atleast_2d(trained)
    ticket = np.atleast_2d(start).copy()
    for row, old in zip(ticket, rows, strict=True):
        row[removed_by(np.abs(old), old, share)] = 0
    return ticket.reshape(start.shape)


@right(checks.next_ticket)
def by_threshold(start, trained, share):
    sizes = np.sort(np.abs(trained[trained != 0]))
    largest_removed = sizes[round(share * sizes.size) - 1]
    return np.where(np.abs(trained) > largest_removed, start, np.float32(0))


BOOL = "the result is a bool array of the mask's shape"
DROPPED = "the kept weights of the smallest magnitude are dropped"
GROWN = "the largest gradients grow, whatever their sign"
AS_MANY = "kept weights do not grow: as many are kept as before"
AGAIN = "a weight that was just dropped may grow again"


def without_smallest(mask, weight, count):
    sizes = np.where(mask, np.abs(weight), np.inf)
    stay = mask.copy()
    stay.flat[np.argsort(sizes, axis=None)[:count]] = False
    return stay


def with_largest(stay, pulls, count):
    grown = stay.copy()
    grown.flat[np.argsort(-pulls, axis=None, kind="stable")[:count]] = True
    return grown


@wrong(checks.regrow, BOOL)
def in_a_row(mask, weight, gradient, count):
    # flattened for the sort, and never given its shape back
    return move(mask, weight, gradient, count).ravel()


@wrong(checks.regrow, BOOL)
def zeros_and_ones(mask, weight, gradient, count):
    # a mask of floats, as torch.nn.utils.prune has it
    return move(mask, weight, gradient, count).astype(np.float32)


@wrong(checks.regrow, DROPPED)
def smallest_of_all(mask, weight, gradient, count):
    # the zeros of removed weights are the smallest: nothing is dropped
    stay = mask.copy()
    stay.flat[np.argsort(np.abs(weight), axis=None)[:count]] = False
    return with_largest(stay, np.where(stay, -1, np.abs(gradient)), count)


@wrong(checks.regrow, DROPPED)
def smallest_without_abs(mask, weight, gradient, count):
    # large negative weights go first
    stay = mask.copy()
    sizes = np.where(mask, weight, np.inf)
    stay.flat[np.argsort(sizes, axis=None)[:count]] = False
    return with_largest(stay, np.where(stay, -1, np.abs(gradient)), count)


@wrong(checks.regrow, DROPPED)
def never_moved(mask, weight, gradient, count):
    # a static mask
    return mask.copy()


@wrong(checks.regrow, GROWN)
def gradient_with_sign(mask, weight, gradient, count):
    # only positive gradients pull
    stay = without_smallest(mask, weight, count)
    return with_largest(stay, np.where(stay, -np.inf, gradient), count)


@wrong(checks.regrow, AS_MANY)
def kept_ones_grow(mask, weight, gradient, count):
    # the largest gradient of all: often one that is kept
    stay = without_smallest(mask, weight, count)
    return with_largest(stay, np.abs(gradient), count)


@wrong(checks.regrow, AGAIN)
def never_back(mask, weight, gradient, count):
    # grown among those that were removed before alone
    stay = without_smallest(mask, weight, count)
    return with_largest(stay, np.where(mask, -np.inf, np.abs(gradient)), count)


@right(checks.regrow)
def move(mask, weight, gradient, count):
    stay = without_smallest(mask, weight, count)
    return with_largest(stay, np.where(stay, -np.inf, np.abs(gradient)), count)


@right(checks.regrow)
def of_the_package(mask, weight, gradient, count):
    parameter = nn.Parameter(torch.from_numpy(weight))
    parameter.grad = torch.from_numpy(gradient)
    share = (count + 0.5) / max(int(mask.sum()), 1)
    return move_mask(torch.from_numpy(mask), parameter, share).numpy()


ONE_NUMBER = "the result is a tensor of one number"
SCALES = "it sums the absolute scales of all batch normalizations"
STRENGTH = "the strength multiplies it"
FLOWS = "gradients flow: strength * sign(scale)"


def norms_of(model, kinds=(nn.BatchNorm1d, nn.BatchNorm2d)):
    return [m for m in model.modules() if isinstance(m, kinds)]


@wrong(checks.slimming_penalty, ONE_NUMBER)
def by_item(model, strength):
    # a number of Python: nothing to differentiate
    return sum(strength * m.weight.abs().sum().item() for m in norms_of(model))


@wrong(checks.slimming_penalty, ONE_NUMBER)
def one_for_each_norm(model, strength):
    # not summed up
    return torch.stack(
        [strength * m.weight.abs().sum() for m in norms_of(model)]
    )


@wrong(checks.slimming_penalty, SCALES)
def squares(model, strength):
    # weight decay: scales shrink and none arrives at 0
    return strength * sum(m.weight.square().sum() for m in norms_of(model))


@wrong(checks.slimming_penalty, SCALES)
def without_abs(model, strength):
    # pushes scales below 0 and on
    return strength * sum(m.weight.sum() for m in norms_of(model))


@wrong(checks.slimming_penalty, SCALES)
def biases_too(model, strength):
    # all parameters() of the batch normalizations
    return strength * sum(
        p.abs().sum() for m in norms_of(model) for p in m.parameters()
    )


@wrong(checks.slimming_penalty, SCALES)
def only_in_two_dimensions(model, strength):
    # the published training script: isinstance(m, nn.BatchNorm2d)
    norms = norms_of(model, nn.BatchNorm2d)
    return strength * sum(m.weight.abs().sum() for m in norms)


@wrong(checks.slimming_penalty, SCALES)
def only_on_top(model, strength):
    # children() does not look into blocks
    return strength * sum(
        m.weight.abs().sum()
        for m in model.children()
        if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)
    )


@wrong(checks.slimming_penalty, SCALES)
def mean_of_scales(model, strength):
    # weaker the wider the network
    scales = torch.cat([m.weight for m in norms_of(model)])
    return strength * scales.abs().mean()


@wrong(checks.slimming_penalty, STRENGTH)
def strength_forgotten(model, strength):
    return torch.cat([m.weight for m in norms_of(model)]).abs().sum()


@wrong(checks.slimming_penalty, FLOWS)
def from_data(model, strength):
    # .data is cut off from the graph
    return strength * sum(m.weight.data.abs().sum() for m in norms_of(model))


@right(checks.slimming_penalty)
def norm_by_norm(model, strength):
    return sum(
        strength * torch.linalg.vector_norm(m.weight, 1)
        for m in norms_of(model)
    )


@right(checks.slimming_penalty)
def penalty_of_the_package(model, strength):
    return scale_penalty(strength)(model)


UNSEEN = "nothing is chosen on the test images"
SAVED = "the result is a LeNet300 that can be saved and used"
BUDGET = "the file has fewer than 45,000 bytes"
ENOUGH = "at least 440 are right"
STEPS = "at most 168 steps of the optimizer"


def gradually(model, **settings):
    tuned = {"epochs": 6, "every": 3, "learning_rate": 0.007}
    settings = {"scope": "global"} | tuned | settings
    data = datasets.load("mnist5k")
    return pruning.prune_gradually(model, data, 0.97, **settings).model


@wrong(checks.sparse_model, UNSEEN)
def judged_on_test(model):
    # the best sparsity by the test images
    data = datasets.load("mnist5k")
    masks = [pruning.magnitude_masks(model, x) for x in (0.9, 0.97)]
    small = [pruning.apply_masks(model, one) for one in masks]
    return max(small, key=lambda one: evaluate(one, data.test).num_correct)


@wrong(checks.sparse_model, SAVED)
def the_training(model):
    # prune_gradually returns the history too
    data = datasets.load("mnist5k")
    return pruning.prune_gradually(model, data, 0.97, epochs=1)


@wrong(checks.sparse_model, BUDGET)
def zeros_stored(model):
    # a masked network is as large as before
    return gradually(model, epochs=1)


@wrong(checks.sparse_model, BUDGET)
def not_sparse_enough(model):
    masks = pruning.magnitude_masks(model, 0.95)
    return pruning.store_sparse(pruning.apply_masks(model, masks))


@wrong(checks.sparse_model, ENOUGH)
def one_shot(model):
    # and fine-tuned in all six epochs
    masks = pruning.magnitude_masks(model, 0.97, scope="global")
    data = datasets.load("mnist5k")
    tuned = pruning.fine_tune(model, data, masks, epochs=6)
    return pruning.store_sparse(tuned.model)


@wrong(checks.sparse_model, STEPS)
def twelve_epochs(model):
    # a longer training, compared as if it were the same
    return pruning.store_sparse(gradually(model, epochs=12))


@right(checks.sparse_model)
def with_another_rate(model):
    return pruning.store_sparse(gradually(model, learning_rate=0.01))
