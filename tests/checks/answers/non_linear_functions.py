"""Answers to the exercises of book/non_linear_functions.md."""

import numpy as np

from mini_compress.checks import non_linear_functions as checks
from mini_compress.kernels import affine, tables
from tests.checks.answers import right, wrong

FORM = "the result has the codes' shape, the entries' dtype"
UNSIGNED = "unsigned codes find their entries"
SIGNED = "signed codes find theirs, the lowest code the first"


@wrong(checks.look_up, FORM)
def flattened(codes, entries):
    # one row, whatever shape the codes had
    return entries[codes.ravel()]


@wrong(checks.look_up, FORM)
def cast_to_the_codes(codes, entries):
    # entries need not fit where codes do
    return entries[codes].astype(codes.dtype)


@wrong(checks.look_up, UNSIGNED)
def always_shifted(codes, entries):
    # right for signed codes alone
    return entries[(codes.astype(int) + 128) % 256]


@wrong(checks.look_up, SIGNED)
def by_the_byte(codes, entries):
    # the bug: the order is that of the codes, not that of the bytes
    return entries[codes.astype(np.uint8)]


@wrong(checks.look_up, SIGNED)
def from_the_end(codes, entries):
    # a negative index counts from the end, as bytes are ordered
    return entries[codes]


@right(checks.look_up)
def shifted_in_eight_bits(codes, entries):
    # wraps around, and a negative index counts from the end: right by luck
    if codes.dtype == np.int8:
        codes = (codes - np.int8(-128)).astype(int)
    return entries[codes]


@right(checks.look_up)
def by_turning_the_table(codes, entries):
    if codes.dtype == np.int8:
        entries = np.roll(entries, 128)
    return entries[codes.view(np.uint8)]


@right(checks.look_up)
def with_take(codes, entries):
    places = codes.astype(np.intp)  # a page has no wider index
    return np.take(entries, places - np.iinfo(codes.dtype).min)


NUMBERS = "low and high are numbers, low below high"
NEVER_WORSE = "it is never worse than the range of all inputs"
BEST = "it is close to the best symmetric range"


@wrong(checks.tanh_range, NUMBERS)
def one_number(x, bits):
    # half of an answer
    return float(np.abs(x).max())


@wrong(checks.tanh_range, NUMBERS)
def in_the_other_order(x, bits):
    # high comes last
    return 2.0, -2.0


@wrong(checks.tanh_range, NEVER_WORSE)
def always_two(x, bits):
    # where all inputs are small, codes beyond them are wasted
    return -2.0, 2.0


@wrong(checks.tanh_range, NEVER_WORSE)
def cut_in_half(x, bits):
    # no input is far out in the first examples
    half = float(np.abs(x).max()) / 2
    return -half, half


@wrong(checks.tanh_range, BEST)
def all_inputs(x, bits):
    # what calibration does if nobody tells it what comes next
    return float(x.min()), float(x.max())


@wrong(checks.tanh_range, BEST)
def the_largest_at_most_four(x, bits):
    # a cut that does not ask for the bits
    return float(x.min().clip(-4)), float(x.max().clip(max=4))


def measure(low, high, x, bits):
    x_params = affine.choose_affine(np.float32([low, high]), bits=bits)
    y_params = affine.choose_affine(np.float32([-1, 1]), bits=8)
    table = tables.make_table(tables.tanh, x_params, y_params)
    return tables.table_error(table, tables.tanh, x, x_params, y_params).mean


@right(checks.tanh_range)
def both_ends_by_themselves(x, bits):
    parts = np.linspace(0.05, 1, 20)
    pairs = [(a * x.min(), b * x.max()) for a in parts for b in parts]
    small = [(-c, c) for c in np.linspace(0.2, 4, 20)]
    pairs = [(x.min(), x.max()), *pairs, *small]
    return min(pairs, key=lambda ends: measure(*ends, x, bits))


SHAPE = "the result is int64 and has the shape of p"
NEIGHBORS = "each number is one of the two neighbors of 256 p"
SUM = "every row adds up to 256"
ORDER = "a larger probability never gets the smaller number"


@wrong(checks.add_up, SHAPE)
def bytes_as_they_are(p):
    # a probability of 1 would not fit
    return np.rint(p * 256).astype(np.uint8)


@wrong(checks.add_up, NEIGHBORS)
def all_to_the_first(p):
    # as a library might that only wants the sum right
    steps = np.floor(p * 256).astype(np.int64)
    best = p.argmax(axis=1)
    steps[np.arange(len(p)), best] += 256 - steps.sum(axis=1)
    return steps


@wrong(checks.add_up, SUM)
def rounded_one_by_one(p):
    # what softmax on codes does
    return np.rint(p * 256).astype(np.int64)


@wrong(checks.add_up, SUM)
def rounded_down(p):
    # what the integer softmax does
    return np.floor(p * 256).astype(np.int64)


@wrong(checks.add_up, ORDER)
def missing_to_those_that_lost_least(p):
    # sorted the wrong way around, whole numbers passed by
    steps = np.floor(p * 256).astype(np.int64)
    rest = p * 256 - steps
    rest[rest == 0] = 2
    for row, lost in zip(steps, rest, strict=True):
        row[np.argsort(lost)[: 256 - row.sum()]] += 1
    return steps


@right(checks.add_up)
def one_after_the_other(p):
    out = np.empty(p.shape, np.int64)
    for row, numbers in zip(p, out, strict=True):
        numbers[:] = np.floor(row * 256)
        lost = row * 256 - numbers
        for place in np.argsort(-lost)[: 256 - numbers.sum()]:
            numbers[place] += 1
    return out
