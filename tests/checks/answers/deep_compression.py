"""Answers to the exercises of book/deep_compression.md."""

import numpy as np

from mini_compress import datasets, pruning
from mini_compress.checks import deep_compression as checks
from mini_compress.quantization import (
    share_weights,
    store_huffman,
    tune_codebooks,
)
from tests.checks.answers import right, wrong

BOOK = "the codebook counts, one code of which is the fillers'"
WHOLE = "codes and gaps each end with a whole byte"
FILLER = "a gap that its bits cannot say takes a filler, with a code"


def counted(places, bits, index_bits, *, spare=1, span=None):
    """Return what is right, or what the settings make wrong."""
    gaps = np.diff(places, prepend=-1) - 1
    span = 2**index_bits if span is None else span
    entries = len(places) + int((gaps // span).sum())
    whole = -(-entries * bits // 8) + -(-entries * index_bits // 8)
    return whole + 4 * (2**bits - spare)


@wrong(checks.layer_bytes, BOOK)
def as_printed(places, bits, index_bits):
    return len(places) * (bits + index_bits) // 8


@wrong(checks.layer_bytes, BOOK)
def no_code_left_for_fillers(places, bits, index_bits):
    return counted(places, bits, index_bits, spare=0)


@wrong(checks.layer_bytes, WHOLE)
def one_array(places, bits, index_bits):
    gaps = np.diff(places, prepend=-1) - 1
    entries = len(places) + int((gaps >> index_bits).sum())
    return -(-entries * (bits + index_bits) // 8) + 4 * (2**bits - 1)


@wrong(checks.layer_bytes, FILLER)
def fillers_forgotten(places, bits, index_bits):
    return counted(places, bits, index_bits, span=10**9)


@wrong(checks.layer_bytes, FILLER)
def a_span_too_short(places, bits, index_bits):
    # a filler passes over its own place too
    return counted(places, bits, index_bits, span=2**index_bits - 1)


@wrong(checks.layer_bytes, FILLER)
def fillers_without_codes(places, bits, index_bits):
    gaps = np.diff(places, prepend=-1) - 1
    fillers = int((gaps >> index_bits).sum())
    where = -(-(len(places) + fillers) * index_bits // 8)
    return -(-len(places) * bits // 8) + where + 4 * (2**bits - 1)


@right(checks.layer_bytes)
def step_by_step(places, bits, index_bits):
    entries, last = 0, -1
    for place in places:
        while place - last > 2**index_bits:
            last += 2**index_bits
            entries += 1
        entries, last = entries + 1, place
    sizes = [(entries * width + 7) // 8 for width in (bits, index_bits)]
    return sum(sizes) + 4 * (2**bits - 1)


BETWEEN = "a mean of parts is neither below nor above all of them"
LARGE = "a large layer counts for more than a small one"
ROUNDING = "what rounding can explain is no error"


@wrong(checks.can_be_mean, BETWEEN)
def always_true(counts, parts, total):
    return True


@wrong(checks.can_be_mean, LARGE)
def plain_mean(counts, parts, total):
    return bool(abs(np.mean(parts) - total) <= 0.1 + 1e-9)


@wrong(checks.can_be_mean, LARGE)
def anything_between(counts, parts, total):
    return bool(min(parts) - 0.1 < total < max(parts) + 0.1)


@wrong(checks.can_be_mean, ROUNDING)
def to_the_digit(counts, parts, total):
    mean = np.average(parts, weights=counts)
    return bool(round(float(mean), 1) == total)


@wrong(checks.can_be_mean, ROUNDING)
def total_rounded_alone(counts, parts, total):
    mean = np.average(parts, weights=counts)
    return bool(abs(mean - total) <= 0.05)


@wrong(checks.can_be_mean, ROUNDING)
def too_lenient(counts, parts, total):
    mean = np.average(parts, weights=counts)
    return bool(abs(mean - total) < 0.3)


@right(checks.can_be_mean)
def from_low_to_high(counts, parts, total):
    share = np.asarray(counts) / np.sum(counts)
    low, high = share @ (parts - 0.05), share @ (parts + 0.05)
    # the slack is of float64
    return bool(low - 1e-9 <= total + 0.05 and total - 0.05 <= high + 1e-9)


ZERO = "gaps of 0 need one bit"
FEW = "few wide gaps do not make all of them wide"
CODE = "a filler takes a code too"
THEMSELVES = "the gaps themselves decide, not their mean"


def searched(gaps, bits, *, span=0, filler=None):
    """Try all widths; with the settings, by a wrong price."""
    sizes = []
    for width in range(1, 9):
        fillers = int((gaps // (2**width - span)).sum())
        price = bits + width if filler is None else filler + width
        sizes.append(len(gaps) * (bits + width) + fillers * price)
    return 1 + int(np.argmin(sizes))


@wrong(checks.best_index_bits, ZERO)
def always_five(gaps, bits):
    # as in the paper
    return 5


@wrong(checks.best_index_bits, FEW)
def wide_enough_for_all(gaps, bits):
    return min(8, max(1, int(max(gaps)).bit_length()))


@wrong(checks.best_index_bits, CODE)
def fillers_that_take_a_gap_alone(gaps, bits):
    return searched(gaps, bits, filler=0)


@wrong(checks.best_index_bits, THEMSELVES)
def by_the_mean(gaps, bits):
    # right wherever gaps are alike
    gaps = np.asarray(gaps)
    if gaps.max(initial=0) < 10 or len(gaps) < 100:
        return searched(gaps, bits)
    return max(1, int(np.ceil(np.log2(gaps.mean() + 1))))


@right(checks.best_index_bits)
def bit_by_bit(gaps, bits):
    def size(width):
        entries = sum(1 + int(gap) // 2**width for gap in gaps)
        return entries * (width + bits)

    return min(range(1, 9), key=size)


SMALL = "the file has fewer than 17,000 bytes"
READS = "at least 455 are right"
STEPS = "at most 600 steps of the optimizer"
CHOICE = "nothing is chosen on the test images"
USED = "the result is a LeNet300 that can be saved and used"


def in_order(model, *, kept, bits, epochs, tuning, huffman=True):
    data = datasets.load("mnist5k")
    pruned = pruning.prune_gradually(
        model,
        data,
        1 - kept,
        scope="global",
        epochs=epochs,
        learning_rate=0.006,
        progress=False,
    ).model
    small = share_weights(pruned, bits)
    if tuning:
        small = tune_codebooks(
            small, data, epochs=tuning, learning_rate=0.003, progress=False
        ).model
    return store_huffman(small) if huffman else small


@wrong(checks.fit_the_link, SMALL)
def without_the_last_step(model):
    return in_order(model, kept=0.04, bits=5, epochs=2, tuning=0, huffman=False)


@wrong(checks.fit_the_link, READS)
def pruned_at_once(model):
    masks = pruning.magnitude_masks(model, 0.96, scope="global")
    return store_huffman(share_weights(pruning.apply_masks(model, masks), 4))


@wrong(checks.fit_the_link, STEPS)
def as_long_as_it_takes(model):
    return in_order(model, kept=0.04, bits=4, epochs=24, tuning=1)


@wrong(checks.fit_the_link, CHOICE)
def looked_at_the_test(model):
    assert len(datasets.load("mnist5k").test.images)
    return in_order(model, kept=0.04, bits=4, epochs=14, tuning=2)


@wrong(checks.fit_the_link, USED)
def with_its_training(model):
    # a `Training` has the network as .model
    few = {"epochs": 1, "progress": False}
    return pruning.prune_gradually(model, datasets.load("mnist5k"), 0.9, **few)


@right(checks.fit_the_link)
def one_threshold_for_all(model):
    return in_order(model, kept=0.04, bits=4, epochs=14, tuning=4)
