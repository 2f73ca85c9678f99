"""Answers to the exercises of book/structured_pruning.md."""

import numpy as np
import torch
from torch import nn

from mini_compress import datasets, zoo
from mini_compress.checks import structured_pruning as checks
from mini_compress.pruning import (
    choose_channels,
    find_groups,
    mask_channels,
    prune_filters,
    scale_penalty,
    score_channels,
    thin,
)
from mini_compress.training import evaluate
from tests.checks.answers import right, wrong

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


ONE_NUMBER = "the result is a tensor of one number"
SCALES = "it sums the absolute scales of all batch normalizations"
STRENGTH = "the strength multiplies it"
FLOWS = "gradients flow: strength * sign(scale)"


def norms_of(model, kinds=None):
    kinds = kinds or (nn.BatchNorm1d, nn.BatchNorm2d)
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
SAVED = "the result is a LeNet5 that can be saved and used"
BYTES = "the file has fewer than 300,000 bytes"
MACS = "an image takes fewer than 700,000 MACs"
ENOUGH = "at least 470 are right"


def by_layer(model, *ratios, criterion="mean_activation", apply=None):
    """Remove a share of its own from each of three layers."""
    images = datasets.load("mnist5k").train.take(500)
    groups = find_groups(model)
    scores = score_channels(
        model, groups, criterion, images=images.images, labels=images.labels
    )
    kept = {}
    for group, ratio in zip(groups, ratios, strict=True):
        kept |= choose_channels({group: scores[group]}, ratio)
    return (apply or thin)(model, kept)


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
