"""Answers to the exercises of book/non_uniform_quantization.md."""

import copy
import heapq

import numpy as np

from mini_compress import datasets
from mini_compress.checks import non_uniform_quantization as checks
from mini_compress.kernels.huffman import code_lengths
from mini_compress.quantization import quantize_codebook, tune_codebooks
from tests.checks.answers import right, wrong

EACH = "each level has a gradient, 0 without weights"
BOTH = "two weights of one level both count"
SUM = "a level's gradient is the sum over its weights"


@wrong(checks.level_gradient, EACH)
def only_used_levels(weight_gradient, codes, num_levels):
    # as many as np.unique finds
    _, numbers = np.unique(codes, return_inverse=True)
    return np.bincount(numbers, weight_gradient)


@wrong(checks.level_gradient, EACH)
def mean_of_nothing(weight_gradient, codes, num_levels):
    # 0 / 0 of a level without weights
    sums = np.bincount(codes, weight_gradient, minlength=num_levels)
    return sums / np.bincount(codes, minlength=num_levels)


@wrong(checks.level_gradient, BOTH)
def as_printed(weight_gradient, codes, num_levels):
    gradient = np.zeros(num_levels)
    gradient[codes] += weight_gradient
    counts = np.bincount(codes, minlength=num_levels)
    return gradient / np.maximum(counts, 1)


@wrong(checks.level_gradient, SUM)
def averaged(weight_gradient, codes, num_levels):
    # TensorFlow Model Optimization, pull request 667: an option
    sums = np.bincount(codes, weight_gradient, minlength=num_levels)
    return sums / np.maximum(np.bincount(codes, minlength=num_levels), 1)


@right(checks.level_gradient)
def with_a_matrix(weight_gradient, codes, num_levels):
    return (codes == np.arange(num_levels)[:, np.newaxis]) @ weight_gradient


PACKED = "packed, codes end with a whole byte, and the codebook counts"
STREAM = "a stream, where it is shorter, has its table and the codebook"
LONGER = "a stream's table can make it the longer form"


def both_forms(counts, bits, *, table=1, book=4, up=7, choose=min):
    """Return what is right, or what the settings make wrong."""
    lengths = code_lengths(counts).astype(int)
    packed = (int(counts.sum()) * bits + up) // 8
    stream = (int((counts * lengths).sum()) + up) // 8 + table * len(counts)
    return choose(packed, stream) + book * len(counts)


@wrong(checks.shorter_form, PACKED)
def nothing_but_bits(counts, bits):
    # as printed
    return both_forms(counts, bits, table=0, book=0, up=0)


@wrong(checks.shorter_form, PACKED)
def codebook_forgotten(counts, bits):
    # "very small and often negligible"
    return both_forms(counts, bits, book=0)


@wrong(checks.shorter_form, PACKED)
def last_byte_cut(counts, bits):
    return both_forms(counts, bits, up=0)


@wrong(checks.shorter_form, STREAM)
def always_packed(counts, bits):
    return both_forms(counts, bits, choose=lambda packed, stream: packed)


@wrong(checks.shorter_form, STREAM)
def table_added_later(counts, bits):
    # twice the bytes of a length
    return both_forms(counts, bits, table=2)


@wrong(checks.shorter_form, LONGER)
def table_after_the_choice(counts, bits):
    # chooses by the bits alone, and pays for the table then
    bare = both_forms(counts, bits, table=0)
    is_stream = bare < both_forms(counts, bits, choose=lambda x, y: x)
    return bare + is_stream * len(counts)


@right(checks.shorter_form)
def by_the_forks(counts, bits):
    # each fork of the tree adds a bit to all that is below it
    heap = [int(count) for count in counts]
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        fork = heapq.heappop(heap) + heapq.heappop(heap)
        total += fork
        heapq.heappush(heap, fork)
    levels, weights = len(counts), sum(int(count) for count in counts)
    stream = np.ceil(total / 8) + levels
    return 4 * levels + min(np.ceil(weights * bits / 8), stream)


SMALL = "the file has fewer than 17,000 bytes"
READS = "at least 470 are right"
STEPS = "at most 0 steps of the optimizer"
CHOICE = "nothing is chosen on the test images"
USED = "the result is a ConvNet that can be saved and used"
LAYERS = [f"features.{i}" for i in (0, 3, 6, 9)] + ["classifier.2"]


def by_layer(model, widths, method="optimal"):
    small = model
    for name, bits in zip(LAYERS, widths, strict=True):
        small = quantize_codebook(
            small, bits=bits, method=method, layers=[name]
        )
    return small


def to_size(model, small):
    grown = copy.deepcopy(small)
    for name in LAYERS:
        layer = grown.get_submodule(name)
        weight = model.get_submodule(name).weight.detach()
        near = layer.dense_weight()
        layer.weight.levels *= (weight**2).sum() / (weight * near).sum()
    return grown


@wrong(checks.fit_the_meter, SMALL)
def three_bits_each(model):
    return quantize_codebook(model, bits=3)


@wrong(checks.fit_the_meter, READS)
def two_bits_each(model):
    return quantize_codebook(model, bits=2, method="optimal")


@wrong(checks.fit_the_meter, READS)
def as_the_means_leave_it(model):
    # the right bits, and layers that are too small
    return by_layer(model, (4, 4, 2, 2, 4))


@wrong(checks.fit_the_meter, STEPS)
def tuned(model):
    # what labels could do
    data = datasets.load("mnist5k")
    small = to_size(model, by_layer(model, (4, 4, 2, 2, 4)))
    few = {"epochs": 1, "learning_rate": 1e-6, "progress": False}
    return tune_codebooks(small, data, **few).model


@wrong(checks.fit_the_meter, CHOICE)
def looked_at_the_test(model):
    assert len(datasets.load("mnist5k").test.images)
    return to_size(model, by_layer(model, (4, 4, 2, 2, 4)))


@wrong(checks.fit_the_meter, USED)
def with_its_name(model):
    return to_size(model, by_layer(model, (4, 4, 2, 2, 4))), "small"


@right(checks.fit_the_meter)
def equal_shares_to_size(model):
    return to_size(model, by_layer(model, (4, 3, 3, 2, 4), "equal_mass"))
