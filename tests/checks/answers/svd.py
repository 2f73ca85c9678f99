"""Answers to the exercises of book/svd.md."""

import copy

import numpy as np

from mini_compress import datasets, low_rank, quantization
from mini_compress.checks import svd as checks
from mini_compress.training import train
from tests.checks.answers import right, wrong

PAIRS = "it returns one layer or two, pairs that fit together"
PRODUCT = "without a bias, the outputs are off by what was left out"
BIAS = "with a bias, they are off by no more"
RANK = "the rank is the smallest that keeps the share of the energy"
PAYS = "one layer is left where two would hold as many numbers"


def two_layers(
    weight, bias, share, *, power=2, pays=np.less, biases=(None, 1), more=0
):
    """Return what is right, or what the settings make wrong."""
    left, values, right = np.linalg.svd(weight, full_matrices=False)
    kept = np.cumsum(values**power) / np.sum(values**power)
    rank = 1 + more + int(np.argmax(kept >= share))
    if not pays(rank * sum(weight.shape), weight.size):
        return [(weight, bias)]
    first, second = (x and x * bias for x in biases)
    return [(right[:rank], first), (left[:, :rank] * values[:rank], second)]


@wrong(checks.compress, PAIRS)
def weights_alone(weight, bias, share):
    # without their biases
    return [x for x, _ in two_layers(weight, bias, share)]


@wrong(checks.compress, PAIRS)
def in_the_other_order(weight, bias, share):
    # as a product is written
    return two_layers(weight, bias, share)[::-1]


@wrong(checks.compress, PAIRS)
def columns_of_v(weight, bias, share):
    # numpy returns V transposed already
    (first, _), second = two_layers(weight, bias, share)
    return [(first.T, None), second]


@wrong(checks.compress, PRODUCT)
def values_in_both(weight, bias, share):
    # scaled twice
    (first, none), second = two_layers(weight, bias, share)
    values = np.linalg.svd(weight, compute_uv=False)[: len(first), np.newaxis]
    return [(values * first, none), second]


@wrong(checks.compress, PRODUCT)
def smallest_terms(weight, bias, share):
    # eigh sorts the other way
    rank = len(two_layers(weight, bias, share)[0][0])
    vectors = np.linalg.eigh(weight.T @ weight).eigenvectors
    first = vectors[:, :rank].T
    return [(first, None), (weight @ first.T, bias)]


@wrong(checks.compress, BIAS)
def bias_in_both(weight, bias, share):
    # the first one's is as long as it has outputs
    layers = two_layers(weight, bias, share)
    if len(layers) == 1:
        return layers
    (first, _), (second, _) = layers
    return [(first, bias[: len(first)]), (second, bias)]


@wrong(checks.compress, BIAS)
def bias_lost(weight, bias, share):
    # as printed
    return two_layers(weight, bias, share, biases=(None, None))


@wrong(checks.compress, BIAS)
def bias_twice(weight, bias, share):
    return two_layers(weight, bias, share, biases=(None, 2))


@wrong(checks.compress, RANK)
def share_of_the_values(weight, bias, share):
    # as printed: not squared
    return two_layers(weight, bias, share, power=1)


@wrong(checks.compress, RANK)
def one_term_more(weight, bias, share):
    return two_layers(weight, bias, share, more=1)


@wrong(checks.compress, PAYS)
def as_many_numbers(weight, bias, share):
    # the rank at which two hold as many
    return two_layers(weight, bias, share, pays=np.less_equal)


@wrong(checks.compress, PAYS)
def up_to_full_rank(weight, bias, share):
    # as printed: a rank above break-even called compression
    return two_layers(weight, bias, share, pays=lambda new, old: True)


@right(checks.compress)
def by_left_vectors(weight, bias, share):
    squares, vectors = np.linalg.eigh(weight @ weight.T)
    missed = np.cumsum(squares)  # (rows,) of the smallest first
    rank = int((missed > (1 - share) * missed[-1]).sum())
    if rank * sum(weight.shape) >= weight.size:
        return [[weight, bias]]
    left = vectors[:, -rank:]
    return [(left.T @ weight, np.zeros(rank)), (left, bias)]


SMALL = "the file has fewer than 90,000 bytes"
READS = "at least 460 are right"
STEPS = "at most 0 steps of the optimizer"
CHOICE = "nothing is chosen on the test images"
USED = "the result is a LeNet300 that can be saved and used"
RANKS = {"classifier.1": 13, "classifier.3": 12}


def images_of(part):
    return getattr(datasets.load("mnist5k"), part).images


@wrong(checks.fit_the_pen, SMALL)
def one_layer_alone(model):
    # the second layer alone takes 120,000 bytes
    ranks = {"classifier.1": 10}
    images = images_of("train")
    return low_rank.factorize(model, ranks, images=images).model


@wrong(checks.fit_the_pen, SMALL)
def multiplied_out(model):
    # of low rank, and as large as ever
    low = low_rank.factorize(model, RANKS).model
    whole = copy.deepcopy(model)
    for i in (1, 3):
        whole.classifier[i].weight.data = low.classifier[i].dense_weight()
    return whole


@wrong(checks.fit_the_pen, READS)
def without_images(model):
    # the nearest weights, not the nearest outputs
    return low_rank.factorize(model, RANKS).model


@wrong(checks.fit_the_pen, READS)
def all_to_the_first(model):
    # equal energy is not equal harm
    ranks = {"classifier.1": 16, "classifier.3": 4}
    images = images_of("train")
    return low_rank.factorize(model, ranks, images=images).model


@wrong(checks.fit_the_pen, STEPS)
def trained_on(model):
    # what the labels could do
    low = low_rank.factorize(model, RANKS, images=images_of("train")).model
    data = datasets.load("mnist5k")
    few = {"epochs": 1, "learning_rate": 1e-6}
    return train(low, data, progress=False, **few).model


@wrong(checks.fit_the_pen, USED)
def with_its_report(model):
    # factorize returns the network and what came of it
    return low_rank.factorize(model, RANKS, images=images_of("train"))


@wrong(checks.fit_the_pen, CHOICE)
def moments_of_the_test_images(model):
    # no labels, and yet the images that are to judge
    images = images_of("test")
    return low_rank.factorize(model, RANKS, images=images).model


@right(checks.fit_the_pen)
def factored_and_rounded(model):
    ranks = {"classifier.1": 30, "classifier.3": 20}
    images = images_of("train")
    low = low_rank.factorize(model, ranks, images=images).model
    return quantization.quantize_weights(low, bits=8)
