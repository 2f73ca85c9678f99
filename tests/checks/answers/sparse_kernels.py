"""Answers to the exercises of book/sparse_kernels.md."""

import numpy as np
import scipy.sparse

from mini_compress.checks import sparse_kernels as checks
from mini_compress.kernels.masks import keep_largest, keep_largest_blocks
from mini_compress.kernels.packing import pack_bits
from mini_compress.kernels.sparse import (
    BSRMatrix,
    CSRMatrix,
    NMMatrix,
    RelativeIndexMatrix,
)
from tests.checks.answers import right, wrong

ONE_FOR_EACH = "the result is float32, one number for each row"
OWN_COLUMN = "each value meets the x of its own column"
ROW_ENDS = "row i has the entries indptr[i] to indptr[i + 1] - 1"
EMPTY_ROWS = "rows without entries give 0, wherever they are"
ANY_MATRIX = "any matrix will do"


@right(checks.csr_product)
def sums_in_float64(indptr, indices, data, x):
    # np.zeros without a dtype
    out = np.zeros(len(indptr) - 1)
    for row in range(len(out)):
        entries = slice(indptr[row], indptr[row + 1])
        out[row] = data[entries] @ x[indices[entries]]
    return out


@wrong(checks.csr_product, ONE_FOR_EACH)
def one_row_too_many(indptr, indices, data, x):
    # as many rows as indptr has numbers
    out = np.zeros(len(indptr), np.float32)
    for row in range(len(indptr) - 1):
        entries = slice(indptr[row], indptr[row + 1])
        out[row] = data[entries] @ x[indices[entries]]
    return out


@wrong(checks.csr_product, OWN_COLUMN)
def x_in_order(indptr, indices, data, x):
    # the columns forgotten: x is read from its start
    out = np.zeros(len(indptr) - 1, np.float32)
    for row in range(len(out)):
        values = data[indptr[row] : indptr[row + 1]]
        out[row] = values @ x[: len(values)]
    return out


@wrong(checks.csr_product, OWN_COLUMN)
def columns_from_one(indptr, indices, data, x):
    # Fortran's and MATLAB's columns
    out = np.zeros(len(indptr) - 1, np.float32)
    for row in range(len(out)):
        entries = slice(indptr[row], indptr[row + 1])
        out[row] = data[entries] @ x[indices[entries] - 1]
    return out


@wrong(checks.csr_product, ROW_ENDS)
def end_included(indptr, indices, data, x):
    # indptr[i + 1] taken for the last entry of the row
    out = np.zeros(len(indptr) - 1, np.float32)
    for row in range(len(out)):
        entries = slice(indptr[row], indptr[row + 1] + 1)
        out[row] = data[entries] @ x[indices[entries]]
    return out


@wrong(checks.csr_product, ROW_ENDS)
def always_the_first_row(indptr, indices, data, x):
    # indptr taken for counts: each row starts where the last began
    out = np.zeros(len(indptr) - 1, np.float32)
    for row in range(len(out)):
        entries = slice(0, indptr[row + 1])
        out[row] = data[entries] @ x[indices[entries]]
    return out


@wrong(checks.csr_product, EMPTY_ROWS)
def reduceat_on_all_rows(indptr, indices, data, x):
    # numerics.md 3.13: an empty row gets the next row's first product
    products = np.append(data * x[indices], np.float32(0))
    return np.add.reduceat(products, indptr[:-1])


@wrong(checks.csr_product, EMPTY_ROWS)
def row_as_it_was(indptr, indices, data, x):
    # np.empty, and empty rows skipped: whatever was in memory
    out = np.full(len(indptr) - 1, -1, np.float32)
    for row in range(len(out)):
        if indptr[row] < indptr[row + 1]:
            entries = slice(indptr[row], indptr[row + 1])
            out[row] = data[entries] @ x[indices[entries]]
    return out


@wrong(checks.csr_product, ANY_MATRIX)
def columns_in_a_byte(indptr, indices, data, x):
    # a cast that wraps around for more than 256 columns
    narrow = indices.astype(np.uint8)
    out = np.zeros(len(indptr) - 1, np.float32)
    for row in range(len(out)):
        entries = slice(indptr[row], indptr[row + 1])
        out[row] = data[entries] @ x[narrow[entries]]
    return out


@right(checks.csr_product)
def csr_by_scipy(indptr, indices, data, x):
    shape = len(indptr) - 1, len(x)
    return scipy.sparse.csr_array((data, indices, indptr), shape) @ x


@right(checks.csr_product)
def csr_by_add_at(indptr, indices, data, x):
    out = np.zeros(len(indptr) - 1, np.float32)
    rows = np.repeat(np.arange(len(out)), np.diff(indptr))
    np.add.at(out, rows, data * x[indices])
    return out


PACKED_PAIR = "the result is a pair: float32 values, uint8 positions"
LARGEST = "the largest magnitudes of each group stay"
IN_ORDER = "values are in the order of the row"
LOW_FIRST = "the first position is in the lowest bits of its byte"
FIRST_OF_EQUALS = "of equal magnitudes the first stays"
KEPT = "keep says how many stay, not how many go"


def choose(weight, keep, order=None):
    """Return groups of four, and the places of the largest, in order."""
    groups = weight.reshape(-1, 4)
    order = -np.abs(groups) if order is None else order(groups)
    return groups, np.sort(order.argsort(axis=1, kind="stable")[:, :keep])


def as_pair(weight, groups, places, **order):
    values = np.take_along_axis(groups, places, axis=1)
    packed = pack_bits(places.astype(np.uint8), bits=2, **order)
    return values.reshape(len(weight), -1), packed


@wrong(checks.pack_n_of_four, PACKED_PAIR)
def positions_in_a_byte_each(weight, keep):
    # a 2-bit position that takes 8 bits
    groups, places = choose(weight, keep)
    values, _ = as_pair(weight, groups, places)
    return values, places.astype(np.uint8).ravel()


@wrong(checks.pack_n_of_four, PACKED_PAIR)
def zeros_stored_too(weight, keep):
    # the masked weight in place of its values
    groups, places = choose(weight, keep)
    masked = np.zeros_like(groups)
    values = np.take_along_axis(groups, places, axis=1)
    np.put_along_axis(masked, places, values, axis=1)
    return masked.reshape(weight.shape), as_pair(weight, groups, places)[1]


@wrong(checks.pack_n_of_four, LARGEST)
def largest_with_sign(weight, keep):
    # topk of the weight itself: large negative weights are lost
    return as_pair(weight, *choose(weight, keep, np.negative))


@wrong(checks.pack_n_of_four, LARGEST)
def largest_of_the_row(weight, keep):
    # the whole row ranked, not each group of it
    places = np.sort(np.argsort(-np.abs(weight))[:, : weight.size // 4 * keep])
    values = np.take_along_axis(weight, places, axis=1)
    return values, pack_bits((places % 4).astype(np.uint8), bits=2)


@wrong(checks.pack_n_of_four, IN_ORDER)
def by_magnitude(weight, keep):
    # the order of the sort, as topk returns it
    groups = weight.reshape(-1, 4)
    order = np.argsort(-np.abs(groups), axis=1, kind="stable")
    return as_pair(weight, groups, order[:, :keep])


@wrong(checks.pack_n_of_four, LOW_FIRST)
def high_bits_first(weight, keep):
    # bitsandbytes' order of 4-bit codes
    groups, places = choose(weight, keep)
    return as_pair(weight, groups, places, order="high_first")


@wrong(checks.pack_n_of_four, LOW_FIRST)
def positions_from_the_end(weight, keep):
    # bits counted from the left, as one reads them
    groups, places = choose(weight, keep)
    return as_pair(weight, groups, places)[0], as_pair(
        weight, groups, 3 - places
    )[1]


@wrong(checks.pack_n_of_four, FIRST_OF_EQUALS)
def last_of_equals(weight, keep):
    # an ascending sort, and its end
    groups = weight.reshape(-1, 4)
    order = np.argsort(np.abs(groups), axis=1, kind="stable")
    return as_pair(weight, groups, np.sort(order[:, 4 - keep :]))


@wrong(checks.pack_n_of_four, KEPT)
def removed(weight, keep):
    # SparseGPT's and Wanda's prune_n: the same for 2:4, not for 1:4
    groups, places = choose(weight, 4 - keep)
    values, packed = as_pair(weight, groups, places)
    size = weight.size // 4 * keep
    return np.resize(values, (1, size)), np.resize(packed, -(-size // 4))


@wrong(checks.pack_n_of_four, KEPT)
def always_two(weight, keep):
    # 2:4 written into the code
    groups, places = choose(weight, 2)
    values, packed = as_pair(weight, groups, places)
    size = weight.size // 4 * keep
    return np.resize(values, (1, size)), np.resize(packed, -(-size // 4))


@right(checks.pack_n_of_four)
def packed_in_loops(weight, keep):
    values, packed, number = [], [0] * -(-weight.size // 4 * keep // 4), 0
    for group in weight.reshape(-1, 4):
        best = sorted(range(4), key=lambda i: -abs(group[i]))[:keep]
        for place in sorted(best):
            values.append(group[place])
            packed[number // 4] |= place << 2 * (number % 4)
            number += 1
    values = np.array(values, np.float32).reshape(len(weight), -1)
    return values, np.array(packed, np.uint8)


BETWEEN = "the result is a number between 0 and 1"
HALF = "an index as wide as the value: half may be non-zero"
NARROWER = "a narrower index pays at a higher density"
FEW_BITS = "values of few bits pay at a low density only"


@wrong(checks.break_even_density, BETWEEN)
def in_percent(value_bits, index_bits):
    # a share given in percent
    return 100 * value_bits / (value_bits + index_bits)


@wrong(checks.break_even_density, HALF)
def index_alone(value_bits, index_bits):
    # only the index is counted, the stored value forgotten
    return min(1, value_bits / index_bits)


@wrong(checks.break_even_density, NARROWER)
def as_sparsity(value_bits, index_bits):
    # sparsity and density taken for each other: equal at one half
    return index_bits / (value_bits + index_bits)


@wrong(checks.break_even_density, NARROWER)
def always_half(value_bits, index_bits):
    # "sparse pays above 50 %", which holds for equal widths
    return 0.5


@wrong(checks.break_even_density, FEW_BITS)
def floats_only(value_bits, index_bits):
    # float32 written into the code: right until values are quantized
    if value_bits == index_bits:
        return 0.5
    return 32 / (32 + index_bits)


@right(checks.break_even_density)
def by_ratio(value_bits, index_bits):
    return np.float64(1 / (1 + index_bits / value_bits))


GAPS_PAIR = "the result is a pair: float32 values, uint8 gaps, equally long"
ZEROS_BEFORE = "a gap counts the zeros since the value before"
NO_FILLER_YET = "a gap of 2**bits - 1 needs no filler yet"
FILLER = "a wider gap takes a filler: the value 0 at the widest gap"
SEVERAL = "a very wide gap takes several fillers"
AFTER_LAST = "zeros after the last value take nothing"


def encode(row, bits, widest=None, span=None, offset=0, trailing=False):
    """Return values and gaps by the rule that the arguments bend."""
    widest = 2**bits - 1 if widest is None else widest
    span = widest + 1 if span is None else span
    values, gaps, last = [], [], -1
    for place in np.flatnonzero(row):
        gap = place - last - 1 + offset
        while gap > widest:
            values.append(0)
            gaps.append(widest)
            gap -= span
        values.append(row[place])
        gaps.append(max(gap, 0))
        last = place
    if trailing:
        for _ in range((len(row) - last - 1) // span):
            values.append(0)
            gaps.append(widest)
    return np.array(values, np.float32), np.array(gaps, np.uint8)


@right(checks.relative_index)
def gaps_as_integers(row, bits):
    # np.diff's int64
    values, gaps = encode(row, bits)
    return values, gaps.astype(np.int64)


@wrong(checks.relative_index, GAPS_PAIR)
def one_array_of_both(row, bits):
    # np.stack makes floats of the gaps
    return np.stack(encode(row, bits))


@wrong(checks.relative_index, ZEROS_BEFORE)
def differences(row, bits):
    # Deep Compression's figure 2 counts the step, which is never 0
    values, gaps = encode(row, bits)
    gaps[1:] += 1
    return values, gaps


@wrong(checks.relative_index, ZEROS_BEFORE)
def places(row, bits):
    # the absolute index
    found = np.flatnonzero(row)
    return row[found], found.astype(np.uint8)


@wrong(checks.relative_index, NO_FILLER_YET)
def filler_too_early(row, bits):
    # `>=` where `>` is meant
    return encode(row, bits, widest=2**bits - 2)


@wrong(checks.relative_index, FILLER)
def gaps_cut_off(row, bits):
    # no fillers: the low bits of the gap alone
    found = np.flatnonzero(row)
    gaps = np.diff(found, prepend=-1) - 1
    return row[found], (gaps % 2**bits).astype(np.uint8)


@wrong(checks.relative_index, FILLER)
def filler_without_a_place(row, bits):
    # the filler's own place is not counted
    return encode(row, bits, span=2**bits - 1)


@wrong(checks.relative_index, SEVERAL)
def one_filler_only(row, bits):
    # `if` in place of `while`
    values, gaps, last = [], [], -1
    for place in np.flatnonzero(row):
        gap = place - last - 1
        if gap >= 2**bits:
            values.append(0)
            gaps.append(2**bits - 1)
            gap -= 2**bits
        values.append(row[place])
        gaps.append(gap % 256)
        last = place
    return np.array(values, np.float32), np.array(gaps, np.uint8)


@wrong(checks.relative_index, AFTER_LAST)
def trailing_fillers(row, bits):
    # a counter that writes a filler whenever it is full
    return encode(row, bits, trailing=True)


@right(checks.relative_index)
def by_the_package(row, bits):
    matrix = RelativeIndexMatrix.from_dense(row[np.newaxis], index_bits=bits)
    return matrix.values.copy(), matrix.unpack_gaps()


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
