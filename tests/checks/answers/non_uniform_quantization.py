"""Answers to the exercises of book/non_uniform_quantization.md."""

import heapq

import numpy as np

from mini_compress.checks import non_uniform_quantization as checks
from mini_compress.kernels.codebook import (
    equal_mass,
    fit_codebook,
    nearest_codes,
    optimal_codebook,
)
from mini_compress.kernels.huffman import code_lengths
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


FORM = "levels come back, sorted, and not too many"
FEW = "few different values leave no error"
ALIKE = "where all values matter alike, the error is near the least"
FAR = "values far from all others do not spoil the levels of the rest"
MATTER = "an error counts as much as its value matters"
NO_MATTER = "values that do not matter take no level"


def even(values, bits):
    """Return levels in the middles of intervals of equal width."""
    ends = np.linspace(values.min(), values.max(), 2**bits + 1)
    return (ends[1:] + ends[:-1]) / 2


def equal_shares(values, importance, bits):
    """Return levels with an equal share of the importance around each."""
    order = np.argsort(values)
    total = np.cumsum(importance[order].astype(np.float64))
    places = (np.arange(2**bits) + 0.5) / 2**bits * total[-1]
    return np.interp(places, total, values[order])


def weighted_rounds(values, importance, levels):
    """Move levels to weighted means; those without any stay."""
    for _ in range(50):
        codes = np.searchsorted((levels[1:] + levels[:-1]) / 2, values)
        mass = np.bincount(codes, importance, len(levels))
        sums = np.bincount(codes, importance * values, len(levels))
        levels = np.where(mass > 0, sums / np.where(mass > 0, mass, 1), levels)
    return levels.astype(np.float32)


def few_or(values, bits, choose):
    """Return the different values if they are few; else choose levels."""
    different = np.unique(values)
    return different if len(different) <= 2**bits else choose(values, 2**bits)


@wrong(checks.levels_that_matter, FORM)
def codes_of_values(values, importance, bits):
    # a code for each value, in place of the codebook
    return nearest_codes(values, even(values, bits).astype(np.float32))


@wrong(checks.levels_that_matter, FORM)
def one_level_more(values, importance, bits):
    # 2**bits intervals have one end more
    return np.linspace(values.min(), values.max(), 2**bits + 1)


@wrong(checks.levels_that_matter, FORM)
def largest_first(values, importance, bits):
    # searchsorted takes any order, and finds nonsense in this one
    start = equal_shares(values, importance, bits)
    return weighted_rounds(values, importance, start)[::-1]


@wrong(checks.levels_that_matter, FEW)
def as_the_chapter_fits(values, importance, bits):
    # it refuses fewer different values than levels
    return fit_codebook(values, 2**bits)


@wrong(checks.levels_that_matter, FEW)
def mean_of_no_values(values, importance, bits):
    # 0 / 0 where a level has no values
    levels = equal_shares(values, importance, bits)
    for _ in range(50):
        codes = np.searchsorted((levels[1:] + levels[:-1]) / 2, values)
        mass = np.bincount(codes, importance, len(levels))
        levels = np.bincount(codes, importance * values, len(levels)) / mass
    return levels


@wrong(checks.levels_that_matter, FEW)
def from_lowest_to_highest(values, importance, bits):
    # even levels: of uneven values none but the outer two are hit
    return np.linspace(values.min(), values.max(), 2**bits)


@wrong(checks.levels_that_matter, ALIKE)
def quantiles_alone(values, importance, bits):
    # levels where the crowd is
    return few_or(values, bits, equal_mass)


@wrong(checks.levels_that_matter, ALIKE)
def even_or_few(values, importance, bits):
    # levels where nobody is
    return few_or(values, bits, lambda x, _: even(x, bits))


@wrong(checks.levels_that_matter, FAR)
def rounds_from_even_levels(values, importance, bits):
    # each outlier keeps several levels, the rest shares what is left
    return weighted_rounds(values, importance, even(values, bits))


@wrong(checks.levels_that_matter, MATTER)
def best_if_all_mattered_alike(values, importance, bits):
    # the least squared error, of values that do not matter too
    return few_or(values, bits, optimal_codebook)


@wrong(checks.levels_that_matter, MATTER)
def importance_of_places_alone(values, importance, bits):
    # a start at shares of the importance, but then plain means
    start = equal_shares(values, importance, bits)
    return weighted_rounds(values, np.ones(len(values)), start)


@wrong(checks.levels_that_matter, MATTER)
def whole_copies(values, importance, bits):
    # int() of a quarter is 0
    copies = np.repeat(values, importance.astype(int))
    return few_or(copies, bits, optimal_codebook)


@wrong(checks.levels_that_matter, MATTER)
def importance_squared(values, importance, bits):
    # as if it belonged inside of the square
    start = equal_shares(values, importance, bits)
    return weighted_rounds(values, importance**2, start)


@wrong(checks.levels_that_matter, NO_MATTER)
def one_in_place_of_zero(values, importance, bits):
    # against a division by 0
    least = np.where(importance == 0, 1, importance)
    start = equal_shares(values, least, bits)
    return weighted_rounds(values, least, start)


@right(checks.levels_that_matter)
def from_equal_shares(values, importance, bits):
    start = equal_shares(values, importance, bits)
    return weighted_rounds(values, importance, start)


@right(checks.levels_that_matter)
def by_dynamic_programming(values, importance, bits):
    counted = importance > 0
    w, place = np.unique(values[counted], return_inverse=True)
    h = np.bincount(place, importance[counted])
    sums = [np.concatenate([[0], np.cumsum(h * w**i)]) for i in range(3)]
    first, last = np.triu_indices(len(w) + 1, 1)
    mass, moment, square = (x[last] - x[first] for x in sums)
    # of the values from `first` to before `last`, with one level
    cost = np.full((len(w) + 1, len(w) + 1), np.inf)
    cost[first, last] = square - moment**2 / mass
    best, cuts = cost[0], []
    for _ in range(min(2**bits, len(w)) - 1):
        tried = best[:, None] + cost
        cuts.append(tried.argmin(axis=0))
        best = tried.min(axis=0)
    ends = [len(w)]
    for cut in reversed(cuts):
        ends.append(int(cut[ends[-1]]))
    ends = np.array([0, *reversed(ends)])
    means = np.diff(sums[1][ends]) / np.diff(sums[0][ends])
    return means.astype(np.float32)
