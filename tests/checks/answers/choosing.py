"""Answers to the exercises of book/choosing.md."""

import numpy as np

from mini_compress import datasets, low_rank, pruning, quantization, training
from mini_compress.checks import choosing as checks
from tests.checks.answers import right, wrong

FREE = "without limits, the most accurate wins"
EVERY = "every limit counts"
EQUAL = "a cost as high as its limit is within it"
TIES = "of equally accurate ones, the lowest first cost wins"
FEWEST = "where nothing fits, the fewest limits exceeded win"
BEST = "and of those that exceed as many, the most accurate"


@wrong(checks.best_within, FREE)
def the_cheapest(accuracy, costs, limits):
    return int(costs[:, 0].argmin())


@wrong(checks.best_within, EVERY)
def one_limit_is_enough(accuracy, costs, limits):
    # any in place of all
    fits = (costs <= limits).any(1)
    return int(np.where(fits, accuracy, -1).argmax())


@wrong(checks.best_within, EVERY)
def the_file_alone(accuracy, costs, limits):
    fits = costs[:, 0] <= limits[0]
    return int(np.where(fits, accuracy, -1).argmax())


@wrong(checks.best_within, EQUAL)
def strictly_below(accuracy, costs, limits):
    fits = (costs < limits).all(1)
    return int(np.where(fits, accuracy, -1).argmax())


@wrong(checks.best_within, TIES)
def the_first_of_equals(accuracy, costs, limits):
    fits = (costs <= limits).all(1)
    return int(np.where(fits, accuracy, -1).argmax())


@wrong(checks.best_within, FEWEST)
def best_if_nothing_fits(accuracy, costs, limits):
    # argmax of nothing but -1 is 0, so the best is asked for
    fits = (costs <= limits).all(1)
    allowed = fits if fits.any() else np.ones_like(fits)
    order = np.lexsort((costs[:, 0], -accuracy, ~allowed))
    return order[0]


@wrong(checks.best_within, FEWEST)
def by_the_sum_of_excess(accuracy, costs, limits):
    # KB and ms are added up
    finite = np.where(np.isfinite(limits), limits, costs.max(0))
    excess = np.maximum(costs - finite, 0).sum(1)
    return np.lexsort((costs[:, 0], -accuracy, excess))[0]


@wrong(checks.best_within, BEST)
def the_smallest_of_failures(accuracy, costs, limits):
    broken = (costs > limits).sum(1)
    if not broken.min():
        return np.lexsort((costs[:, 0], -accuracy, broken))[0]
    return np.lexsort((-accuracy, costs[:, 0], broken))[0]


@right(checks.best_within)
def by_loops(accuracy, costs, limits):
    def rank(i):
        broken = sum(c > x for c, x in zip(costs[i], limits, strict=True))
        return (broken, -accuracy[i], costs[i][0])

    return min(range(len(accuracy)), key=rank)


NOTHING = "where nothing is lost, nothing is in excess"
FIRST = "a loss that only the first has does not count"
SAME = "losses on the same images give a negative excess"
POSITIVE = "what only both together lose is positive"


def excess_of(whole, one, other, both, sign=1):
    each = sign * (one * 1.0 + other - whole - both)
    return 100 * each.mean(), 100 * each.std(ddof=1) / len(each) ** 0.5


@wrong(checks.joint_excess, NOTHING)
def share_that_both_lose(whole, one, other, both):
    # of all images, not of those that were right
    return 100 * (1 - both.mean()), 0.0


@wrong(checks.joint_excess, FIRST)
def drop_of_both(whole, one, other, both):
    return excess_of(whole, whole, whole, both)


@wrong(checks.joint_excess, POSITIVE)
def bools_wrap(whole, one, other, both):
    # True + True is True: numpy adds bools as "or"
    each = (one + other).astype(float) - (whole + both)
    return 100 * each.mean(), 100 * each.std() / len(each) ** 0.5


@wrong(checks.joint_excess, SAME)
def other_sign(whole, one, other, both):
    return excess_of(whole, one, other, both, sign=-1)


@wrong(checks.joint_excess, SAME)
def shares(whole, one, other, both):
    # not in pp
    return [x / 100 for x in excess_of(whole, one, other, both)]


@wrong(checks.joint_excess, NOTHING)
def unpaired(whole, one, other, both):
    # four proportions, as if of four sets of images
    excess, _ = excess_of(whole, one, other, both)
    variance = sum(x.var() for x in (whole, one, other, both))
    return excess, 100 * (variance / len(whole)) ** 0.5


@wrong(checks.joint_excess, POSITIVE)
def never_above_zero(whole, one, other, both):
    excess, error = excess_of(whole, one, other, both)
    return min(excess, 0.0), error


@right(checks.joint_excess)
def by_images(whole, one, other, both):
    drops = [
        int(a) - int(b) - (int(a) - int(c)) - (int(a) - int(d))
        for a, b, c, d in zip(whole, both, one, other, strict=True)
    ]
    return 100 * np.mean(drops), 100 * np.std(drops) / np.sqrt(len(drops))


UNSEEN = "nothing is chosen on the test images"
SAVED = "the result is a LeNet300 that can be saved and used"
FEWER = "the file has fewer than 18,000 bytes"
ENOUGH = "at least 460 are right"
UNTRAINED = "at most 0 steps of the optimizer"
RANKS = {"classifier.1": 14, "classifier.3": 14}


def images_of(part="train"):
    return getattr(datasets.load("mnist5k"), part).images[:1000]


def two_steps(model, ranks, bits, images=None):
    small = low_rank.factorize(model, ranks, images=images).model
    return quantization.quantize_weights(small, bits=bits)


@wrong(checks.small_recipe, UNSEEN)
def with_test_images(model):
    return two_steps(model, RANKS, 4, images_of("test"))


@wrong(checks.small_recipe, SAVED)
def with_its_report(model):
    return low_rank.factorize(model, RANKS)


@wrong(checks.small_recipe, FEWER)
def ranks_alone(model):
    return low_rank.factorize(model, RANKS, images=images_of()).model


@wrong(checks.small_recipe, FEWER)
def zeros_and_codes(model):
    # int8 codes store the zeros, too
    masks = pruning.magnitude_masks(model, 0.7, scope="global")
    masked = pruning.apply_masks(model, masks)
    return quantization.quantize_weights(masked, bits=8)


@wrong(checks.small_recipe, ENOUGH)
def by_the_weight(model):
    return two_steps(model, RANKS, 4)


@wrong(checks.small_recipe, ENOUGH)
def too_few_ranks(model):
    ranks = {"classifier.1": 8, "classifier.3": 8}
    return two_steps(model, ranks, 4, images_of())


@wrong(checks.small_recipe, UNTRAINED)
def trained_on(model):
    data = datasets.load("mnist5k")
    tuned = training.train(
        model, data, epochs=1, learning_rate=1e-4, progress=False
    ).model
    return two_steps(tuned, dict.fromkeys(RANKS, 18), 3, images_of())


@right(checks.small_recipe)
def more_ranks_fewer_bits(model):
    ranks = {"classifier.1": 20, "classifier.3": 20}
    return two_steps(model, ranks, 3, images_of())
