"""Grids and codes against onnxruntime's kernels and calibration."""

import numpy as np
import pytest
from onnxruntime.quantization.quant_utils import compute_scale_zp

from mini_compress.kernels import affine
from mini_compress.kernels.affine import AffineParams
from tests.support.sessions import run_node

DTYPES = [np.int8, np.uint8, np.int16, np.uint16]


def random_params(rng, dtype, shape) -> AffineParams:
    limits = np.iinfo(dtype)
    return AffineParams(
        rng.uniform(0.001, 0.1, shape).astype(np.float32),
        rng.integers(limits.min, limits.max, shape, endpoint=True),
        bits=limits.bits,
        signed=limits.min < 0,
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "axis", "block_size"),
    [
        ((1, 1, 1), None, None),
        ((6, 1, 1), 0, None),
        ((1, 5, 1), 1, None),
        ((1, 1, 80), 2, None),
        ((6, 5, 10), 2, 8),
    ],
)
def test_quantize_and_dequantize_equal_the_nodes(
    dtype, shape, axis, block_size
):
    rng = np.random.default_rng(0)
    params = random_params(rng, dtype, shape)
    scale, zero_point = params.scale, params.zero_point.astype(dtype)
    groups = 1 if block_size is None else 10
    x = rng.normal(0, 3, (6, 5, 80)).astype(np.float32)
    attributes = {} if axis is None else {"axis": axis}
    if block_size:
        attributes["block_size"] = block_size
        params = AffineParams(
            scale[..., np.newaxis],
            params.zero_point[..., np.newaxis],
            params.bits,
            params.signed,
        )
    else:
        scale, zero_point = scale.squeeze(), zero_point.squeeze()
    split = affine.split_groups(x, 80 // groups) if block_size else x
    codes = affine.quantize(split, params)
    (expected,) = run_node(
        "QuantizeLinear", [x, scale, zero_point], opset=21, **attributes
    )
    assert codes.dtype == expected.dtype
    assert np.array_equal(codes.reshape(x.shape), expected)
    real = affine.dequantize(codes, params)
    (expected,) = run_node(
        "DequantizeLinear",
        [codes.reshape(x.shape), scale, zero_point],
        opset=21,
        **attributes,
    )
    assert np.array_equal(real.reshape(x.shape), expected)


@pytest.mark.parametrize("zero_point", [0, 3])
def test_ties_go_where_the_node_sends_them(zero_point):
    params = AffineParams(0.3, zero_point, bits=8, signed=True)
    x = (np.arange(-255, 256) * np.float32(0.15)).astype(np.float32)
    (expected,) = run_node(
        "QuantizeLinear", [x, params.scale, np.array(zero_point, np.int8)]
    )
    assert np.array_equal(affine.quantize(x, params), expected)


def test_choosing_and_quantizing_equals_dynamic_quantization():
    rng = np.random.default_rng(0)
    for size in range(1, 200):
        x = rng.normal(rng.normal(), rng.exponential(), size).astype(np.float32)
        codes, scale, zero_point = run_node(
            "DynamicQuantizeLinear", [x], num_outputs=3
        )
        params = affine.choose_affine(x, signed=False)
        assert params.scale.item() == scale
        assert params.zero_point.item() == zero_point
        assert np.array_equal(affine.quantize(x, params), codes)


@pytest.mark.parametrize(
    ("signed", "symmetric", "limits"),
    [
        (True, True, (-127, 127)),
        (True, False, (-128, 127)),
        (False, False, (0, 255)),
    ],
)
def test_grids_equal_those_of_the_calibration(signed, symmetric, limits):
    rng = np.random.default_rng(0)
    for _ in range(200):
        x = rng.normal(rng.normal(), 1, 9)  # the peer computes in float64
        params = affine.choose_affine(x, signed=signed, symmetric=symmetric)
        zero_point, scale = compute_scale_zp(
            x.min(), x.max(), *map(np.array, limits), symmetric=symmetric
        )
        assert params.scale.item() == np.float32(scale)
        assert params.zero_point.item() == zero_point
