"""Small floats: input that is refused."""

import numpy as np
import pytest

from mini_compress.kernels import floats
from mini_compress.kernels.floats import FloatFormat

ONE = np.ones(2, np.float32)
SIZES = {"exponent_bits": 4, "mantissa_bits": 3}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: FloatFormat(9, 3), ValueError, "exponent_bits must be in"),
        (lambda: FloatFormat(0, 3), ValueError, "exponent_bits must be in"),
        (lambda: FloatFormat(4, 12), ValueError, r"must be in \[0, 11\]"),
        (lambda: FloatFormat(4, 2.0), TypeError, "mantissa_bits must be a wh"),
        (lambda: FloatFormat(4, 3, "fn"), ValueError, "one of ieee, nan, none"),
        (lambda: FloatFormat(8, 7, "nan"), ValueError, "must be one of ieee"),
        (
            lambda: floats.round_to_float(
                ONE, exponent_bits=4, mantissa_bits=0
            ),
            ValueError,
            "mantissa_bits must be >= 1, got 0",
        ),
        (
            lambda: floats.round_to_float(
                ONE, exponent_bits="4", mantissa_bits=3
            ),
            TypeError,
            "exponent_bits must be a whole number, got str",
        ),
        (
            lambda: floats.round_to_float([1.0], **SIZES),
            TypeError,
            "x must be a numpy array, got list",
        ),
        (
            lambda: floats.round_to_float(ONE.astype(int), **SIZES),
            TypeError,
            "x must be float32 or float64, got int64",
        ),
        (
            lambda: floats.round_to_float(ONE * np.nan, **SIZES),
            ValueError,
            "x must be finite, got NaN",
        ),
        (
            lambda: floats.encode(ONE * np.inf, floats.E5M2),
            ValueError,
            "x must be finite, got infinity",
        ),
        (
            lambda: floats.encode(0 * ONE, floats.E8M0),
            ValueError,
            "x must be > 0 for scales, got 0",
        ),
        (
            lambda: floats.encode(ONE, "E4M3FN"),
            TypeError,
            "format must be a FloatFormat, got str",
        ),
        (
            lambda: floats.decode(np.array([16], np.uint8), floats.E2M1),
            ValueError,
            "codes must be below 16 for 4 bits, got 16",
        ),
        (
            lambda: floats.decode(np.array([1], np.uint8), floats.FLOAT16),
            TypeError,
            "codes must be uint16, got uint8",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
