"""Answers to the exercises of book/weight_pruning.md."""

import numpy as np
import torch
from torch.nn.utils import prune

from mini_compress import datasets, pruning, zoo
from mini_compress.checks import weight_pruning as checks
from mini_compress.kernels.masks import keep_largest, keep_largest_global
from mini_compress.training import evaluate
from tests.checks.answers import right, wrong

FORM = "the mask is bool and has the shape of weight"
LARGEST = "True are the weights of the largest magnitude"
COUNT = "round(sparsity * size) weights go, no more and no fewer"
TIES = "the count holds where many weights have the same magnitude"
NOTHING = "sparsity 0 keeps every weight, a 0 among them"


@wrong(checks.magnitude_mask, FORM)
def mask_of_floats(weight, sparsity):
    # torch.nn.utils.prune: weight_mask is a float tensor
    return keep_largest(np.abs(weight), sparsity).astype(np.float32)


@wrong(checks.magnitude_mask, FORM)
def pruned_weight(weight, sparsity):
    # MIT 6.5940, lab 1: the function prunes, and returns what it likes
    return weight * keep_largest(np.abs(weight), sparsity)


@wrong(checks.magnitude_mask, FORM)
def flat_mask(weight, sparsity):
    # the shape is lost with argsort
    return keep_largest(np.abs(weight), sparsity).ravel()


@wrong(checks.magnitude_mask, FORM)
def zeroed_in_place(weight, sparsity):
    # the caller's weights are gone
    mask = keep_largest(np.abs(weight), sparsity)
    weight[~mask] = 0
    return mask


@wrong(checks.magnitude_mask, LARGEST)
def without_magnitude(weight, sparsity):
    # weight > threshold: every negative weight goes first
    return keep_largest(weight, sparsity)


@wrong(checks.magnitude_mask, LARGEST)
def true_where_removed(weight, sparsity):
    # numpy.ma: True is what is masked
    return ~keep_largest(np.abs(weight), sparsity)


@wrong(checks.magnitude_mask, LARGEST)
def row_by_row(weight, sparsity):
    # Wanda ranks within each output; that is another method
    rows = np.atleast_2d(np.abs(weight))
    mask = np.array([keep_largest(row, sparsity) for row in rows])
    return mask.reshape(weight.shape)


def places(weight, pruned):
    """Keep all but so many places of the smallest magnitudes."""
    mask = np.ones(weight.size, bool)
    mask[np.argsort(np.abs(weight), axis=None, kind="stable")[:pruned]] = False
    return mask.reshape(weight.shape)


@wrong(checks.magnitude_mask, COUNT)
def digits_cut_off(weight, sparsity):
    # Wanda and torchao: int(n * sparsity)
    return places(weight, int(weight.size * sparsity))


@wrong(checks.magnitude_mask, COUNT)
def half_up(weight, sparsity):
    # 2.5 becomes 3
    return places(weight, int(np.floor(weight.size * sparsity + 0.5)))


@wrong(checks.magnitude_mask, COUNT)
def one_more(weight, sparsity):
    # SparseGPT: magnitude <= sorted[k] removes k + 1
    size = np.sort(np.abs(weight), axis=None)
    return np.abs(weight) > size[round(sparsity * weight.size)]


@wrong(checks.magnitude_mask, COUNT)
def by_quantile(weight, sparsity):
    # a threshold between two weights is not a count
    return np.abs(weight) > np.quantile(np.abs(weight), sparsity)


@wrong(checks.magnitude_mask, TIES)
def above_the_threshold(weight, sparsity):
    # published solutions of MIT 6.5940, lab 1: torch.gt(size, threshold)
    pruned = round(sparsity * weight.size)
    if pruned == 0:
        return np.ones(weight.shape, bool)
    return np.abs(weight) > np.sort(np.abs(weight), axis=None)[pruned - 1]


@wrong(checks.magnitude_mask, TIES)
def from_the_threshold(weight, sparsity):
    # >= keeps all ties instead
    kept = weight.size - round(sparsity * weight.size)
    return np.abs(weight) >= np.sort(np.abs(weight), axis=None)[-kept]


@wrong(checks.magnitude_mask, NOTHING)
def zeros_are_removed_already(weight, sparsity):
    # a weight that is 0 counts as pruned, whatever was asked for
    if sparsity == 0:
        return weight != 0
    return places(weight, round(sparsity * weight.size))


@wrong(checks.magnitude_mask, NOTHING)
def negative_zero(weight, sparsity):
    # order[-0:] is everything
    pruned = round(sparsity * weight.size)
    order = np.argsort(-np.abs(weight), axis=None, kind="stable")
    mask = np.ones(weight.size, bool)
    mask[order[-pruned:]] = False
    return mask.reshape(weight.shape)


@right(checks.magnitude_mask)
def by_torch(weight, sparsity):
    layer = torch.nn.Module()
    layer.weight = torch.nn.Parameter(torch.from_numpy(weight))
    prune.l1_unstructured(layer, "weight", amount=float(sparsity))
    return layer.weight_mask.numpy().astype(bool)


@right(checks.magnitude_mask)
def the_last_of_the_ties(weight, sparsity):
    kept = weight.size - round(weight.size * sparsity)
    mask = np.zeros(weight.size, bool)
    by_size = np.argsort(np.abs(weight).ravel(), kind="stable")
    mask[by_size[weight.size - kept :]] = True
    return mask.reshape(weight.shape)


MASKS = "there is one bool mask for each weight, of its shape"
TOGETHER = "what stays is the largest of all layers together"
EMPTY = "a layer may lose all its weights, or none"
TIED = "the count holds where magnitudes are equal, within and across layers"


def sizes(weights):
    return [np.abs(weight) for weight in weights]


@wrong(checks.global_masks, MASKS)
def one_mask(weights, sparsity):
    # the joined mask, not taken apart
    joined = np.concatenate([size.ravel() for size in sizes(weights)])
    return keep_largest(joined, sparsity)


@wrong(checks.global_masks, MASKS)
def flat_masks(weights, sparsity):
    # taken apart, and not brought back into shape
    masks = keep_largest_global(sizes(weights), sparsity)
    return [mask.ravel() for mask in masks]


@wrong(checks.global_masks, TOGETHER)
def layer_by_layer(weights, sparsity):
    # the same share of each layer
    return [keep_largest(size, sparsity) for size in sizes(weights)]


@wrong(checks.global_masks, TOGETHER)
def mean_threshold(weights, sparsity):
    # the mean of the layers' thresholds is not the threshold of all
    cut = np.mean([np.quantile(size, sparsity) for size in sizes(weights)])
    return [size > cut for size in sizes(weights)]


@wrong(checks.global_masks, TOGETHER)
def without_magnitudes(weights, sparsity):
    # negative weights go first
    return keep_largest_global(weights, sparsity)


@wrong(checks.global_masks, EMPTY)
def at_least_one(weights, sparsity):
    # a rule for channels, where an empty layer stops the network
    masks = keep_largest_global(sizes(weights), sparsity)
    for mask, size in zip(masks, sizes(weights), strict=True):
        if not mask.any():
            mask.flat[size.argmax()] = True
    return masks


@wrong(checks.global_masks, TIED)
def threshold_of_all(weights, sparsity):
    # right but for ties
    joined = np.sort(np.concatenate([x.ravel() for x in sizes(weights)]))
    pruned = round(sparsity * len(joined))
    cut = joined[pruned - 1] if pruned else -1
    return [size > cut for size in sizes(weights)]


@right(checks.global_masks)
def by_split(weights, sparsity):
    joined = np.concatenate([weight.ravel() for weight in weights])
    mask = keep_largest(np.abs(joined), sparsity)
    ends = np.cumsum([weight.size for weight in weights])[:-1]
    parts = np.split(mask, ends)
    return tuple(
        x.reshape(w.shape) for x, w in zip(parts, weights, strict=True)
    )


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


EACH = "there is one sparsity for each round"
LAST = "after the last round it is the sparsity asked for"
ALIKE = "every round keeps the same share of what the one before has kept"


@wrong(checks.round_sparsities, EACH)
def share_of_a_round(sparsity, rounds):
    # the share alone, not what it comes to
    return 1 - (1 - sparsity) ** (1 / rounds)


@wrong(checks.round_sparsities, EACH)
def from_dense(sparsity, rounds):
    # begins with the network as it was
    return [1 - (1 - sparsity) ** (i / rounds) for i in range(rounds + 1)]


@wrong(checks.round_sparsities, LAST)
def again_and_again(sparsity, rounds):
    # torch.nn.utils.prune: amount=0.5 twice leaves a quarter
    return [1 - (1 - sparsity) ** i for i in range(1, rounds + 1)]


@wrong(checks.round_sparsities, LAST)
def a_part_of_what_is_left(sparsity, rounds):
    # sparsity / rounds of what is left: too little in the end
    return [1 - (1 - sparsity / rounds) ** i for i in range(1, rounds + 1)]


@wrong(checks.round_sparsities, LAST)
def one_round_too_few(sparsity, rounds):
    # range(rounds): starts dense and stops before the end
    return [1 - (1 - sparsity) ** (i / rounds) for i in range(rounds)]


@wrong(checks.round_sparsities, ALIKE)
def evenly(sparsity, rounds):
    # the last round takes half of what is left, the first little
    return [sparsity * i / rounds for i in range(1, rounds + 1)]


@wrong(checks.round_sparsities, ALIKE)
def cubic(sparsity, rounds):
    # the schedule of gradual pruning, which is another one
    return [
        sparsity * (1 - (1 - i / rounds) ** 3) for i in range(1, rounds + 1)
    ]


@right(checks.round_sparsities)
def by_multiplying(sparsity, rounds):
    keep = (1 - sparsity) ** (1 / rounds)
    kept, result = 1.0, []
    for _ in range(rounds):
        kept *= keep
        result.append(1 - kept)
    return np.array(result)


@right(checks.round_sparsities)
def in_float32(sparsity, rounds):
    keep = np.float32(1 - sparsity) ** np.float32(1 / rounds)
    return 1 - keep ** np.arange(1, rounds + 1, dtype=np.float32)


FOR_EACH = "there is a sparsity for each layer, the highest of low cost"
OWN = "each layer is judged by its own accuracies"
EXACTLY = "a loss of exactly `drop` is allowed"
NO_END = "a level that is too much does not end the search"
FROM_DENSE = "the loss counts from the accuracy at sparsity 0"
POINTS = "`drop` is in percentage points"


@wrong(checks.layer_sparsities, FOR_EACH)
def places_of_sparsities(sparsities, accuracies, drop):
    # an index in place of the sparsity
    return {
        name: max(i for i, x in enumerate(row) if row[0] - x <= drop)
        for name, row in accuracies.items()
    }


@wrong(checks.layer_sparsities, FOR_EACH)
def most_accurate(sparsities, accuracies, drop):
    # the best accuracy is that of the dense network
    return {
        name: sparsities[int(np.argmax(row))]
        for name, row in accuracies.items()
    }


@wrong(checks.layer_sparsities, FOR_EACH)
def first_that_is_too_much(sparsities, accuracies, drop):
    # one step too far
    return {
        name: next(
            (
                s
                for s, x in zip(sparsities, row, strict=True)
                if row[0] - x > drop
            ),
            sparsities[-1],
        )
        for name, row in accuracies.items()
    }


@wrong(checks.layer_sparsities, OWN)
def the_same_for_all(sparsities, accuracies, drop):
    # the most sensitive layer decides for all
    chosen = by_max(sparsities, accuracies, drop)
    return dict.fromkeys(chosen, min(chosen.values()))


@wrong(checks.layer_sparsities, EXACTLY)
def strictly_less(sparsities, accuracies, drop):
    # < in place of <=; max of nothing is avoided by the 0 of the first
    return {
        name: max(
            s
            for s, x in zip(sparsities, row, strict=True)
            if s == 0 or row[0] - x < drop
        )
        for name, row in accuracies.items()
    }


@wrong(checks.layer_sparsities, FROM_DENSE)
def from_the_best(sparsities, accuracies, drop):
    # one lucky score makes all others look bad
    return {
        name: max(
            s
            for s, x in zip(sparsities, row, strict=True)
            if max(row) - x <= drop
        )
        for name, row in accuracies.items()
    }


@wrong(checks.layer_sparsities, POINTS)
def relative(sparsities, accuracies, drop):
    # percent of the accuracy
    return {
        name: max(
            s
            for s, x in zip(sparsities, row, strict=True)
            if x >= row[0] * (1 - drop / 100)
        )
        for name, row in accuracies.items()
    }


@right(checks.layer_sparsities)
def down_to_the_first_success(sparsities, accuracies, drop):
    chosen = {}
    for name, row in accuracies.items():
        levels = zip(reversed(sparsities), reversed(row), strict=True)
        chosen[name] = next(s for s, x in levels if x >= row[0] - drop)
    return chosen


@right(checks.layer_sparsities)
def by_max(sparsities, accuracies, drop):
    return {
        name: max(
            s
            for s, x in zip(sparsities, row, strict=True)
            if row[0] - x <= drop
        )
        for name, row in accuracies.items()
    }


@wrong(checks.layer_sparsities, NO_END)
def up_to_the_first_failure(sparsities, accuracies, drop):
    # one unlucky score hides all higher levels
    chosen = {}
    for name, row in accuracies.items():
        chosen[name] = 0
        for sparsity, accuracy in zip(sparsities, row, strict=True):
            if accuracy < row[0] - drop:
                break
            chosen[name] = sparsity
    return chosen


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
