"""Answers to the exercises of book/svd.md."""

import copy

import numpy as np

from mini_compress import datasets, low_rank, quantization
from mini_compress.checks import svd as checks
from mini_compress.training import train
from tests.checks.answers import right, wrong

FORMS = "first is (rank, cols) and second (rows, rank)"
FULL = "at full rank, the product is the matrix itself"
NEAREST = "at a lower rank, it is the nearest of its rank"


@wrong(checks.split_weight, FORMS)
def in_the_other_order(weight, rank):
    # the layer that runs last is written first in a product
    left, values, rows = np.linalg.svd(weight)
    return left[:, :rank] * values[:rank], rows[:rank]


@wrong(checks.split_weight, FORMS)
def with_the_values_apart(weight, rank):
    # three factors, as an SVD has them
    left, values, rows = np.linalg.svd(weight)
    return rows[:rank], values[:rank], left[:, :rank]


@wrong(checks.split_weight, FORMS)
def columns_for_rows(weight, rank):
    # not transposed
    vectors = np.linalg.eigh(weight.T @ weight).eigenvectors[:, ::-1]
    return vectors[:, :rank], weight @ vectors[:, :rank]


@wrong(checks.split_weight, FULL)
def scaled_twice(weight, rank):
    # the second of the two bugs: W v has the singular value in it
    squares, vectors = np.linalg.eigh(weight.T @ weight)
    first = vectors[:, -rank:].T
    return first, (weight @ first.T) * np.sqrt(squares[-rank:])


@wrong(checks.split_weight, FULL)
def never_scaled(weight, rank):
    # two turns without the stretch between them
    left, _, rows = np.linalg.svd(weight)
    return rows[:rank], left[:, :rank]


@wrong(checks.split_weight, FORMS)
def rows_taken_for_columns(weight, rank):
    # numpy returns V transposed already
    left, values, rows = np.linalg.svd(weight, full_matrices=False)
    return rows[:, :rank].T, left[:, :rank] * values[:rank]


@wrong(checks.split_weight, NEAREST)
def smallest_first(weight, rank):
    # the first of the two bugs
    vectors = np.linalg.eigh(weight.T @ weight).eigenvectors
    first = vectors[:, :rank].T
    return first, weight @ first.T


@wrong(checks.split_weight, NEAREST)
def longest_rows(weight, rank):
    # directions of the weight itself, which are not the best
    order = np.argsort(-(weight**2).sum(axis=1))[:rank]
    first = np.linalg.qr(weight[order].T).Q.T
    return first, weight @ first.T


@right(checks.split_weight)
def by_svd(weight, rank):
    left, values, rows = np.linalg.svd(weight, full_matrices=False)
    root = np.sqrt(values[:rank])
    return root[:, np.newaxis] * rows[:rank], left[:, :rank] * root


@right(checks.split_weight)
def by_left_vectors(weight, rank):
    left = np.linalg.eigh(weight @ weight.T).eigenvectors[:, -rank:]
    return left.T @ weight, left


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
