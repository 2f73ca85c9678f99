"""Answers to the exercises of book/measuring.md."""

import math
from statistics import NormalDist

import numpy as np
from safetensors.numpy import load_file

from mini_compress.checks import measuring as checks
from mini_compress.measuring import Comparison, Score, non_inferior
from tests.checks.answers import right, wrong

U = NormalDist().inv_cdf(0.975)

# --------------------------------------------------------- accuracy_interval

PERCENT = "the ends are in percent, the low one first"
REACHES = "it reaches 1.96 standard deviations to each side"
LEANS = "near 100 % the interval leans to the left"
WIDTH = "it has a width where every image is right, or none is"
ANY_N = "it is Wilson's for few images and for many"


def wilson(num_correct, n):
    half = U * math.sqrt(num_correct * (n - num_correct) / n + U**2 / 4)
    middle = num_correct + U**2 / 2
    return tuple(100 * (middle + x) / (n + U**2) for x in (-half, half))


def normal(num_correct, n):
    share = num_correct / n
    half = U * math.sqrt(share * (1 - share) / n)
    return 100 * (share - half), 100 * (share + half)


@wrong(checks.accuracy_interval, PERCENT)
def as_shares(num_correct, n):
    # TinyTorch, module 16: a fraction where the text says percent
    return tuple(end / 100 for end in wilson(num_correct, n))


@wrong(checks.accuracy_interval, PERCENT)
def high_end_first(num_correct, n):
    # the root with the plus sign, as it is read off the formula
    return wilson(num_correct, n)[::-1]


@wrong(checks.accuracy_interval, PERCENT)
def middle_and_half(num_correct, n):
    # "96 +- 1" instead of two ends
    low, high = wilson(num_correct, n)
    return (low + high) / 2, (high - low) / 2


@wrong(checks.accuracy_interval, REACHES)
def one_standard_error(num_correct, n):
    # error bars of one deviation, and a caption that says "95 %"
    half = math.sqrt(num_correct * (n - num_correct) / n + 1 / 4)
    return tuple(100 * (num_correct + 0.5 + x) / (n + 1) for x in (-half, half))


@wrong(checks.accuracy_interval, REACHES)
def one_sided_quantile(num_correct, n):
    # 1.64 to each side makes 90 %
    return Score(np.arange(n) < num_correct).interval(0.9)


@wrong(checks.accuracy_interval, LEANS)
def normal_interval(num_correct, n):
    # the textbook's, and the default of statsmodels' proportion_confint
    return normal(num_correct, n)


@wrong(checks.accuracy_interval, LEANS)
def clipped_normal_interval(num_correct, n):
    # what clipping hides is the wrong width
    low, high = normal(num_correct, n)
    return max(low, 0.0), min(high, 100.0)


@wrong(checks.accuracy_interval, LEANS)
def divided_by_one_less(num_correct, n):
    # n - 1, as for the standard deviation of measured values
    half = U * math.sqrt(num_correct * (n - num_correct) / (n - 1) + U**2 / 4)
    middle = num_correct + U**2 / 2
    return tuple(100 * (middle + x) / (n + U**2) for x in (-half, half))


@wrong(checks.accuracy_interval, WIDTH)
def nothing_to_doubt(num_correct, n):
    # a special case that someone thought was needed
    if num_correct in (0, n):
        return 100 * num_correct / n, 100 * num_correct / n
    return wilson(num_correct, n)


@wrong(checks.accuracy_interval, ANY_N)
def normal_for_many(num_correct, n):
    # "the central limit theorem holds": not for the last digits
    return wilson(num_correct, n) if n < 5_000 else normal(num_correct, n)


@right(checks.accuracy_interval)
def roots_of_the_quadratic(num_correct, n):
    share = num_correct / n
    coefficients = [1 + U**2 / n, -2 * share - U**2 / n, share**2]
    return 100 * np.sort(np.roots(coefficients).real)


@right(checks.accuracy_interval)
def with_a_rounded_quantile(num_correct, n):
    share, u = num_correct / n, 1.96
    center = share + u**2 / (2 * n)
    half = u * np.sqrt(share * (1 - share) / n + (u / (2 * n)) ** 2)
    shrink = 1 + u**2 / n
    return [100 * (center - half) / shrink, 100 * (center + half) / shrink]


# ------------------------------------------------------------ count_disputed

LOST = "lost: the baseline is right and the other network is wrong"
GAINED = "gained: the baseline is wrong, the other is right"
NO_CANCEL = "what is lost here and gained there does not cancel"


@wrong(checks.count_disputed, LOST)
def swapped(baseline, other):
    # other first, as in "new against old"
    return np.sum(other & ~baseline), np.sum(~other & baseline)


@wrong(checks.count_disputed, LOST)
def shares_in_dispute(baseline, other):
    # percent vs counts
    return np.mean(baseline & ~other), np.mean(~baseline & other)


@wrong(checks.count_disputed, LOST)
def minus_of_bools(baseline, other):
    # numpy refuses to subtract bools
    difference = baseline - other
    return np.sum(difference == 1), np.sum(difference == -1)


@wrong(checks.count_disputed, LOST)
def minus_of_bytes(baseline, other):
    # 0 - 1 is 255 in uint8, which is above 0
    difference = baseline.astype(np.uint8) - other.astype(np.uint8)
    return np.sum(difference < 0), np.sum(difference > 0)


@wrong(checks.count_disputed, GAINED)
def both_wrong(baseline, other):
    # the other corner of the table
    return np.sum(baseline & ~other), np.sum(~baseline & ~other)


@wrong(checks.count_disputed, NO_CANCEL)
def unpaired(baseline, other):
    # two accuracies, and the images forgotten
    drop = np.sum(baseline) - np.sum(other)
    return max(drop, 0), max(-drop, 0)


@right(checks.count_disputed)
def image_by_image(baseline, other):
    lost = gained = 0
    for before, after in zip(baseline, other, strict=True):
        lost += bool(before and not after)
        gained += bool(after and not before)
    return lost, gained


@right(checks.count_disputed)
def by_comparison(baseline, other):
    return np.array([(baseline > other).sum(), (baseline < other).sum()])


# ----------------------------------------------------------------- rules_out

SMALL = "a small drop on many images is ruled out"
THERE = "a drop that is there, but too small to matter, is ruled out too"
NOT_ENOUGH = (
    "neither a drop below the margin nor a missing significance is enough"
)
GAIN = "a gain is no loss, however large it is"
ONE_SIDED = "all of the doubt is on the side of the loss"
NO_DISPUTE = "without any image in dispute some doubt is left"


@wrong(checks.rules_out, SMALL)
def is_significant(lost, gained, n, margin):
    # the test that answers another question
    return Comparison(lost, gained, n).p_value < 0.05


@wrong(checks.rules_out, SMALL)
def margin_as_a_share(lost, gained, n, margin):
    # percent vs fraction: the margin is divided once too often
    return Comparison(lost, gained, n).upper_bound() < margin / 100


@wrong(checks.rules_out, SMALL)
def turned_around(lost, gained, n, margin):
    # tells whether the network is inferior
    return Comparison(lost, gained, n).upper_bound() >= margin


@wrong(checks.rules_out, SMALL)
def gives_the_bound(lost, gained, n, margin):
    # a number where a decision is asked for
    return Comparison(lost, gained, n).upper_bound()


@wrong(checks.rules_out, THERE)
def is_not_significant(lost, gained, n, margin):
    # "no significant loss", the sentence of many papers
    return Comparison(lost, gained, n).p_value >= 0.05


@wrong(checks.rules_out, THERE)
def interval_holds_zero(lost, gained, n, margin):
    # the same in the language of intervals
    low, high = Comparison(lost, gained, n).interval()
    return low <= 0 <= high


@wrong(checks.rules_out, NOT_ENOUGH)
def drop_alone(lost, gained, n, margin):
    # most leaderboards
    return Comparison(lost, gained, n).drop < margin


@wrong(checks.rules_out, NOT_ENOUGH)
def bound_as_a_share(lost, gained, n, margin):
    # fraction against percentage points: nearly everything passes
    return Comparison(lost, gained, n).upper_bound() / 100 < margin


@wrong(checks.rules_out, NOT_ENOUGH)
def lower_end(lost, gained, n, margin):
    # the end that is easy to be below
    return Comparison(lost, gained, n).interval()[0] < margin


@wrong(checks.rules_out, GAIN)
def gained_and_lost(lost, gained, n, margin):
    # swapped: loses are taken for gains
    return Comparison(gained, lost, n).upper_bound() < margin


@wrong(checks.rules_out, GAIN)
def equivalence(lost, gained, n, margin):
    # both sides: that the network is not better either
    low, high = Comparison(lost, gained, n).interval(0.9)
    return -margin < low and high < margin


@wrong(checks.rules_out, ONE_SIDED)
def two_sided(lost, gained, n, margin):
    # half of the doubt spent on gains
    return Comparison(lost, gained, n).interval()[1] < margin


@wrong(checks.rules_out, NO_DISPUTE)
def normal_bound(lost, gained, n, margin):
    # drop + 1.645 standard errors, which are 0 without disputes
    variance = lost + gained - (lost - gained) ** 2 / n
    bound = 100 * (lost - gained + 1.645 * math.sqrt(variance)) / n
    return bound < margin


@right(checks.rules_out)
def by_p_value(lost, gained, n, margin):
    return Comparison(lost, gained, n).p_inferior(margin) < 0.05


@right(checks.rules_out)
def table_of_one_row(lost, gained, n, margin):
    return non_inferior([Comparison(lost, gained, n)], margin=margin)[0]


@right(checks.rules_out)
def end_of_the_90_interval(lost, gained, n, margin):
    return Comparison(lost, gained, n).interval(0.9)[1] < margin


# ----------------------------------------------------------- adjust_p_values

SINGLE = "a single p-value stays as it is"
FACTORS = "the smallest of three is multiplied by 3, the next by 2"
ORDER = "the result is in the order of the input"
RISING = "none falls below the one before it"
AT_MOST_1 = "none exceeds 1"


def times_factors(p_values):
    """Return the order of the values, and the products in that order."""
    order = np.argsort(p_values)
    return order, np.arange(len(p_values), 0, -1) * p_values[order]


def put_back(order, products):
    result = np.empty_like(products)
    result[order] = np.minimum(products, 1)
    return result


@wrong(checks.adjust_p_values, SINGLE)
def ranks_from_one(p_values):
    # m - rank is 0 for the last
    order, _ = times_factors(p_values)
    factors = np.arange(len(p_values) - 1, -1, -1)
    return put_back(order, np.maximum.accumulate(factors * p_values[order]))


@wrong(checks.adjust_p_values, SINGLE)
def verdicts(p_values):
    # which rows are findings at 0.05, not their corrected p-values
    order, products = times_factors(p_values)
    return put_back(order, np.maximum.accumulate(products)) < 0.05


@wrong(checks.adjust_p_values, FACTORS)
def in_place(p_values):
    # the caller's table is gone
    order, products = times_factors(p_values)
    p_values[order] = np.minimum(np.maximum.accumulate(products), 1)
    return p_values


@wrong(checks.adjust_p_values, FACTORS)
def bonferroni(p_values):
    # right, and finds less
    return np.minimum(len(p_values) * p_values, 1)


@wrong(checks.adjust_p_values, FACTORS)
def benjamini_hochberg(p_values):
    # scipy.stats.false_discovery_control: another promise
    order, m = np.argsort(p_values), len(p_values)
    products = p_values[order] * m / np.arange(1, m + 1)
    return put_back(order, np.minimum.accumulate(products[::-1])[::-1])


@wrong(checks.adjust_p_values, FACTORS)
def sidak(p_values):
    # holds for independent rows; ours share the images
    order = np.argsort(p_values)
    powers = np.arange(len(p_values), 0, -1)
    products = 1 - (1 - p_values[order]) ** powers
    return put_back(order, np.maximum.accumulate(products))


@wrong(checks.adjust_p_values, FACTORS)
def largest_first(p_values):
    # sorted the wrong way round
    order = np.argsort(-p_values)
    factors = np.arange(len(p_values), 0, -1)
    return put_back(order, factors * p_values[order])


@wrong(checks.adjust_p_values, ORDER)
def sorted_values(p_values):
    # the table's rows get each other's p-values
    _, products = times_factors(p_values)
    return np.minimum(np.maximum.accumulate(products), 1)


@wrong(checks.adjust_p_values, ORDER)
def order_instead_of_its_inverse(p_values):
    # x[order] sorts, result[order] = x puts back
    order, products = times_factors(p_values)
    return np.minimum(np.maximum.accumulate(products), 1)[order]


@wrong(checks.adjust_p_values, RISING)
def no_running_maximum(p_values):
    # a weaker row may pass where a stronger one fails
    return put_back(*times_factors(p_values))


@wrong(checks.adjust_p_values, RISING)
def hochberg(p_values):
    # a running minimum from the other end: not valid for all dependences
    order, products = times_factors(p_values)
    return put_back(order, np.minimum.accumulate(products[::-1])[::-1])


@wrong(checks.adjust_p_values, AT_MOST_1)
def no_cap(p_values):
    # a probability of 1.5
    order, products = times_factors(p_values)
    result = np.empty_like(products)
    result[order] = np.maximum.accumulate(products)
    return result


@right(checks.adjust_p_values)
def in_plain_python(p_values):
    rows = sorted(range(len(p_values)), key=lambda row: p_values[row])
    largest, result = 0.0, [0.0] * len(p_values)
    for rank, row in enumerate(rows):
        largest = max(largest, (len(rows) - rank) * p_values[row])
        result[row] = min(largest, 1.0)
    return np.array(result)


# ---------------------------------------------------------------- weigh_file

FIRST_KB = "KB of the compressed file come first, then original / compressed"
EVERY_BYTE = "every byte counts, those of the header too"
KILO = "KB are 1,000 bytes, and nothing is rounded"
GROWN = "where the file has grown, the ratio is below 1"


def sizes(original, compressed):
    return original.stat().st_size, compressed.stat().st_size


@wrong(checks.weigh_file, FIRST_KB)
def upside_down(original, compressed):
    # the share that is left, called a ratio
    before, after = sizes(original, compressed)
    return after / 1_000, after / before


@wrong(checks.weigh_file, FIRST_KB)
def ratio_first(original, compressed):
    before, after = sizes(original, compressed)
    return before / after, after / 1_000


@wrong(checks.weigh_file, FIRST_KB)
def in_bytes(original, compressed):
    before, after = sizes(original, compressed)
    return after, before / after


@wrong(checks.weigh_file, FIRST_KB)
def weighs_the_original(original, compressed):
    before, after = sizes(original, compressed)
    return before / 1_000, before / after


@wrong(checks.weigh_file, FIRST_KB)
def counts_numbers(original, compressed):
    # parameter count: packed codes and steps are numbers too
    before, after = (
        sum(tensor.size for tensor in load_file(path).values())
        for path in (original, compressed)
    )
    return 4 * after / 1_000, before / after


@wrong(checks.weigh_file, EVERY_BYTE)
def tensors_alone(original, compressed):
    # MIT 6.5940, lab 2: codebooks, indices and headers are left out
    before, after = (
        sum(tensor.nbytes for tensor in load_file(path).values())
        for path in (original, compressed)
    )
    return after / 1_000, before / after


@wrong(checks.weigh_file, KILO)
def kibibytes(original, compressed):
    before, after = sizes(original, compressed)
    return after / 1_024, before / after


@wrong(checks.weigh_file, KILO)
def rounded(original, compressed):
    before, after = sizes(original, compressed)
    return round(after / 1_000), round(before / after, 1)


@wrong(checks.weigh_file, GROWN)
def never_below_one(original, compressed):
    # the larger over the smaller, whichever it is
    before, after = sizes(original, compressed)
    return after / 1_000, max(before, after) / min(before, after)


@right(checks.weigh_file)
def by_reading(original, compressed):
    before, after = len(original.read_bytes()), len(compressed.read_bytes())
    return np.array([after * 1e-3, before / after])


# ----------------------------------------------------------- honest_accuracy

CHOSEN = "the epoch is the best one on validation"
ON_TEST = "what is reported is its accuracy on test"
LAST = "of equally good epochs it is the last"


@wrong(checks.honest_accuracy, CHOSEN)
def best_on_test(validation, test):
    # MIT 6.5940, labs 1 and 2; RepDistiller and others: the best test epoch
    return test.max()


@wrong(checks.honest_accuracy, CHOSEN)
def last_epoch(validation, test):
    # honest as well, and not what was asked for
    return test[-1]


@wrong(checks.honest_accuracy, CHOSEN)
def number_of_the_epoch(validation, test):
    return int(np.argmax(validation))


@wrong(checks.honest_accuracy, CHOSEN)
def epoch_that_suits_both(validation, test):
    # the test images have a say
    return test[np.argmax(validation + test)]


@wrong(checks.honest_accuracy, ON_TEST)
def best_on_validation(validation, test):
    # optimistic: the largest of several numbers
    return validation.max()


@wrong(checks.honest_accuracy, LAST)
def first_of_the_best(validation, test):
    # what argmax does
    return test[np.argmax(validation)]


@right(checks.honest_accuracy)
def from_the_end(validation, test):
    return test[len(validation) - 1 - np.argmax(validation[::-1])]


@right(checks.honest_accuracy)
def epoch_by_epoch(validation, test):
    best = 0
    for epoch, accuracy in enumerate(validation.tolist()):
        if accuracy >= validation[best]:
            best = epoch
    return float(test[best])
