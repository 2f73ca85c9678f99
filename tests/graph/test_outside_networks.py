"""torchvision's and timm's networks, with random weights, on small images."""

import warnings

import pytest
import torch

from mini_compress.pruning import mask_channels, prune_filters, thin
from mini_compress.quantization import (
    fold_batchnorm,
    quantize_static,
    quantize_weights,
    unfolded_norms,
)
from tests.support.outside_networks import norms_of, settled, small_vgg

SIZE = 64
IMAGES = torch.rand(
    4, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(2)
)


def off(model, expected) -> float:
    """The largest error, relative to the largest output."""
    with torch.no_grad():
        error = (model(IMAGES) - expected).abs().max()
    return float(error / expected.abs().max())


@pytest.mark.parametrize(
    ("name", "count", "left"),
    [
        ("resnet18", 20, 0),
        ("mobilenet_v2", 52, 0),
        ("mnasnet0_5", 52, 0),
        ("shufflenet_v2_x0_5", 56, 0),
        ("googlenet", 59, 2),  # two are run in training alone
        ("densenet121", 121, 62),  # 61 stand before their convolution, 1 last
        ("timm/test_resnet", 15, 0),
        ("timm/mobilenetv3_small_050", 34, 34),  # a class of timm's own
        ("squeezenet1_1", 0, 0),
    ],
)
def test_normalizations_are_folded_or_told(name, count, left):
    model = settled(name, SIZE)
    assert len(norms_of(model)) == count
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        folded = fold_batchnorm(model)
    told = unfolded_norms(model)
    assert len(told) == left
    assert norms_of(folded) == list(told)
    assert all(repr(name) in str(caught[0].message) for name in told)
    assert len(caught) == bool(left)
    with torch.no_grad():
        # each of up to 121 layers rounds; 0 in float64
        assert off(folded, model(IMAGES)) < 1e-5


def test_timms_normalizations_are_named_as_timms():
    told = unfolded_norms(settled("timm/mobilenetv3_small_050", SIZE))
    assert told["bn1"] == "is a timm.layers.norm_act.BatchNormAct2d"


@pytest.mark.parametrize(
    ("name", "channels"),
    [("resnet18", (2880, 2016)), ("timm/test_resnet", (672, 470))],
)
def test_filters_are_removed_from_residual_networks(name, channels):
    model = settled(name, SIZE)
    small, report = prune_filters(model, 0.3, input_shape=(3, SIZE, SIZE))
    assert report.channels == channels
    with torch.no_grad():
        expected = mask_channels(model, report.kept)(IMAGES)
    assert off(small, expected) < 1e-5
    assert off(thin(model, report.kept), expected) < 1e-5


def test_filters_are_removed_from_a_small_vgg():
    model = small_vgg()
    small, report = prune_filters(model, 0.5, input_shape=(3, SIZE, SIZE))
    assert report.channels == (8 + 16 + 32, 4 + 8 + 16)
    with torch.no_grad():
        expected = mask_channels(model, report.kept)(IMAGES)
    assert off(small, expected) < 1e-5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mobilenet_v2", "got ReLU6 at 'features.0.2'"),
        ("squeezenet1_1", "got cat in 'features.3'"),
        ("densenet121", "got cat in 'features.denseblock1.denselayer1'"),
        ("shufflenet_v2_x0_5", "Conv2d at 'stage2.0.branch1.0': groups=24"),
        ("timm/test_convnext", "got permute in 'stem.1'"),
        ("timm/test_vit", "must run the same operations on every input"),
    ],
)
def test_what_cannot_be_pruned_is_named(name, message):
    model = settled(name, 160 if "vit" in name else SIZE)
    with pytest.raises(ValueError) as caught:
        prune_filters(model, 0.3, input_shape=(3, SIZE, SIZE))
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["resnet18", "timm/test_resnet"])
def test_quantized_outputs_are_near(name):
    folded = fold_batchnorm(settled(name, SIZE))
    with torch.no_grad():
        expected = folded(IMAGES)
    assert off(quantize_weights(folded), expected) < 0.1
    assert off(quantize_static(folded, IMAGES), expected) < 0.1


def test_timms_own_linear_is_told_from_torchs():
    model = settled("timm/mobilenetv3_small_050", SIZE)
    with pytest.raises(ValueError, match=r"subclass of Linear, from timm\."):
        quantize_weights(model)
