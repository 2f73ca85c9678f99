"""Answers to the exercises of book/why_compress.md, wrong and right.

`wrong(check, lacks)` names the property that the check must complain about;
the comment says where the bug was seen. `right(check)` marks answers that are
written differently from the book's and must pass.
"""

import numpy as np
import torch

from mini_compress.checks import why_compress as checks
from tests.checks.answers import right, wrong

PARTS = ("overhead", "arithmetic", "memory")

# ----------------------------------------------------------------- waits_for

NAMES = "there is one of three names for each layer"
RATES = "arithmetic is MACs / rate, memory is bytes / bandwidth"
CALLS = "overhead is the same for each layer, in seconds"
EACH = "overhead is held against each of the two, not both"


@wrong(checks.waits_for, NAMES)
def says_compute(macs, num_bytes, rate, bandwidth, overhead):
    # the word of another paper
    is_long = macs / rate > num_bytes / bandwidth
    return ["compute" if x else "memory" for x in is_long]


@wrong(checks.waits_for, NAMES)
def of_the_network(macs, num_bytes, rate, bandwidth, overhead):
    sums = overhead, macs.sum() / rate, num_bytes.sum() / bandwidth
    return [PARTS[np.argmax(sums)]]


@wrong(checks.waits_for, NAMES)
def gives_numbers(macs, num_bytes, rate, bandwidth, overhead):
    calls = np.full(len(macs), overhead)
    return np.stack([calls, macs / rate, num_bytes / bandwidth]).argmax(0)


@wrong(checks.waits_for, NAMES)
def gives_one_text(macs, num_bytes, rate, bandwidth, overhead):
    return "arithmetic" if macs[0] > num_bytes[0] else "memory"


@wrong(checks.waits_for, RATES)
def more_of_what(macs, num_bytes, rate, bandwidth, overhead):
    return [
        "overhead" if overhead > a / rate else PARTS[1 + (a <= b)]
        for a, b in zip(macs, num_bytes, strict=True)
    ]


@wrong(checks.waits_for, RATES)
def multiplies(macs, num_bytes, rate, bandwidth, overhead):
    rows = [0 * macs + overhead, macs * rate, num_bytes * bandwidth]
    return [PARTS[i] for i in np.stack(rows).argmax(0)]


@wrong(checks.waits_for, CALLS)
def no_overhead(macs, num_bytes, rate, bandwidth, overhead):
    # the roofline of 2009
    return [PARTS[1 + x] for x in num_bytes / bandwidth > macs / rate]


@wrong(checks.waits_for, CALLS)
def overhead_in_milliseconds(macs, num_bytes, rate, bandwidth, overhead):
    calls = np.full(len(macs), overhead / 1000)
    rows = [calls, macs / rate, num_bytes / bandwidth]
    return [PARTS[i] for i in np.stack(rows).argmax(0)]


@wrong(checks.waits_for, CALLS)
def overhead_shared_out(macs, num_bytes, rate, bandwidth, overhead):
    calls = np.full(len(macs), overhead / len(macs))
    rows = [calls, macs / rate, num_bytes / bandwidth]
    return [PARTS[i] for i in np.stack(rows).argmax(0)]


@wrong(checks.waits_for, EACH)
def overhead_against_the_sum(macs, num_bytes, rate, bandwidth, overhead):
    # half of the time, and more, where the two overlap
    return [
        "overhead" if overhead > a + b else PARTS[1 + (b > a)]
        for a, b in zip(macs / rate, num_bytes / bandwidth, strict=True)
    ]


@wrong(checks.waits_for, CALLS)
def overhead_of_all(macs, num_bytes, rate, bandwidth, overhead):
    # the network's overhead against each layer's times
    rows = macs / rate, num_bytes / bandwidth
    whole = np.full(len(macs), overhead * len(macs))
    return [PARTS[i] for i in np.argmax([whole, *rows], axis=0)]


@right(checks.waits_for)
def layer_by_layer(macs, num_bytes, rate, bandwidth, overhead):
    names = []
    for a, b in zip(macs / rate, num_bytes / bandwidth, strict=True):
        times = dict(zip(PARTS, (overhead, a, b), strict=True))
        names.append(max(times, key=times.get))
    return tuple(names)


@right(checks.waits_for)
def an_array_of_texts(macs, num_bytes, rate, bandwidth, overhead):
    a, b = macs / rate, num_bytes / bandwidth
    longer = np.where(a > b, "arithmetic", "memory")
    return np.where(np.maximum(a, b) < overhead, "overhead", longer)


# ----------------------------------------------------------------- mended_ms

OPERATIONS = "a MAC is two operations"
LONGER = "one image of one layer takes the longer time"
MAXIMA = "each layer has a maximum of its own"
BATCH = "a batch multiplies the MACs and the activations, and not the weights"
UNIT = "overhead is in milliseconds, too"
LAYERS = "each layer is called"
ONCE = "a layer is called once for the whole batch"


@wrong(checks.mended_ms, OPERATIONS)
def flops_as_macs(macs, weights, activations, n, flops, bandwidth, overhead):
    memory = (weights + n * activations) / bandwidth
    return 1000 * (np.maximum(n * macs / flops, memory) + overhead).sum()


@wrong(checks.mended_ms, OPERATIONS)
def in_seconds(macs, weights, activations, n, flops, bandwidth, overhead):
    memory = (weights + n * activations) / bandwidth
    return (np.maximum(2 * n * macs / flops, memory) + overhead).sum()


@wrong(checks.mended_ms, OPERATIONS)
def adds_the_two(macs, weights, activations, n, flops, bandwidth, overhead):
    memory = (weights + n * activations) / bandwidth
    return 1000 * (2 * n * macs / flops + memory + overhead).sum()


@wrong(checks.mended_ms, LONGER)
def takes_the_shorter(
    macs, weights, activations, n, flops, bandwidth, overhead
):
    # a roof of rates is a minimum, one of times a maximum
    rate = min(flops / 2, macs[0] * bandwidth / 1000)
    return 1000 * (n * macs.sum() / rate + overhead)


@wrong(checks.mended_ms, LONGER)
def weights_alone(macs, weights, activations, n, flops, bandwidth, overhead):
    return (
        1000
        * (
            np.maximum(2 * n * macs / flops, weights / bandwidth) + overhead
        ).sum()
    )


@wrong(checks.mended_ms, MAXIMA)
def one_maximum(macs, weights, activations, n, flops, bandwidth, overhead):
    memory = (weights + n * activations) / bandwidth
    arithmetic = 2 * n * macs / flops
    longer = max(arithmetic.sum(), memory.sum())
    return 1000 * (longer + len(macs) * overhead)


@wrong(checks.mended_ms, BATCH)
def weights_for_each_image(
    macs, weights, activations, n, flops, bandwidth, overhead
):
    memory = n * (weights + activations) / bandwidth
    return 1000 * (np.maximum(2 * n * macs / flops, memory) + overhead).sum()


@wrong(checks.mended_ms, BATCH)
def activations_once(macs, weights, activations, n, flops, bandwidth, overhead):
    memory = (weights + activations) / bandwidth
    return 1000 * (np.maximum(2 * n * macs / flops, memory) + overhead).sum()


@wrong(checks.mended_ms, UNIT)
def overhead_in_seconds(
    macs, weights, activations, n, flops, bandwidth, overhead
):
    memory = (weights + n * activations) / bandwidth
    longer = np.maximum(2 * n * macs / flops, memory).sum()
    return 1000 * longer + len(macs) * overhead


@wrong(checks.mended_ms, UNIT)
def overhead_overlaps(
    macs, weights, activations, n, flops, bandwidth, overhead
):
    memory = (weights + n * activations) / bandwidth
    longer = np.maximum(2 * n * macs / flops, memory)
    return 1000 * np.maximum(longer, overhead).sum()


@wrong(checks.mended_ms, LAYERS)
def one_call(macs, weights, activations, n, flops, bandwidth, overhead):
    memory = (weights + n * activations) / bandwidth
    longer = np.maximum(2 * n * macs / flops, memory).sum()
    return 1000 * (longer + overhead)


@wrong(checks.mended_ms, ONCE)
def a_call_for_each_image(
    macs, weights, activations, n, flops, bandwidth, overhead
):
    memory = (weights + n * activations) / bandwidth
    longer = np.maximum(2 * n * macs / flops, memory)
    return 1000 * (longer + n * overhead).sum()


@right(checks.mended_ms)
def in_a_loop(macs, weights, activations, n, flops, bandwidth, overhead):
    total = 0
    for a, w, b in zip(macs, weights, activations, strict=True):
        total += max(2 * n * a / flops, (w + n * b) / bandwidth) + overhead
    return torch.tensor(total * 1e3, dtype=torch.float64)


# ------------------------------------------------------------------- speedup

CLAIM = "where all time is spent on weights, the claim holds"
STAY = "activations take as long as before"
OVERHEAD = "overhead does, too"
HIDDEN = "arithmetic that was hidden comes out"
ADDED = "times of layers are added before they are divided"


@wrong(checks.speedup, CLAIM)
def upside_down(overhead, arithmetic, weights, activations, ratio):
    before = np.maximum(arithmetic, weights + activations) + overhead
    after = np.maximum(arithmetic, weights / ratio + activations) + overhead
    return after.sum() / before.sum()


@wrong(checks.speedup, STAY)
def believes_it(overhead, arithmetic, weights, activations, ratio):
    return ratio


@wrong(checks.speedup, STAY)
def shrinks_all_bytes(overhead, arithmetic, weights, activations, ratio):
    both = weights + activations
    before = np.maximum(arithmetic, both) + overhead
    return (
        before.sum() / (np.maximum(arithmetic, both / ratio) + overhead).sum()
    )


@wrong(checks.speedup, OVERHEAD)
def forgets_overhead(overhead, arithmetic, weights, activations, ratio):
    before = np.maximum(arithmetic, weights + activations)
    after = np.maximum(arithmetic, weights / ratio + activations)
    return before.sum() / after.sum()


@wrong(checks.speedup, OVERHEAD)
def overlaps_overhead(overhead, arithmetic, weights, activations, ratio):
    rows = overhead, arithmetic
    before = np.max([*rows, weights + activations], axis=0)
    after = np.max([*rows, weights / ratio + activations], axis=0)
    return before.sum() / after.sum()


@wrong(checks.speedup, HIDDEN)
def forgets_arithmetic(overhead, arithmetic, weights, activations, ratio):
    before = weights + activations + overhead
    after = weights / ratio + activations + overhead
    return before.sum() / after.sum()


@wrong(checks.speedup, HIDDEN)
def nothing_overlaps(overhead, arithmetic, weights, activations, ratio):
    # Amdahl's law, of parts that follow one another
    rest = (overhead + arithmetic + activations).sum()
    return (rest + weights.sum()) / (rest + weights.sum() / ratio)


@wrong(checks.speedup, HIDDEN)
def maximum_of_sums(overhead, arithmetic, weights, activations, ratio):
    known = arithmetic.sum()
    before = max(known, (weights + activations).sum())
    after = max(known, (weights / ratio + activations).sum())
    return (before + overhead.sum()) / (after + overhead.sum())


@wrong(checks.speedup, HIDDEN)
def activations_arrive_later(overhead, arithmetic, weights, activations, ratio):
    # what has to be read is read beside the arithmetic, all of it
    rest = activations + overhead
    before = np.maximum(arithmetic, weights) + rest
    after = np.maximum(arithmetic, weights / ratio) + rest
    return before.sum() / after.sum()


@wrong(checks.speedup, ADDED)
def mean_of_speedups(overhead, arithmetic, weights, activations, ratio):
    # each layer counts as much as any other, however short it is
    before = np.maximum(arithmetic, weights + activations) + overhead
    after = np.maximum(arithmetic, weights / ratio + activations) + overhead
    return (before / after).mean()


@right(checks.speedup)
def one_after_the_other(overhead, arithmetic, weights, activations, ratio):
    before = after = 0.0
    for o, a, w, x in zip(
        overhead, arithmetic, weights, activations, strict=True
    ):
        before += o + max(a, w + x)
        after += o + max(a, w / ratio + x)
    return before / after


# ------------------------------------------------------------- bits_for_chat

CHOICES = (16, 8, 6, 5, 4, 3, 2)
SIXTEEN = "where all fit and are fast, it is 16"
FIT = "the weights fit"
SPARE = "what must stay free stays free"
READ = "the weights are read for each token"
JUST = "what just fits, fits"
OVERLAP = "reading and multiplying overlap, and overhead comes on top"
NO_BITS = "there are none where no bits help"


def first_that(holds):
    """Return the most bits for which something holds."""
    return next((bits for bits in CHOICES if holds(bits)), 0)


@wrong(checks.bits_for_chat, SIXTEEN)
def the_fewest(count, ram, spare, tokens, rate, bandwidth, overhead):
    for bits in reversed(CHOICES):
        if count * bits / 8 + spare <= ram:
            return bits
    return 0


@wrong(checks.bits_for_chat, FIT)
def bytes_for_bits(count, ram, spare, tokens, rate, bandwidth, overhead):
    return first_that(lambda x: count * x + spare <= ram)


@wrong(checks.bits_for_chat, FIT)
def no_whole_byte(count, ram, spare, tokens, rate, bandwidth, overhead):
    # codes of 5 bits in a byte each
    return first_that(lambda x: count * -(-x // 8) + spare <= ram)


@wrong(checks.bits_for_chat, SPARE)
def takes_all(count, ram, spare, tokens, rate, bandwidth, overhead):
    def holds(bits):
        size = count * bits / 8
        seconds = max(count / rate, size / bandwidth) + overhead
        return size <= ram and tokens * seconds <= 1

    return first_that(holds)


@wrong(checks.bits_for_chat, READ)
def fits_is_enough(count, ram, spare, tokens, rate, bandwidth, overhead):
    return first_that(lambda x: count * x / 8 + spare <= ram)


@wrong(checks.bits_for_chat, READ)
def seconds_for_rate(count, ram, spare, tokens, rate, bandwidth, overhead):
    def holds(bits):
        size = count * bits / 8
        seconds = max(count / rate, size / bandwidth) + overhead
        return size + spare <= ram and seconds <= tokens

    return first_that(holds)


@wrong(checks.bits_for_chat, JUST)
def not_to_the_brim(count, ram, spare, tokens, rate, bandwidth, overhead):
    def holds(bits):
        size = count * bits / 8
        seconds = max(count / rate, size / bandwidth) + overhead
        return size + spare < ram and tokens * seconds <= 1

    return first_that(holds)


@wrong(checks.bits_for_chat, OVERLAP)
def one_then_the_other(count, ram, spare, tokens, rate, bandwidth, overhead):
    def holds(bits):
        size = count * bits / 8
        seconds = count / rate + size / bandwidth + overhead
        return size + spare <= ram and tokens * seconds <= 1

    return first_that(holds)


@wrong(checks.bits_for_chat, OVERLAP)
def calls_are_free(count, ram, spare, tokens, rate, bandwidth, overhead):
    def holds(bits):
        size = count * bits / 8
        seconds = max(count / rate, size / bandwidth)
        return size + spare <= ram and tokens * seconds <= 1

    return first_that(holds)


@wrong(checks.bits_for_chat, NO_BITS)
def multiplies_for_free(count, ram, spare, tokens, rate, bandwidth, overhead):
    def holds(bits):
        size = count * bits / 8
        seconds = size / bandwidth + overhead
        return size + spare <= ram and tokens * seconds <= 1

    return first_that(holds)


@wrong(checks.bits_for_chat, NO_BITS)
def two_at_least(count, ram, spare, tokens, rate, bandwidth, overhead):
    def holds(bits):
        size = count * bits / 8
        seconds = max(count / rate, size / bandwidth) + overhead
        return size + spare <= ram and tokens * seconds <= 1

    return first_that(holds) or 2


@right(checks.bits_for_chat)
def by_arrays(count, ram, spare, tokens, rate, bandwidth, overhead):
    bits = np.array(CHOICES)
    size = count * bits / 8
    seconds = np.maximum(count / rate, size / bandwidth) + overhead
    good = bits[(size <= ram - spare) & (1 / seconds >= tokens)]
    return good.max() if good.size else 0
