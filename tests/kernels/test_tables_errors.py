"""What tables, normalizations and integer functions refuse, in which words."""

import numpy as np
import pytest

from mini_compress.kernels import tables
from mini_compress.kernels.affine import AffineParams
from tests.support.mistakes import assert_refused

GRID = AffineParams(0.1, 0, bits=8, signed=True)
NIBBLE = AffineParams(0.1, 0, bits=4, signed=True)
WIDE = AffineParams(0.1, 0, bits=16, signed=True)
ROWS = AffineParams([0.1, 0.2], 0, bits=8, signed=True)
HUGE = AffineParams(3e38, 0, bits=8, signed=True)
CODES = np.ones((2, 4), np.int8)
TABLE = np.arange(256).astype(np.uint8)
ONES = np.ones(4)
X = np.linspace(-1, 1, 9)


def make(function=tables.tanh, x_params=GRID, y_params=GRID, **options):
    return tables.make_table(function, x_params, y_params, **options)


def error(table=TABLE, function=tables.tanh, x=X, x_params=GRID):
    return tables.table_error(table, function, x, x_params, GRID)


def normalize(codes=CODES, weight=ONES, bias=ONES, x=GRID, y=GRID, **options):
    return tables.layer_norm_int8(codes, weight, bias, x, y, **options)


MISTAKES = [
    # activation functions
    (lambda: tables.gelu(CODES), "x must be float32 or float64, got int8"),
    (lambda: tables.tanh(X * np.nan), "x must be finite, got NaN"),
    (lambda: tables.silu(np.array([np.inf])), "x must be finite, got infinity"),
    (
        lambda: tables.leaky_relu(X, negative_slope=np.nan),
        "negative_slope must be finite, got NaN",
    ),
    # make_table
    (
        lambda: make(rounding="up"),
        "rounding must be one of half_even, half_away; got 'up'",
    ),
    (lambda: make(x_params=WIDE), "x_params must have <= 8 bits, got 16"),
    (
        lambda: make(x_params=ROWS),
        "x_params must have one scale, got shape (2,)",
    ),
    (
        lambda: make(y_params=ROWS),
        "y_params must have one scale, got shape (2,)",
    ),
    (
        lambda: make(x_params=HUGE),
        "scale of x_params times its codes must be finite, got infinity",
    ),
    (
        lambda: make(np.log),
        "function must not be NaN, got NaN at x = -12.8",
    ),
    (
        lambda: make(lambda x: x.sum()),
        "shape of function(x) must be (256,), got ()",
    ),
    (
        lambda: make(lambda x: x > 0),
        "function(x) must be real numbers, got bool",
    ),
    # apply_table
    (
        lambda: tables.apply_table(X, TABLE),
        "codes must be int8 or uint8, got float64",
    ),
    (
        lambda: tables.apply_table(CODES, TABLE.tolist()),
        "table must be a numpy array, got list",
    ),
    (
        lambda: tables.apply_table(CODES, X),
        "table must be integers, got float64",
    ),
    (
        lambda: tables.apply_table(CODES, TABLE.reshape(16, 16)),
        "table must have 1 axes, got shape (16, 16)",
    ),
    (
        lambda: tables.apply_table(CODES, TABLE[:9]),
        "table must have 2**bits entries, bits from 1 to 8, got 9",
    ),
    (
        lambda: tables.apply_table(8 * CODES, TABLE[:16]),
        "codes must be in [-8, 7], got 8 to 8",
    ),
    (
        lambda: tables.apply_table(np.array([3, 16], np.uint8), TABLE[:16]),
        "codes must be in [0, 15], got 3 to 16",
    ),
    # table_error
    (lambda: error(x=CODES), "x must be float32 or float64, got int8"),
    (lambda: error(x=X[:0]), "x must hold values, got the empty shape (0,)"),
    (lambda: error(x=X * np.nan), "x must be finite, got NaN"),
    (lambda: error(x_params=NIBBLE), "entries of table must be 16, got 256"),
    (
        lambda: error(function=lambda x: 1 / x, x=np.zeros(1)),
        "function of x must be finite, got infinity",
    ),
    # softmax_int8
    (
        lambda: tables.softmax_int8(CODES.astype(np.uint8), GRID),
        "codes must be int8, got uint8",
    ),
    (
        lambda: tables.softmax_int8(9 * CODES, NIBBLE),
        "codes must be in [-8, 7], got 9 to 9",
    ),
    (
        lambda: tables.softmax_int8(CODES.astype(np.int16), WIDE),
        "x_params must have <= 8 bits, got 16",
    ),
    (
        lambda: tables.softmax_int8(CODES, ROWS),
        "x_params must have one scale, got shape (2,)",
    ),
    (
        lambda: tables.softmax_int8(CODES, GRID, axis=2),
        "axis must be in [-2, 1], got 2",
    ),
    (
        lambda: tables.softmax_int8(CODES[:, :0], GRID),
        "codes must hold values along axis -1, got shape (2, 0)",
    ),
    (
        lambda: tables.softmax_int8(np.array(3, np.int8), GRID),
        "codes must have 1 or more axes, got shape ()",
    ),
    # layer_norm_int8
    (lambda: normalize(X), "codes must be int8, got float64"),
    (
        lambda: normalize(np.zeros((1, 2**15 + 1), np.int8)),
        "last axis of codes must be <= 32768, got 32769",
    ),
    (
        lambda: normalize(weight=CODES),
        "weight must be float32 or float64, got int8",
    ),
    (
        lambda: normalize(bias=ONES[:3]),
        "shape of bias must be (4,), got (3,)",
    ),
    (lambda: normalize(weight=ONES * np.nan), "weight must be finite, got NaN"),
    (
        lambda: normalize(weight=ONES * 1e6),
        "weight must be within 16384 steps of y_params, got 1e+07",
    ),
    (
        lambda: normalize(bias=ONES * -1e9),
        "bias must be within 1.67772e+07 steps of y_params, got 1e+10",
    ),
    (lambda: normalize(y=WIDE), "y_params must have <= 8 bits, got 16"),
    (lambda: normalize(x=ROWS), "x_params must have one scale, got shape (2,)"),
    (lambda: normalize(eps=-1), "eps must be in [0, inf), got -1"),
    (
        lambda: normalize(eps=1e12),
        "eps must be at most 2.2e+10 for this scale, got 1e+12",
    ),
    # integer functions
    (
        lambda: tables.integer_sqrt(np.array([3, -1])),
        "values must be in [0, 9223372036854775807], got -1 to 3",
    ),
    (
        lambda: tables.integer_sqrt(np.array([2**63], np.uint64)),
        "values must be in [0, 9223372036854775807], "
        "got 9223372036854775808 to 9223372036854775808",
    ),
    (
        lambda: tables.integer_sqrt(X),
        "values must be integers, got float64",
    ),
    (
        lambda: tables.integer_exp(CODES, 0.1),
        "codes must be in [-2147483648, 0], got 1 to 1",
    ),
    (
        lambda: tables.integer_exp(-CODES, 1.0),
        "scale must be in [3.0517578125e-05, 0.6931471805599453), got 1.0",
    ),
    (
        lambda: tables.integer_softmax(CODES, 0.1, bits=17),
        "bits must be in [1, 16], got 17",
    ),
    (
        lambda: tables.integer_softmax(np.zeros(2**16 + 1, np.int8), 0.1),
        "codes must have <= 65536 values along axis -1, got 65537",
    ),
    (
        lambda: tables.integer_softmax(np.array([2**31]), 0.1),
        "codes must be in [-2147483648, 2147483647], "
        "got 2147483648 to 2147483648",
    ),
    (
        lambda: tables.integer_gelu(CODES, 0.0),
        "scale must be in [9.5367431640625e-07, 1), got 0.0",
    ),
    (
        lambda: tables.integer_gelu(CODES, 4 / 127),
        "scale must leave erf 16 steps at shift=14, got 0.0314961",
    ),
    (
        lambda: tables.integer_gelu(np.array([2**31 - 1]), 2.0**-18, shift=0),
        "scale must leave products 63 bits at shift=0, got 3.8147e-06",
    ),
    (
        lambda: tables.integer_gelu(CODES, 0.001, shift=15),
        "shift must be in [0, 14], got 15",
    ),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES)
def test_mistakes_are_named(mistake, message):
    assert_refused(mistake, message)
