"""Weights in blocks of 4-bit codes, against onnxruntime's MatMulNBits."""

import numpy as np
import pytest

from mini_compress.kernels.affine import (
    AffineParams,
    choose_affine,
    dequantize,
    quantize,
)
from mini_compress.kernels.packing import pack_bits
from tests.support.sessions import run_node

ROWS, OUTPUTS, BLOCKS = 5, 7, 6
CLOSE = {"rtol": 0, "atol": 1e-4}  # float32 sums in another order


def draw(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x and a weight, (rows, inner), (outputs, blocks, size)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, BLOCKS * size)).astype(np.float32)
    weight = rng.normal(0.3, 1, (OUTPUTS, BLOCKS, size)).astype(np.float32)
    return x, weight


def run(
    x: np.ndarray, codes: np.ndarray, params: AffineParams, order: str
) -> np.ndarray:
    """Return the product as onnxruntime has it, (rows, outputs) float32."""
    outputs, blocks, size = codes.shape
    packed = pack_bits(codes, bits=4, order=order)
    zeros = params.zero_point.astype(np.uint8).reshape(outputs, blocks)
    (y,) = run_node(
        "MatMulNBits",
        [
            x,
            packed.reshape(outputs, blocks, size // 2),
            params.scale.reshape(-1),
            pack_bits(zeros, bits=4, order=order),
        ],
        domain="com.microsoft",
        K=blocks * size,
        N=outputs,
        bits=4,
        block_size=size,
    )
    return y


@pytest.mark.parametrize("size", [16, 32, 128])
@pytest.mark.parametrize("symmetric", [True, False])
def test_blocks_multiply_as_the_numbers_they_stand_for(size, symmetric):
    x, weight = draw(size)
    params = choose_affine(
        weight, bits=4, signed=False, symmetric=symmetric, axis=2
    )
    codes = quantize(weight, params)
    reals = dequantize(codes, params).reshape(OUTPUTS, -1)
    y = run(x, codes, params, "low_first")
    np.testing.assert_allclose(y, x @ reals.T, **CLOSE)


def test_the_first_code_of_a_byte_is_the_low_one():
    x, weight = draw(32)
    params = choose_affine(weight, bits=4, signed=False, axis=2)
    codes = quantize(weight, params)
    reals = dequantize(codes, params).reshape(OUTPUTS, -1)
    y = run(x, codes, params, "high_first")
    assert not np.allclose(y, x @ reals.T, **CLOSE)
