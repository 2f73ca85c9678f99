"""Products, convolutions and requantization against onnxruntime's kernels."""

import numpy as np
import pytest

from mini_compress.kernels import integer
from mini_compress.kernels.saturation import matmul_saturating
from tests.support.sessions import has_no_vnni, run_node
from tests.support.strategies import random_codes

PAIRS = [
    (x_dtype, weight_dtype)
    for x_dtype in (np.uint8, np.int8)
    for weight_dtype in (np.uint8, np.int8)
]
# QLinearMatMul and QLinearConv have no kernel for int8 x with uint8 weights
SCALED_PAIRS = [pair for pair in PAIRS if pair != (np.int8, np.uint8)]
CONV = {"stride": (2, 1), "dilation": (1, 2), "groups": 2}
SIDES = (1, 0, 2, 1)
CONV_ATTRIBUTES = {
    "strides": [2, 1],
    "dilations": [1, 2],
    "group": 2,
    "pads": list(SIDES),
}


def is_mixed(x_dtype: type, weight_dtype: type) -> bool:
    """Whether onnxruntime needs its precise mode (see sessions.py)."""
    return (x_dtype, weight_dtype) == (np.uint8, np.int8)


def central_codes(
    rng: np.random.Generator, dtype: type, *shape: int
) -> np.ndarray:
    """Return zero points from the middle, so that few sums saturate."""
    limits = np.iinfo(dtype)
    middle = (int(limits.min) + int(limits.max) + 1) // 2
    return np.array(middle + rng.integers(-30, 30, shape), dtype)


@pytest.mark.parametrize(("a_dtype", "b_dtype"), PAIRS)
@pytest.mark.parametrize("cols", [(), (45,)], ids=["tensor", "column"])
def test_matmul_equals_matmul_integer(a_dtype, b_dtype, cols):
    rng = np.random.default_rng(0)
    for inner in (1, 7, 300, 1100):
        a = random_codes(rng, a_dtype, 37, inner)
        b = random_codes(rng, b_dtype, inner, 45)
        a_zero, b_zero = (
            random_codes(rng, a_dtype),
            random_codes(rng, b_dtype, *cols),
        )
        (expected,) = run_node(
            "MatMulInteger",
            [a, b, a_zero, b_zero],
            precise=is_mixed(a_dtype, b_dtype),
        )
        out = integer.matmul_int8(
            a, b, a_zero_point=a_zero, b_zero_point=b_zero
        )
        assert np.array_equal(out, expected)


@pytest.mark.parametrize(("x_dtype", "weight_dtype"), PAIRS)
def test_conv2d_equals_conv_integer(x_dtype, weight_dtype):
    rng = np.random.default_rng(0)
    x = random_codes(rng, x_dtype, 2, 6, 12, 13)
    weight = random_codes(rng, weight_dtype, 8, 3, 3, 3)
    if (x_dtype, weight_dtype) == (np.int8, np.uint8):
        weight >>= 1  # 7 bits: this pair has no precise mode
    x_zero, weight_zero = (
        random_codes(rng, d) for d in (x_dtype, weight_dtype)
    )
    (expected,) = run_node(
        "ConvInteger",
        [x, weight, x_zero, weight_zero],
        precise=is_mixed(x_dtype, weight_dtype),
        **CONV_ATTRIBUTES,
    )
    out = integer.conv2d_int8(
        x,
        weight,
        x_zero_point=int(x_zero),
        weight_zero_point=weight_zero,
        padding=SIDES,
        **CONV,
    )
    assert np.array_equal(out, expected)


@pytest.mark.parametrize(("a_dtype", "b_dtype"), SCALED_PAIRS)
@pytest.mark.parametrize("cols", [(), (45,)], ids=["tensor", "column"])
@pytest.mark.parametrize("seed", range(5))
def test_requantize_equals_qlinear_matmul(a_dtype, b_dtype, cols, seed):
    rng = np.random.default_rng(seed)
    a, b = (
        random_codes(rng, a_dtype, 37, 64),
        random_codes(rng, b_dtype, 64, 45),
    )
    a_zero, out_zero = central_codes(rng, a_dtype), central_codes(rng, a_dtype)
    b_zero = central_codes(rng, b_dtype, *cols)
    a_scale, out_scale = rng.uniform(0.1, 1, 2).astype(np.float32)
    b_scale = rng.uniform(0.0003, 0.003, cols).astype(np.float32)
    (expected,) = run_node(
        "QLinearMatMul",
        [a, a_scale, a_zero, b, b_scale, b_zero, out_scale, out_zero],
        precise=is_mixed(a_dtype, b_dtype),
    )
    acc = integer.matmul_int8(a, b, a_zero_point=a_zero, b_zero_point=b_zero)
    multiplier = a_scale * b_scale / out_scale  # in float32
    out = integer.requantize(acc, multiplier, int(out_zero), dtype=a_dtype)
    assert len(np.unique(out)) > 10  # not all of it saturates
    assert np.array_equal(out, expected)


@pytest.mark.parametrize(("x_dtype", "weight_dtype"), SCALED_PAIRS)
@pytest.mark.parametrize("channels", [(), (8,)], ids=["tensor", "channel"])
@pytest.mark.parametrize("seed", range(5))
def test_requantize_equals_qlinear_conv(x_dtype, weight_dtype, channels, seed):
    rng = np.random.default_rng(seed)
    x = random_codes(rng, x_dtype, 2, 6, 12, 13)
    weight = random_codes(rng, weight_dtype, 8, 3, 3, 3)
    bias = rng.integers(-9000, 9000, 8, np.int32)
    x_zero, out_zero = central_codes(rng, x_dtype), central_codes(rng, x_dtype)
    # onnxruntime takes one zero point for all channels
    weight_zero = np.full(channels, central_codes(rng, weight_dtype))
    x_scale, out_scale = rng.uniform(0.1, 1, 2).astype(np.float32)
    scale = rng.uniform(0.0003, 0.003, channels).astype(np.float32)
    after = [out_scale, out_zero, bias]
    (expected,) = run_node(
        "QLinearConv",
        [x, x_scale, x_zero, weight, scale, weight_zero, *after],
        precise=is_mixed(x_dtype, weight_dtype),
        **CONV_ATTRIBUTES,
    )
    acc = integer.conv2d_int8(
        x,
        weight,
        bias,
        x_zero_point=int(x_zero),
        weight_zero_point=weight_zero,
        padding=SIDES,
        **CONV,
    )
    multiplier = x_scale * scale / out_scale  # in float32
    out = integer.requantize(acc, multiplier, int(out_zero), dtype=x_dtype)
    assert len(np.unique(out)) > 10  # not all of it saturates
    assert np.array_equal(out, expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_ties_go_where_qlinear_matmul_sends_them(dtype):
    a, one = (
        np.arange(0, 100, dtype=dtype).reshape(-1, 1),
        np.ones((1, 1), dtype),
    )
    zero, out_zero = np.zeros((), dtype), np.array(3, dtype)
    half, unit = np.float32(0.5), np.float32(1)
    (expected,) = run_node(
        "QLinearMatMul", [a, half, zero, one, unit, zero, unit, out_zero]
    )
    acc = integer.matmul_int8(a, one)
    assert np.array_equal(
        integer.requantize(acc, 0.5, 3, dtype=dtype), expected
    )


@pytest.mark.skipif(
    not has_no_vnni(), reason="needs an x86 processor with AVX2, without VNNI"
)
def test_the_peer_saturates_in_pairs_and_we_do_not():
    rng = np.random.default_rng(0)
    a, b = random_codes(rng, np.uint8, 9, 64), random_codes(rng, np.int8, 64, 8)
    (got,) = run_node("MatMulInteger", [a, b])
    assert np.array_equal(got, matmul_saturating(a, b))
    assert not np.array_equal(got, integer.matmul_int8(a, b))
    (precise,) = run_node("MatMulInteger", [a, b], precise=True)
    assert np.array_equal(precise, integer.matmul_int8(a, b))
