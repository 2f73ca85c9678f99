"""Answers to the exercises of book/statistics.md."""

import math

import numpy as np
import scipy.stats

from mini_compress.checks import statistics as checks
from mini_compress.measuring import holm, wilson_interval
from tests.checks.answers import right, wrong

# ------------------------------------------------------------ exact_interval

SHARES = "the ends are shares, the low one first"
ALL_RIGHT = (
    "where all are right the low end is 0.025**(1 / n), and the high end 1"
)
TAILS = "each tail holds the count itself, and 2.5 %"
ANY_N = "it is exact for few images and for many"


def or_more(k, n, p):
    counts = range(k, n + 1)
    return sum(
        float(math.comb(n, i)) * p**i * (1 - p) ** (n - i) for i in counts
    )


def share_where(k, n, chance):
    """Return the share for which k or more have that chance, by halving."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if or_more(k, n, middle) < chance:
            low = middle
        else:
            high = middle
    return low


def clopper_pearson(k, n, level=0.025):
    low = share_where(k, n, level) if k else 0.0
    high = share_where(k + 1, n, 1 - level) if k < n else 1.0
    return low, high


@wrong(checks.exact_interval, SHARES)
def in_percent(k, n):
    return tuple(100 * end for end in clopper_pearson(k, n))


@wrong(checks.exact_interval, SHARES)
def middle_and_half(k, n):
    # "0.5 +- 0.16" instead of two ends
    low, high = clopper_pearson(k, n)
    return (low + high) / 2, (high - low) / 2


@wrong(checks.exact_interval, ALL_RIGHT)
def wilsons(k, n):
    # the same idea, with standard deviations
    return wilson_interval(k, n)


@wrong(checks.exact_interval, ALL_RIGHT)
def all_of_the_doubt(k, n):
    # where one end is certain, 5 % on the other side
    return clopper_pearson(k, n, 0.05 if k in (0, n) else 0.025)


@wrong(checks.exact_interval, ALL_RIGHT)
def more_and_fewer(k, n):
    # without the count itself: off by one on both sides
    p = np.linspace(0, 1, 20_001)
    more, fewer = or_more(k + 1, n, p), 1 - or_more(k, n, p)
    kept = p[(more >= 0.025) & (fewer >= 0.025)]
    return (kept[0], kept[-1]) if len(kept) else (k / n, k / n)


@wrong(checks.exact_interval, TAILS)
def five_percent_tails(k, n):
    # 90 %, except at the edges
    return clopper_pearson(k, n, 0.025 if k in (0, n) else 0.05)


@wrong(checks.exact_interval, TAILS)
def half_of_the_count(k, n):
    # mid-p: half of the chance of k itself; not what is asked for
    if k in (0, n):
        return clopper_pearson(k, n)
    p = np.linspace(0, 1, 20_001)
    upper = (or_more(k, n, p) + or_more(k + 1, n, p)) / 2
    kept = p[(upper >= 0.025) & (1 - upper >= 0.025)]
    return kept[0], kept[-1]


@wrong(checks.exact_interval, ANY_N)
def normal_for_many(k, n):
    # "the central limit theorem holds": not near 1
    return clopper_pearson(k, n) if n < 100 else wilson_interval(k, n)


@right(checks.exact_interval)
def by_quantiles_of_beta(k, n):
    low = scipy.stats.beta.ppf(0.025, k, n - k + 1) if k else 0.0
    high = scipy.stats.beta.isf(0.025, k + 1, n - k) if k < n else 1.0
    return [float(low), float(high)]


@right(checks.exact_interval)
def on_a_coarse_grid(k, n):
    p = np.linspace(0, 1, 1_001)
    kept = (or_more(k, n, p) >= 0.025) & (1 - or_more(k + 1, n, p) >= 0.025)
    places = np.flatnonzero(kept)
    # the ends lie between the last that is out and the first that is in
    low = (p[places[0]] + p[max(places[0] - 1, 0)]) / 2
    high = (p[places[-1]] + p[min(places[-1] + 1, 1_000)]) / 2
    return low, high


# ----------------------------------------------------------- adjust_in_order

NO_FACTOR = "the first claim is tested without any factor"
EARLIER = "a claim cannot pass where one before it fails"
EVERY_LEVEL = "it holds at every level, not only at 0.05"


@wrong(checks.adjust_in_order, NO_FACTOR)
def holms(p_values):
    # pays for freedom that a declared order does not need
    return holm(p_values)


@wrong(checks.adjust_in_order, NO_FACTOR)
def bonferroni(p_values):
    return np.minimum(len(p_values) * p_values, 1)


@wrong(checks.adjust_in_order, NO_FACTOR)
def verdicts(p_values):
    # which claims pass at 0.05, not their corrected p-values
    return np.maximum.accumulate(p_values) < 0.05


@wrong(checks.adjust_in_order, NO_FACTOR)
def sums(p_values):
    # chances that add up, as if any of them could be wrong
    return np.minimum(np.cumsum(p_values), 1)


@wrong(checks.adjust_in_order, EARLIER)
def as_they_are(p_values):
    # each claim by itself
    return p_values.copy()


@wrong(checks.adjust_in_order, EARLIER)
def smallest_first(p_values):
    # ordered by what came out, not by what was declared
    return np.sort(p_values)


@wrong(checks.adjust_in_order, EARLIER)
def largest_so_far_from_behind(p_values):
    # Hochberg's direction
    return np.minimum.accumulate(p_values[::-1])[::-1]


@wrong(checks.adjust_in_order, EARLIER)
def largest_of_two(p_values):
    # looks back one claim only
    before = np.concatenate([[0.0], p_values[:-1]])
    return np.maximum(p_values, before)


@wrong(checks.adjust_in_order, EARLIER)
def ones_after_a_failure(p_values):
    # right at 0.05, and says nothing about other levels
    failed = np.maximum.accumulate(p_values) >= 0.05
    return np.where(failed, 1.0, p_values)


@wrong(checks.adjust_in_order, EVERY_LEVEL)
def only_above_the_level(p_values):
    # stops at the first failure, and is right at one level
    largest = np.maximum.accumulate(p_values)
    return np.where(largest >= 0.05, largest, p_values)


@right(checks.adjust_in_order)
def one_by_one(p_values):
    corrected, largest = [], 0.0
    for p in p_values:
        largest = max(largest, p)
        corrected.append(largest)
    return np.array(corrected)


# ------------------------------------------------------------- images_needed

FORMULA = "where nothing is lost it is the formula of the chapter"
ROOM = "a true drop takes room away, and a gain adds some"
NEVER = "a drop as large as the margin cannot be shown to be smaller"


def images(disputed, room, quantiles=1.645 + 0.842):
    return math.ceil(disputed / 100 * (quantiles / (room / 100)) ** 2)


@wrong(checks.images_needed, FORMULA)
def percents_as_they_are(disputed, drop, margin):
    return disputed * ((1.64 + 0.84) / (margin - drop)) ** 2


@wrong(checks.images_needed, FORMULA)
def without_a_square(disputed, drop, margin):
    # half the margin takes four times as many, not twice
    return disputed / 100 * (1.64 + 0.84) / ((margin - drop) / 100)


@wrong(checks.images_needed, FORMULA)
def once_in_two(disputed, drop, margin):
    # 0.84 forgotten: then half of all test sets do not show it
    return images(disputed, margin - drop, 1.645)


@wrong(checks.images_needed, FORMULA)
def two_sided(disputed, drop, margin):
    return images(disputed, margin - drop, 1.96 + 0.842)


@wrong(checks.images_needed, ROOM)
def drop_ignored(disputed, drop, margin):
    # "we expect no loss", whatever is expected
    return images(disputed, margin)


@wrong(checks.images_needed, ROOM)
def wrong_direction(disputed, drop, margin):
    return images(disputed, margin + drop)


@wrong(checks.images_needed, ROOM)
def gains_count_as_nothing(disputed, drop, margin):
    return images(disputed, margin - max(drop, 0))


@wrong(checks.images_needed, NEVER)
def square_hides_the_sign(disputed, drop, margin):
    # beyond the margin the square is positive again
    if drop == margin:
        return math.inf
    return images(disputed, margin - drop)


@wrong(checks.images_needed, NEVER)
def division_by_zero(disputed, drop, margin):
    return images(disputed, margin - drop)


@right(checks.images_needed)
def with_the_variance_of_the_drop(disputed, drop, margin):
    if margin <= drop:
        return float("inf")
    share, mean = disputed / 100, drop / 100
    spread = math.sqrt(share - mean**2)
    return ((1.6449 + 0.8416) * spread / (margin / 100 - mean)) ** 2
