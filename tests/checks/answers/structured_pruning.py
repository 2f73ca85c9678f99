"""Answers to the exercises of book/structured_pruning.md."""

import itertools

import numpy as np

from mini_compress import datasets, zoo
from mini_compress.checks import structured_pruning as checks
from mini_compress.pruning import (
    choose_channels,
    find_groups,
    mask_channels,
    prune_filters,
    score_channels,
    thin,
)
from mini_compress.training import evaluate
from tests.checks.answers import right, wrong

FILTERS = "the filters and biases of the kept channels stay"
POSITIONS = "the next layer keeps all positions of the kept channels"
NOTHING = "everything kept changes nothing"


def columns_of(next_weight, channels, kept):
    """Keep the columns of the flattened maps of some channels."""
    by_channel = next_weight.reshape(len(next_weight), channels, -1)
    return by_channel[:, kept].reshape(len(next_weight), -1)


@wrong(checks.remove_channels, FILTERS)
def zeroed_in_place_of_removed(weight, bias, next_weight, kept):
    # torch.nn.utils.prune.ln_structured: a mask, and nothing gets smaller
    mask = np.isin(np.arange(len(weight)), kept)
    return (
        weight * mask[:, None, None, None],
        bias * mask,
        next_weight,
    )


@wrong(checks.remove_channels, FILTERS)
def bias_forgotten(weight, bias, next_weight, kept):
    # the rows go, the biases stay
    return weight[kept], bias, columns_of(next_weight, len(bias), kept)


@wrong(checks.remove_channels, FILTERS)
def inputs_in_place_of_filters(weight, bias, next_weight, kept):
    # axis 1 of a convolution are its inputs
    kept_inputs = kept[kept < weight.shape[1]]
    return (
        weight[:, kept_inputs],
        bias[kept],
        columns_of(next_weight, len(bias), kept),
    )


@wrong(checks.remove_channels, FILTERS)
def first_filters(weight, bias, next_weight, kept):
    # as many, but not those: `prune(...)[:n]` without the ranking
    first = np.arange(len(kept))
    return weight[first], bias[first], columns_of(next_weight, len(bias), first)


@wrong(checks.remove_channels, POSITIONS)
def channel_taken_for_a_column(weight, bias, next_weight, kept):
    # Torch-Pruning, issues on flatten: index of the channel, not of columns
    return weight[kept], bias[kept], next_weight[:, kept]


@wrong(checks.remove_channels, POSITIONS)
def positions_first(weight, bias, next_weight, kept):
    # position * channels + channel: the order of channels-last maps
    by_position = next_weight.reshape(len(next_weight), -1, len(bias))
    after = by_position[:, :, kept].reshape(len(next_weight), -1)
    return weight[kept], bias[kept], after


@wrong(checks.remove_channels, NOTHING)
def one_is_always_removed(weight, bias, next_weight, kept):
    # a loop that runs once too often
    kept = kept[:-1] if len(kept) == len(bias) else kept
    return weight[kept], bias[kept], columns_of(next_weight, len(bias), kept)


@right(checks.remove_channels)
def by_a_mask_of_columns(weight, bias, next_weight, kept):
    mask = np.zeros(len(bias), bool)
    mask[kept] = True
    positions = next_weight.shape[1] // len(bias)
    return [weight[mask], bias[mask], next_weight[:, mask.repeat(positions)]]


SHARES = "one share for each channel, over all images and positions"
ZEROS = "zeros are counted, whatever the size of the others"
ENDS = "a channel that is always 0 has APoZ 1, one never 0"


@wrong(checks.apoz, SHARES)
def of_each_image(activations):
    # a share for each image and channel
    return (activations == 0).mean(axis=(2, 3))


@wrong(checks.apoz, SHARES)
def share_of_the_others(activations):
    # of what is not zero: the order is reversed, and the best channels go
    return (activations != 0).mean(axis=(0, 2, 3))


@wrong(checks.apoz, SHARES)
def mean_activation(activations):
    # the other statistic
    return activations.mean(axis=(0, 2, 3))


@wrong(checks.apoz, SHARES)
def in_percent(activations):
    # the name says percentage
    return 100 * (activations == 0).mean(axis=(0, 2, 3))


@wrong(checks.apoz, ZEROS)
def nearly_zero(activations):
    # a threshold makes the result depend on the scale of the layer
    return (activations < 1e-4).mean(axis=(0, 2, 3))


@wrong(checks.apoz, ENDS)
def smoothed(activations):
    # "to be safe": a channel that is never active gets no share of 1
    zeros = (activations == 0).sum(axis=(0, 2, 3))
    count = activations[:, 0].size
    return np.where(zeros == count, 0.0, zeros / count)


@right(checks.apoz)
def by_counting(activations):
    n, channels, rows, cols = activations.shape
    alive = np.array(
        [np.count_nonzero(activations[:, c]) for c in range(channels)]
    )
    return 1 - alive / (n * rows * cols)


DENSE = "with nothing removed, weights and biases are counted"
BOTH = "input and output stay, hidden layers lose rows and columns"
HALVES = "numbers of neurons are rounded half to even"
NEVER_EMPTY = "no layer is emptied"


def count(sizes):
    return sum((a + 1) * b for a, b in itertools.pairwise(sizes))


@wrong(checks.thinned_parameters, DENSE)
def without_biases(sizes, ratio):
    return sum(a * b for a, b in itertools.pairwise(sizes))


@wrong(checks.thinned_parameters, BOTH)
def share_of_the_parameters(sizes, ratio):
    # Torch-Pruning, issue 199: the ratio is one of channels
    return round((1 - ratio) * count(sizes))


@wrong(checks.thinned_parameters, BOTH)
def rows_alone(sizes, ratio):
    # the next layer keeps reading neurons that are gone
    kept = [round((1 - ratio) * size) for size in sizes[1:-1]] + [sizes[-1]]
    return sum((a + 1) * b for a, b in zip(sizes, kept, strict=False))


@wrong(checks.thinned_parameters, BOTH)
def classes_pruned_too(sizes, ratio):
    # the network knows five digits
    hidden = [size - round(ratio * size) for size in sizes[1:]]
    return count([sizes[0], *hidden])


@wrong(checks.thinned_parameters, HALVES)
def cut_off(sizes, ratio):
    # Wanda and torchao: int(n * s)
    hidden = [max(size - int(ratio * size), 1) for size in sizes[1:-1]]
    return count([sizes[0], *hidden, sizes[-1]])


@wrong(checks.thinned_parameters, NEVER_EMPTY)
def emptied(sizes, ratio):
    # Torch-Pruning, issue 8: a layer without channels
    hidden = [size - round(ratio * size) for size in sizes[1:-1]]
    return count([sizes[0], *hidden, sizes[-1]])


@right(checks.thinned_parameters)
def by_layers(sizes, ratio):
    kept = list(sizes)
    for at in range(1, len(sizes) - 1):
        kept[at] = max(1, sizes[at] - int(np.rint(ratio * sizes[at])))
    weights = np.dot(kept[:-1], kept[1:])
    return weights + sum(kept[1:])


THROUGH = "the constant goes through all positions of the channel's filters"
SHIFT = "the normalization shifts by its mean, in units of its deviation"
EPS = "eps is added to the variance"
NEGATIVE = "the ReLU makes a negative constant 0"


def constant_of(norm):
    beta, gamma, mean, variance, eps = norm
    return max(beta - gamma * mean / np.sqrt(variance + eps), 0)


@wrong(checks.fold_constant, THROUGH)
def nothing_folded(bias, next_weight, channel, norm):
    # NNI, issue 2130: after the speed-up, another output
    return bias.copy()


@wrong(checks.fold_constant, THROUGH)
def center_alone(bias, next_weight, channel, norm):
    # the middle of the filter, as if it were 1x1
    return bias + constant_of(norm) * next_weight[:, channel, 1, 1]


@wrong(checks.fold_constant, THROUGH)
def mean_of_the_filter(bias, next_weight, channel, norm):
    return bias + constant_of(norm) * next_weight[:, channel].mean((1, 2))


@wrong(checks.fold_constant, THROUGH)
def all_channels(bias, next_weight, channel, norm):
    return bias + constant_of(norm) * next_weight.sum((1, 2, 3))


@wrong(checks.fold_constant, SHIFT)
def beta_alone(bias, next_weight, channel, norm):
    # the shift is not the constant unless the mean is 0
    constant = max(norm[0], 0)
    return bias + constant * next_weight[:, channel].sum((1, 2))


@wrong(checks.fold_constant, SHIFT)
def divided_by_the_variance(bias, next_weight, channel, norm):
    beta, gamma, mean, variance, eps = norm
    constant = max(beta - gamma * mean / (variance + eps), 0)
    return bias + constant * next_weight[:, channel].sum((1, 2))


@wrong(checks.fold_constant, EPS)
def without_eps(bias, next_weight, channel, norm):
    constant = constant_of((*norm[:4], 0))
    return bias + constant * next_weight[:, channel].sum((1, 2))


@wrong(checks.fold_constant, NEGATIVE)
def without_relu(bias, next_weight, channel, norm):
    beta, gamma, mean, variance, eps = norm
    constant = beta - gamma * mean / np.sqrt(variance + eps)
    return bias + constant * next_weight[:, channel].sum((1, 2))


@right(checks.fold_constant)
def by_a_constant_map(bias, next_weight, channel, norm):
    size = next_weight.shape[2:]
    constant = np.full(size, constant_of(norm))
    products = next_weight[:, channel] * constant
    return products.reshape(len(bias), -1).sum(axis=1) + bias


UNSEEN = "nothing is chosen on the test images"
SAVED = "the result is a LeNet5 that can be saved and used"
BYTES = "the file has fewer than 300,000 bytes"
MACS = "an image takes fewer than 700,000 MACs"
ENOUGH = "at least 470 are right"


def by_layer(model, *ratios, criterion="mean_activation", apply=thin):
    """Remove a share of its own from each of three layers."""
    images = datasets.load("mnist5k").train.take(500)
    groups = find_groups(model)
    scores = score_channels(
        model, groups, criterion, images=images.images, labels=images.labels
    )
    kept = {}
    for group, ratio in zip(groups, ratios, strict=True):
        kept |= choose_channels({group: scores[group]}, ratio)
    return apply(model, kept)


@wrong(checks.small_lenet5, UNSEEN)
def chosen_on_the_test_images(model):
    # MIT 6.5940, lab 1: sensitivities and the best epoch on the test set
    test = datasets.load("mnist5k").test
    candidates = [by_layer(model, 0.4, share, 0.7) for share in (0.5, 0.6)]
    return max(candidates, key=lambda one: evaluate(one, test).num_correct)


@wrong(checks.small_lenet5, SAVED)
def network_and_report(model):
    # what prune_filters returns, as it is
    return prune_filters(model, 0.6)


@wrong(checks.small_lenet5, SAVED)
def consumers_forgotten(model):
    # a layer loses rows, the next one goes on reading them
    small = by_layer(model, 0.4, 0.6, 0.7)
    small.classifier[3] = zoo.load("LeNet5", "mnist5k").classifier[3]
    return small


@wrong(checks.small_lenet5, BYTES)
def masked(model):
    # zeroed channels counted as smaller
    return by_layer(model, 0.4, 0.6, 0.7, apply=mask_channels)


@wrong(checks.small_lenet5, BYTES)
def convolutions_alone(model):
    # few MACs, but the linear layer holds the weights
    return by_layer(model, 0.4, 0.6, 0.0)


@wrong(checks.small_lenet5, MACS)
def linear_layer_alone(model):
    # few bytes, but the convolutions multiply
    return by_layer(model, 0.0, 0.5, 0.75)


@wrong(checks.small_lenet5, ENOUGH)
def same_share_of_every_layer(model):
    return prune_filters(model, 0.6)[0]


@wrong(checks.small_lenet5, ENOUGH)
def best_channels_removed(model):
    # APoZ without the sign: the most active go
    def worst(model, kept):
        groups = find_groups(model)
        rest = {g: len(kept[g]) for g in groups}
        images = datasets.load("mnist5k").train.take(500).images
        scores = score_channels(model, groups, "apoz", images=images)
        order = {g: scores[g].argsort()[: rest[g]] for g in groups}
        return thin(model, order)

    return by_layer(model, 0.4, 0.6, 0.7, apply=worst)


@right(checks.small_lenet5)
def other_shares(model):
    return by_layer(model, 0.4, 0.6, 0.65)
