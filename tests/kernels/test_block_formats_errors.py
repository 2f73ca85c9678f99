"""Block formats at their limits: sizes, layouts of arrays, bad input."""

import numpy as np
import pytest

from mini_compress.kernels.block_formats import (
    bits_per_value,
    decode_blocks,
    encode_blocks,
)
from tests.support.blocks import back, drawn, every_format


@every_format
@pytest.mark.parametrize("size", [1e-45, 1e-38, 1e-30, 1e30, 3.4e38])
def test_huge_and_tiny_values(name, size):
    x = np.array([1, -0.5, 0.25, 0] * 9, np.float32) * np.float32(size)
    halves = name.startswith("q")  # its scale is a float16
    if halves and size > 1:
        with pytest.raises(ValueError, match="must be at most 65504, got"):
            back(x, name)
        return
    # what such a scale cannot tell from 0; elsewhere float32 is the limit
    lost = 1e-4 if halves else 2.0**-126
    assert np.abs(back(x, name) - x).max() <= 0.31 * size + lost


@every_format
def test_any_layout_is_read_in_order(name):
    x = drawn(24).reshape(4, 6)[::2, ::-1].T
    x.flags.writeable = False
    data = encode_blocks(x, name)
    assert np.array_equal(data, encode_blocks(x.copy().ravel(), name))
    spread = np.repeat(data, 2)[::2]
    spread.flags.writeable = False
    got = decode_blocks(spread, name, x.size)
    assert np.array_equal(got, decode_blocks(data, name, np.int64(x.size)))
    got[:] = 0  # no view


def test_a_scale_that_is_no_number_gives_none():
    data = encode_blocks(drawn(32), "mxfp4")
    data[0] = 255
    assert np.isnan(decode_blocks(data, "mxfp4", 32)).all()


ONE = np.ones(32, np.float32)
DATA = encode_blocks(ONE, "mxfp4")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: encode_blocks(ONE, "mxfp5"),
            ValueError,
            "format must be one of mxfp4, ",
        ),
        (lambda: encode_blocks(ONE, 4), ValueError, "format must be one of"),
        (
            lambda: encode_blocks(ONE.astype(np.float64), "mxfp4"),
            TypeError,
            "values must be float32, got float64",
        ),
        (
            lambda: encode_blocks(ONE * np.nan, "q4_k"),
            ValueError,
            "values must be finite, got NaN",
        ),
        (
            lambda: encode_blocks(np.float32(1e9) * ONE, "q8_0"),
            ValueError,
            "scale of a block must be at most 65504, got",
        ),
        (
            lambda: decode_blocks(DATA[:-1], "mxfp4", 32),
            ValueError,
            "bytes of data for 32 values must be 17, got 16",
        ),
        (
            lambda: decode_blocks(DATA, "mxfp4", 33),
            ValueError,
            "bytes of data for 33 values must be 34, got 17",
        ),
        (
            lambda: decode_blocks(DATA.view(np.int8), "mxfp4", 32),
            TypeError,
            "data must be uint8, got int8",
        ),
        (
            lambda: decode_blocks(DATA[np.newaxis], "mxfp4", 32),
            ValueError,
            "data must have 1 axes, got shape",
        ),
        (
            lambda: decode_blocks(DATA, "mxfp4", -1),
            ValueError,
            "count must be >= 0, got -1",
        ),
        (
            lambda: decode_blocks(DATA, "mxfp4", 32.0),
            TypeError,
            "count must be a whole number, got float",
        ),
        (lambda: bits_per_value("q9"), ValueError, "format must be one of"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
