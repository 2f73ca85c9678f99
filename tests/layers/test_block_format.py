"""Layers whose weight is in a block format: decoded, rotated, kept, refused."""

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress.kernels.block_formats import (
    FORMATS,
    decode_blocks,
    encode_blocks,
    num_block_bytes,
)
from mini_compress.kernels.rotation import random_signs, rotate
from mini_compress.layers import (
    BlockFormatLayer,
    BlockFormatWeight,
    LinearGeometry,
    geometry_of,
)
from tests.support.signed_files import assert_survives


def some_weight(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("name", FORMATS)
def test_the_weight_is_what_its_bytes_stand_for(name):
    weight = some_weight(6, 5, 3, 3)
    kept = BlockFormatWeight(weight.shape, format=name)
    kept.store(weight)
    expected = decode_blocks(encode_blocks(weight, name), name, weight.size)
    assert np.array_equal(kept.decode().numpy().ravel(), expected)
    assert kept.data.numel() == num_block_bytes(name, weight.size)
    assert kept.signs.numel() == 0


@pytest.mark.parametrize("inner", [(9,), (5, 3, 3), (64,)])
def test_a_rotated_weight_is_rotated_by_row_and_back(inner):
    weight = some_weight(6, *inner)
    rows = weight.reshape(6, -1)
    signs = random_signs(rows.shape[1], seed=4)
    kept = BlockFormatWeight(weight.shape, format="q8_0", rotated=True)
    kept.store(weight, signs)
    turned = rotate(rows, signs)
    data = encode_blocks(turned, "q8_0")
    assert np.array_equal(kept.data.numpy(), data)
    near = decode_blocks(data, "q8_0", weight.size).reshape(rows.shape)
    expected = rotate(near, signs, inverse=True).reshape(weight.shape)
    assert np.array_equal(kept.decode().numpy(), expected)
    assert np.abs(expected - weight).max() < 0.05
    assert kept.signs.numel() == -(-rows.shape[1] // 8)


@pytest.mark.parametrize("rotated", [False, True])
def test_a_layer_is_torchs_layer_on_the_decoded_weight(rotated):
    conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
    layer = BlockFormatLayer(
        geometry_of(conv), bias=True, format="mxfp4", rotated=rotated
    )
    signs = random_signs(27) if rotated else None
    layer.weight.store(some_weight(4, 3, 3, 3), signs)
    layer.bias.copy_(conv.bias.detach())
    conv.weight.data.copy_(layer.dense_weight())
    x = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(layer(x), conv(x))
    assert layer.macs(layer(x)) == 2 * 4 * 4 * 4 * 27
    assert (layer.weight_bits, layer.weight_kind) == (4, "mxfp4 weights")
    assert "format='mxfp4'" in repr(layer)


@pytest.mark.parametrize("name", FORMATS)
def test_a_layer_survives_its_file(name):
    for rotated in (False, True):
        layer = BlockFormatLayer(
            LinearGeometry(9, 5), bias=False, format=name, rotated=rotated
        )
        signs = random_signs(9) if rotated else None
        layer.weight.store(some_weight(5, 9), signs)
        assert_survives(layer.eval(), torch.rand(2, 9))


def test_bytes_that_are_no_numbers_are_refused():
    layer = BlockFormatLayer(LinearGeometry(32, 1), bias=False, format="mxfp4")
    layer.weight.store(some_weight(1, 32))
    layer.require_valid()
    layer.weight.data[0] = 255
    with pytest.raises(ValueError, match="finite numbers in mxfp4, got NaN"):
        layer.require_valid()


def test_bad_input():
    linear = LinearGeometry(6, 2)
    with pytest.raises(ValueError, match="format must be one of mxfp4, "):
        BlockFormatLayer(linear, bias=False, format="q4")
    with pytest.raises(TypeError, match="rotated must be True or False"):
        BlockFormatLayer(linear, bias=False, format="nf4", rotated=1)
    kept = BlockFormatWeight((2, 6), format="nf4")
    with pytest.raises(ValueError, match=r"shape of weight must be \(2, 6\)"):
        kept.store(some_weight(6, 2))
    with pytest.raises(ValueError, match="signs given must be False, got True"):
        kept.store(some_weight(2, 6), random_signs(6))
