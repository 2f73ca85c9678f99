"""Answers to the exercises of book/calibration.md."""

import numpy as np

from mini_compress import datasets
from mini_compress.checks import calibration as checks
from mini_compress.quantization import (
    calibrate,
    quantize_network,
    quantize_weights,
)
from tests.checks.answers import right, wrong

SHAPES = "first, bias and after keep their shapes"
NO_BIAS = "without a bias, no output changes"
BIAS = "with a bias, no output changes"
LIKE = "the largest weight of each channel is the same on both sides"


def sizes(first, after):
    return np.abs(first).max(axis=1), np.abs(after).max(axis=0)


@wrong(checks.equalize_pair, SHAPES)
def only_the_weights(first, bias, after):
    # the bias has no place in the tuple
    return first, after


@wrong(checks.equalize_pair, NO_BIAS)
def scaled_alike(first, bias, after):
    # multiplied on both sides
    made, read = sizes(first, after)
    factor = np.sqrt(read / made)
    return first * factor[:, None], bias * factor, after * factor


@wrong(checks.equalize_pair, BIAS)
def bias_forgotten(first, bias, after):
    # the first of the two bugs
    made, read = sizes(first, after)
    factor = np.sqrt(read / made)
    return first * factor[:, None], bias, after / factor


@wrong(checks.equalize_pair, LIKE)
def sizes_trade_places(first, bias, after):
    # the second of the two bugs
    made, read = sizes(first, after)
    factor = read / made
    return first * factor[:, None], bias * factor, after / factor


@wrong(checks.equalize_pair, LIKE)
def nothing_done(first, bias, after):
    # what changes no output at all
    return first, bias, after


@right(checks.equalize_pair)
def to_the_mean_size(first, bias, after):
    made, read = sizes(first, after)
    mean = np.sqrt(made * read)  # of both, in the end
    return (
        first / made[:, None] * mean[:, None],
        bias / made * mean,
        after * (mean / read),
    )


SMALL = "the file has fewer than 110,000 bytes"
READS = "at least 450 are right"
STEPS = "what passes between layers has 2 bits"
KIND = "the result is an IntegerNetwork that can be saved and used"
CHOICE = "nothing is chosen on the test images"


def make(model, method, part="train", weight_bits=3, activation_bits=2):
    images = getattr(datasets.load("mnist5k"), part).images
    found = calibrate(model, images, method=method, bits=activation_bits)
    return quantize_network(
        model,
        images,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        ranges=found,
    )


@wrong(checks.fit_the_doorbell, SMALL)
def too_many_bits(model):
    # 4 bits a weight
    return make(model, "least_squares", weight_bits=4)


@wrong(checks.fit_the_doorbell, READS)
def by_min_max(model):
    # 3,500 images, and the largest value of all
    return make(model, "min_max")


@wrong(checks.fit_the_doorbell, STEPS)
def activations_of_eight_bits(model):
    # the weights alone are small
    return make(model, "least_squares", activation_bits=8)


@wrong(checks.fit_the_doorbell, KIND)
def weights_alone(model):
    # activations in float
    return quantize_weights(model, bits=3)


@wrong(checks.fit_the_doorbell, CHOICE)
def ranges_of_the_test_images(model):
    # no labels, and yet the images that are to judge
    return make(model, "least_squares", part="test")


@right(checks.fit_the_doorbell)
def by_percentile(model):
    return make(model, "percentile")
