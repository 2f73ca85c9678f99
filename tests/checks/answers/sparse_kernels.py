"""Answers to the exercises of book/sparse_kernels.md."""

import numpy as np
import scipy.sparse

from mini_compress.checks import sparse_kernels as checks
from mini_compress.kernels.masks import keep_largest, keep_largest_blocks
from mini_compress.kernels.sparse import (
    BSRMatrix,
    CSRMatrix,
    NMMatrix,
    RelativeIndexMatrix,
)
from tests.checks.answers import right, wrong

OF_FLOATS = "2:4 of float32 takes 17 of 32 bits"
DO_NOT_SHRINK = "positions do not shrink with the values"
VERY_NARROW = "with very narrow values nothing is gained, or less"
EACH_VALUE = "every value that is kept has a position"
WHOLE_BITS = "a position has whole bits"


@wrong(checks.share_of_dense, OF_FLOATS)
def as_claimed(keep, group, value_bits):
    # the vendor's half: positions are forgotten
    return keep / group


@wrong(checks.share_of_dense, EACH_VALUE)
def a_bit_for_each_weight(keep, group, value_bits):
    # a mask in place of positions
    return (keep * value_bits + group) / (group * value_bits)


@wrong(checks.share_of_dense, DO_NOT_SHRINK)
def of_float32(keep, group, value_bits):
    # 17/32, whatever the values are
    return keep * 34 / (group * 32)


@wrong(checks.share_of_dense, VERY_NARROW)
def never_more_than_dense(keep, group, value_bits):
    # a format that gives up; the claim was about 2:4
    bits = np.ceil(np.log2(group))
    share = keep * (value_bits + bits) / (group * value_bits)
    return share if share <= 1 else 1.0


@wrong(checks.share_of_dense, EACH_VALUE)
def half_of_every_group(keep, group, value_bits):
    # 2:4 written into the formula
    return (2 * value_bits + 4) / (4 * value_bits)


@wrong(checks.share_of_dense, WHOLE_BITS)
def fractions_of_bits(keep, group, value_bits):
    # the entropy, not what is stored
    return keep * (value_bits + np.log2(group)) / (group * value_bits)


@right(checks.share_of_dense)
def by_bit_length(keep, group, value_bits):
    position = (group - 1).bit_length()
    return keep / group + keep * position / (group * value_bits)


ONE_FOR_EACH = "the result is float32, one number for each column"
OWN_ROW = "each value is multiplied by the g of its own row"
ADDED_UP = "values of one column are added up, from all rows"
WITHOUT = "rows and columns without entries do no harm"
ANY_MATRIX = "any matrix will do"


def rows_of(indptr):
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))


@wrong(checks.transposed_product, WITHOUT)
def whole_numbers_of_nothing(indptr, indices, data, g, num_cols):
    # of no entries at all, np.bincount makes integers
    products = data * g[rows_of(indptr)]
    return np.bincount(indices, products, minlength=num_cols)


@wrong(checks.transposed_product, ONE_FOR_EACH)
def up_to_the_last_entry(indptr, indices, data, g, num_cols):
    # np.bincount without minlength: columns at the end are missing
    products = data * g[rows_of(indptr)]
    return np.bincount(indices, products).astype(np.float32)


@wrong(checks.transposed_product, OWN_ROW)
def by_column(indptr, indices, data, g, num_cols):
    # g is read as x is: at the column, wrapped where it ends
    out = np.zeros(num_cols, np.float32)
    np.add.at(out, indices, data * g[indices % len(g)])
    return out


@wrong(checks.transposed_product, ADDED_UP)
def the_colleagues(indptr, indices, data, g, num_cols):
    # of several sums for one column the last one stays
    out = np.zeros(num_cols, np.float32)
    out[indices] += data * g[rows_of(indptr)]
    return out


@wrong(checks.transposed_product, WITHOUT)
def rows_that_are_filled(indptr, indices, data, g, num_cols):
    # empty rows left out of the count: later rows meet another g
    filled = np.diff(indptr)[np.diff(indptr) > 0]
    rows = np.repeat(np.arange(len(filled)), filled)
    out = np.zeros(num_cols, np.float32)
    np.add.at(out, indices, data * g[rows])
    return out


@wrong(checks.transposed_product, ANY_MATRIX)
def columns_in_a_byte(indptr, indices, data, g, num_cols):
    # a cast that wraps around for more than 256 columns
    out = np.zeros(num_cols, np.float32)
    np.add.at(out, indices.astype(np.uint8), data * g[rows_of(indptr)])
    return out


@right(checks.transposed_product)
def by_scipy(indptr, indices, data, g, num_cols):
    shape = len(g), num_cols
    return scipy.sparse.csr_array((data, indices, indptr), shape).T @ g


@right(checks.transposed_product)
def row_by_row(indptr, indices, data, g, num_cols):
    out = np.zeros(num_cols, np.float32)
    for row in range(len(g)):
        # within a row every column is there once
        entries = slice(indptr[row], indptr[row + 1])
        out[indices[entries]] += data[entries] * g[row]
    return out


NEIGHBORS = "neighbors need the fewest bits that there are"
ONE_WIDE = "one wide gap may have its filler"
HOLDS_A_VALUE = "a filler holds a value, too"
CHEAP = "narrow values make fillers cheap"
SEVERAL = "a very wide gap takes several fillers"
LOWEST = "of equally good bits, the lowest"
ANY_ROW = "any row will do, also one with hardly a value"


def gaps_of(row):
    return np.diff(np.flatnonzero(row), prepend=-1) - 1


def smallest(size, last=False):
    """Return the bits from 1 to 8 of the smallest size."""
    choices = range(8, 0, -1) if last else range(1, 9)
    return min(choices, key=size)


@wrong(checks.best_index_bits, NEIGHBORS)
def always_five(row, value_bits):
    # Deep Compression's bits of dense layers, for every row
    return 5


@wrong(checks.best_index_bits, ONE_WIDE)
def widest_gap_fits(row, value_bits):
    # no fillers at all
    return min(8, max(1, int(gaps_of(row).max(initial=0)).bit_length()))


@wrong(checks.best_index_bits, HOLDS_A_VALUE)
def fillers_without_value(row, value_bits):
    # only the gap of a filler is counted
    gaps = gaps_of(row)
    return smallest(lambda b: b * (len(gaps) + np.sum(gaps >> b)))


@wrong(checks.best_index_bits, CHEAP)
def as_for_float32(row, value_bits):
    # 32 bits written into the formula
    gaps = gaps_of(row)
    return smallest(lambda b: (32 + b) * (len(gaps) + np.sum(gaps >> b)))


@wrong(checks.best_index_bits, LOWEST)
def highest_of_equals(row, value_bits):
    gaps = gaps_of(row)
    return smallest(
        lambda b: (value_bits + b) * (len(gaps) + np.sum(gaps >> b)), last=True
    )


@wrong(checks.best_index_bits, SEVERAL)
def one_filler_at_most(row, value_bits):
    # `if` in place of `while`
    gaps = gaps_of(row)
    return smallest(
        lambda b: (value_bits + b) * (len(gaps) + np.sum(gaps >= 2**b))
    )


@wrong(checks.best_index_bits, ANY_ROW)
def six_at_most(row, value_bits):
    # a loop that stops too early for rows that are nearly empty
    gaps = gaps_of(row)
    return min(
        range(1, 7),
        key=lambda b: (value_bits + b) * (len(gaps) + np.sum(gaps >> b)),
    )


@right(checks.best_index_bits)
def of_real_matrices(row, value_bits):
    def size(bits):
        matrix = RelativeIndexMatrix.from_dense(
            row[np.newaxis], index_bits=bits
        )
        return (value_bits + bits) * len(matrix.values)

    return smallest(size)


AS_LARGE = "the result is a sparse matrix as large as the weight"
FEW_BYTES = "the arrays have fewer than 120,000 bytes"
ENOUGH_RIGHT = "at least 450 are right"


@wrong(checks.small_first_layer, AS_LARGE)
def masked_only(weight):
    # a mask: the zeros are stored like all other numbers
    return weight * keep_largest(np.abs(weight), 0.9)


@wrong(checks.small_first_layer, AS_LARGE)
def transposed(weight):
    # scipy's and torch's habits differ: (inputs, outputs)
    masked = weight * keep_largest(np.abs(weight), 0.9)
    return RelativeIndexMatrix.from_dense(masked.T.copy())


@wrong(checks.small_first_layer, FEW_BYTES)
def wide_indices(weight):
    # CSR at the same density: 2 bytes for a column in place of 5 bits
    return CSRMatrix.from_dense(weight * keep_largest(np.abs(weight), 0.9))


@wrong(checks.small_first_layer, FEW_BYTES)
def two_of_four(weight):
    # half of the values stay, whatever their positions cost
    groups = np.abs(weight).reshape(-1, 4)
    mask = groups >= np.sort(groups, axis=1)[:, 2:3]
    return NMMatrix.from_dense(weight * mask.reshape(weight.shape))


@wrong(checks.small_first_layer, ENOUGH_RIGHT)
def in_blocks(weight):
    # the cheapest index, and zeros where they hurt
    mask = keep_largest_blocks(np.abs(weight), 0.88, (4, 4))
    return BSRMatrix.from_dense(weight * mask, (4, 4))


@right(checks.small_first_layer)
def six_bits(weight):
    threshold = np.sort(np.abs(weight), axis=None)[-24_000]
    masked = np.where(np.abs(weight) >= threshold, weight, 0)
    return RelativeIndexMatrix.from_dense(
        masked.astype(np.float32), index_bits=6
    )
