"""Weights of networks in block formats: exact, refused, or handled."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress import artifact, models
from mini_compress.kernels.block_formats import (
    FORMATS,
    decode_blocks,
    encode_blocks,
)
from mini_compress.kernels.rotation import random_signs
from mini_compress.layers import BlockFormatLayer
from mini_compress.quantization import quantize_format

IMAGES = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", FORMATS)
def test_each_weight_becomes_its_blocks(name):
    model = models.build("ConvNet")
    before = copy.deepcopy(model.state_dict())
    small = quantize_format(model, format=name)
    kinds = {type(x) for x in small.modules()}
    assert BlockFormatLayer in kinds
    assert not kinds & {nn.Linear, nn.Conv2d}
    for path, layer in small.named_modules():
        if isinstance(layer, BlockFormatLayer):
            weight = before[f"{path}.weight"].numpy()
            data = encode_blocks(weight, name)
            near = decode_blocks(data, name, weight.size)
            got = layer.dense_weight().numpy()
            assert np.array_equal(got.ravel(), near)
    assert not small.training
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key])


def test_the_file_takes_the_bits_of_the_format():
    model = models.build("LeNet300")
    full = artifact.file_kb(model)
    for name, bits in {"mxfp4": 4.25, "q4_k": 4.5, "nf4_double": 4.125}.items():
        small = artifact.file_kb(quantize_format(model, format=name))
        assert small == pytest.approx(full * bits / 32, rel=0.03)


def test_rotation_is_by_the_seed_and_differs_by_layer():
    model = models.build("LeNet300")
    signs = {"format": "mxfp8_e4m3", "rotate": True}
    one, same, other = (
        quantize_format(model, seed=seed, **signs) for seed in (3, 3, 9)
    )
    assert artifact.to_bytes(one) == artifact.to_bytes(same)
    assert artifact.to_bytes(one) != artifact.to_bytes(other)
    first = one.classifier[1].weight
    expected = np.packbits(random_signs(784, seed=3) < 0)
    assert np.array_equal(first.signs.numpy(), expected)
    second = np.packbits(random_signs(300, seed=4) < 0)
    assert np.array_equal(one.classifier[3].weight.signs.numpy(), second)
    near = one.classifier[1].dense_weight()
    assert torch.allclose(near, model.classifier[1].weight, atol=0.01)
    with torch.no_grad():
        assert torch.allclose(one(IMAGES), model.eval()(IMAGES), atol=0.05)


def test_rotation_saves_a_row_with_outliers():
    layer = nn.Linear(64, 4)
    with torch.no_grad():
        layer.weight.fill_(0.5)
        layer.weight[:, ::16] = 8.0  # two in each block

    def error(rotate):
        near = quantize_format(layer, format="mxfp4", rotate=rotate)
        moved = near.dense_weight() - layer.weight.detach()
        return float(moved.square().sum())

    assert error(rotate=True) < 0.5 * error(rotate=False)


def test_some_layers_only():
    model = models.build("LeNet300")
    part = quantize_format(model, format="nf4", layers=["classifier.1"])
    assert isinstance(part.classifier[1], BlockFormatLayer)
    assert isinstance(part.classifier[3], nn.Linear)


def shared():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    return model


def filled(value):
    model = nn.Sequential(nn.Linear(4, 4))
    nn.init.constant_(model[0].weight, value)
    return model


@pytest.mark.parametrize(
    ("model", "options", "error", "message"),
    [
        (filled(1), {"format": "q4"}, ValueError, "format must be one of mx"),
        (filled(1), {"rotate": 1}, TypeError, "rotate must be True or False"),
        (filled(1), {"seed": -1}, ValueError, "seed must be >= 0, got -1"),
        (filled(1), {"layers": ["7"]}, ValueError, "layers' names must be"),
        (filled(np.nan), {}, ValueError, "weight of '0' must be finite"),
        (
            filled(1e9),
            {"format": "q4_0"},
            ValueError,
            "weight of '0': scale of a block must be at most 65504, got",
        ),
        (shared(), {"layers": ["0"]}, ValueError, "must be its own, got one"),
        (nn.ReLU(), {}, ValueError, "must have a Linear or Conv2d, got none"),
    ],
)
def test_bad_requests(model, options, error, message):
    with pytest.raises(error, match=message):
        quantize_format(model, **{"format": "mxfp4"} | options)
