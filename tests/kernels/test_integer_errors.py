"""What the integer products refuse, and the message of each mistake."""

import numpy as np
import pytest

from mini_compress.kernels import integer
from tests.support.mistakes import assert_refused

X = np.ones((2, 4), np.float32)
CODES = np.ones((2, 4), np.int8)
IMAGES = np.ones((1, 4, 5, 5), np.uint8)
FILTERS = np.ones((6, 4, 3, 3), np.int8)
ACC = np.ones((1, 3, 2, 2), np.int32)


def matmul(a=CODES, b=CODES.T, **options):
    return integer.matmul_int8(a, b, **options)


def linear(x=CODES, weight=CODES, bias=None, **options):
    return integer.linear_int8(x, weight, bias, **options)


def conv(x=IMAGES, weight=FILTERS, bias=None, **options):
    return integer.conv2d_int8(x, weight, bias, **options)


def requantize(acc=ACC, multiplier=0.5, zero_point=0, **options):
    return integer.requantize(acc, multiplier, zero_point, **options)


MISTAKES = [
    # matmul_int8
    (lambda: matmul(a=X), "a must be int8 or uint8, got float32"),
    (lambda: matmul(b=ACC), "b must be int8 or uint8, got int32"),
    (lambda: matmul(a=CODES[0]), "a must have 2 or more axes, got shape (4,)"),
    (lambda: matmul(b=CODES), "inner axis of b must be 4, got 2"),
    (
        lambda: matmul(np.stack([CODES] * 3), np.stack([CODES.T] * 2)),
        "leading axes must broadcast, got (3,) and (2,)",
    ),
    (
        lambda: matmul(a_zero_point=128),
        "a_zero_point must be in [-128, 127], got 128 to 128",
    ),
    (
        lambda: matmul(b_zero_point=np.arange(3)),
        "b_zero_point must be an int or have shape (2,), got (3,)",
    ),
    (
        lambda: matmul(a_zero_point=0.5),
        "a_zero_point must be integers, got float64",
    ),
    # linear_int8
    (lambda: linear(x=X), "x must be int8 or uint8, got float32"),
    (
        lambda: linear(x=np.array(1, np.int8)),
        "x must have 1 or more axes, got shape ()",
    ),
    (lambda: linear(x=CODES.T), "last axis of x must be 4, got 2"),
    (lambda: linear(weight=ACC), "weight must be int8 or uint8, got int32"),
    (
        lambda: linear(weight=FILTERS),
        "weight must have 2 axes, got shape (6, 4, 3, 3)",
    ),
    (lambda: linear(bias=np.ones(2)), "bias must be int32, got float64"),
    (
        lambda: linear(bias=np.ones(3, np.int32)),
        "shape of bias must be (2,), got (3,)",
    ),
    (
        lambda: linear(x_zero_point=np.arange(2)),
        "x_zero_point must be an int or have shape (1,), got (2,)",
    ),
    (
        lambda: linear(weight_zero_point=-129),
        "weight_zero_point must be in [-128, 127], got -129 to -129",
    ),
    # conv2d_int8
    (lambda: conv(x=ACC), "x must be int8 or uint8, got int32"),
    (lambda: conv(x=IMAGES[0]), "x must have 4 axes, got shape (4, 5, 5)"),
    (lambda: conv(weight=X), "weight must be int8 or uint8, got float32"),
    (lambda: conv(weight=CODES), "weight must have 4 axes, got shape (2, 4)"),
    (lambda: conv(weight=FILTERS[:, :2]), "channels of x must be 2, got 4"),
    (
        lambda: conv(weight=FILTERS[:, :, :0]),
        "weight must have a window, got (6, 4, 0, 3)",
    ),
    (
        lambda: conv(weight=FILTERS[:, :1], groups=4),
        "groups must divide the 6 outputs, got 4",
    ),
    (lambda: conv(groups=0), "groups must be >= 1, got 0"),
    (
        lambda: conv(bias=np.ones(4, np.int32)),
        "shape of bias must be (6,), got (4,)",
    ),
    (lambda: conv(stride=0), "stride must be >= 1, got 0"),
    (
        lambda: conv(stride=(1, 2, 3)),
        "stride must be an int or a pair, got (1, 2, 3)",
    ),
    (lambda: conv(stride=1.5), "stride must be a whole number, got float"),
    (lambda: conv(dilation=(1, 0)), "dilation must be >= 1, got 0"),
    (
        lambda: conv(dilation=3),
        "weight's window must fit the padded x, got a span of (7, 7) in (5, 5)",
    ),
    (lambda: conv(padding=-1), "padding must be >= 0, got -1"),
    (
        lambda: conv(padding=(1, 2, 3)),
        "padding must be an int, a pair or four, got (1, 2, 3)",
    ),
    (lambda: conv(padding="same"), "padding must be a whole number, got str"),
    (
        lambda: conv(x_zero_point=-1),
        "x_zero_point must be in [0, 255], got -1 to -1",
    ),
    (
        lambda: conv(weight_zero_point=np.arange(4)),
        "weight_zero_point must be an int or have shape (6,), got (4,)",
    ),
    # requantize, quantize_multiplier
    (
        lambda: requantize(acc=ACC.astype(np.int64)),
        "acc must be int32, got int64",
    ),
    (
        lambda: requantize(multiplier=0.0),
        "multiplier must be > 0 and at most 2**29, got 0.0",
    ),
    (
        lambda: requantize(multiplier=np.nan),
        "multiplier must be > 0 and at most 2**29, got nan",
    ),
    (
        lambda: requantize(multiplier=np.inf),
        "multiplier must be > 0 and at most 2**29, got inf",
    ),
    (
        lambda: requantize(multiplier=np.ones(2)),
        "multiplier must be one number or one per channel of acc (1, 3, "
        "2, 2), got shape (2,)",
    ),
    (
        lambda: requantize(multiplier="0.5"),
        "multiplier must be real numbers, got str96",
    ),
    (
        lambda: requantize(zero_point=128),
        "zero_point must be in [-128, 127], got 128",
    ),
    (
        lambda: requantize(zero_point=-1, dtype=np.uint8),
        "zero_point must be in [0, 255], got -1",
    ),
    (
        lambda: requantize(zero_point=0.5),
        "zero_point must be a whole number, got float",
    ),
    (
        lambda: requantize(rounding="half_up"),
        "rounding must be one of float32_half_even, float32_zero_inside, "
        "float64_zero_inside, float64_half_away, fixed_single, fixed_double, "
        "fixed_double_away; got 'half_up'",
    ),
    (
        lambda: requantize(bias=np.ones(3)),
        "bias must be float32, got float64",
    ),
    (
        lambda: requantize(bias=np.ones(2, np.float32)),
        "bias must be one number or one per channel of acc (1, 3, 2, 2), "
        "got shape (2,)",
    ),
    (
        lambda: requantize(bias=np.float32([1, 2, np.inf])),
        "bias must be finite, got infinity",
    ),
    (
        lambda: requantize(
            bias=np.ones(3, np.float32), rounding="fixed_single"
        ),
        "bias must be None for fixed_single, whose sums are whole numbers",
    ),
    (
        lambda: requantize(dtype=np.int16),
        "dtype must be one of int8, uint8; got 'int16'",
    ),
    (
        lambda: integer.quantize_multiplier(-1.0),
        "multiplier must be > 0 and at most 2**29, got -1.0",
    ),
    (
        lambda: integer.quantize_multiplier(2.0**30),
        "multiplier must be > 0 and at most 2**29, got 1073741824.0",
    ),
]


@pytest.mark.parametrize(
    ("mistake", "message"), MISTAKES, ids=[message for _, message in MISTAKES]
)
def test_each_mistake_has_its_message(mistake, message):
    assert_refused(mistake, message)
