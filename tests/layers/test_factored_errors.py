"""What factored layers refuse, and with which words."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from mini_compress.layers import (
    Conv2dGeometry,
    LinearGeometry,
    LowRankConv2d,
    LowRankLinear,
    SeparableConv2d,
    TuckerConv2d,
)
from mini_compress.layers.selection import treatable_layers
from tests.support.mistakes import assert_refused

LINEAR, CONV = LinearGeometry(6, 4), Conv2dGeometry(4, 6, (3, 2))


def spoiled(value: float) -> nn.Linear:
    layer = nn.Linear(6, 4)
    layer.weight.data[1, 2] = value
    return layer


def huge() -> nn.Conv2d:
    """Make a convolution whose core, 24 times as large, is no float32."""
    conv = nn.Conv2d(8, 8, 3)
    conv.weight.data.fill_(3e38)
    return conv


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (
            lambda: LowRankLinear.from_linear(nn.Linear(6, 4), 0),
            "rank must be >= 1, got 0",
        ),
        (
            lambda: LowRankLinear.from_linear(nn.Linear(6, 4), 5),
            "rank must be in [1, 4], got 5",
        ),
        (
            lambda: LowRankLinear.from_linear(nn.Linear(6, 4), 2.0),
            "rank must be a whole number, got float",
        ),
        (
            lambda: LowRankConv2d.from_conv(nn.Conv2d(1, 6, (3, 1)), 4),
            "rank must be in [1, 3], got 4",
        ),
        (
            lambda: SeparableConv2d.from_conv(nn.Conv2d(2, 9, (3, 1)), 7),
            "rank must be in [1, 6], got 7",
        ),
        (
            lambda: TuckerConv2d.from_conv(nn.Conv2d(4, 6, 3), (6, 5)),
            "rank of inputs must be in [1, 4], got 5",
        ),
        (
            lambda: TuckerConv2d.from_conv(
                nn.Conv2d(4, 6, 3, groups=2), (4, 1)
            ),
            "rank of outputs must be in [1, 3] for each of the 2 groups, got 4",
        ),
        (
            lambda: TuckerConv2d.from_conv(
                nn.Conv2d(6, 6, 3, groups=6), (1, 2)
            ),
            "rank of inputs must be in [1, 1] for each channel of a depthwise "
            'convolution, got 2; SeparableConv2d, method "spatial", has larger '
            "ranks",
        ),
        (
            lambda: LowRankConv2d.from_conv(nn.Conv2d(6, 6, 3, groups=6), 2),
            "rank must be in [1, 1] for each channel of a depthwise "
            'convolution, got 2; SeparableConv2d, method "spatial", has larger '
            "ranks",
        ),
        (
            lambda: SeparableConv2d.from_conv(nn.Conv2d(6, 6, 3, groups=6), 4),
            "rank must be in [1, 3] for each channel of a depthwise "
            "convolution, got 4",
        ),
        (
            lambda: TuckerConv2d.from_conv(nn.Conv2d(4, 6, 3), (1, 1, 1)),
            "number of ranks must be 2, got 3",
        ),
        (
            lambda: LowRankLinear.from_linear(spoiled(np.nan), 2),
            "weight of 'layer' must be finite, got NaN",
        ),
        (
            lambda: LowRankLinear.from_linear(spoiled(-np.inf), 2),
            "weight of 'layer' must be finite, got infinity",
        ),
        (
            lambda: LowRankLinear.from_linear(nn.Linear(6, 4).half(), 2),
            "weight of 'layer' must be float32 or float64, got float16",
        ),
        (
            lambda: LowRankConv2d.from_conv(
                nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect"), 1
            ),
            "layer: padding_mode must be zeros, got 'reflect'",
        ),
        (
            lambda: LowRankLinear.from_linear(
                nn.Linear(6, 4), 2, moment=np.eye(4)
            ),
            "shape of moment must be (6, 6), got (4, 4)",
        ),
        (
            lambda: LowRankConv2d.from_conv(
                nn.Conv2d(4, 6, 1, groups=2), 2, moment=np.ones((1, 2, 2))
            ),
            "groups of moment must be 2, got 1",
        ),
        (
            lambda: LowRankConv2d.from_conv(
                nn.Conv2d(4, 6, 1), 2, moment=np.eye(4)
            ),
            "moment must have 3 axes, got shape (4, 4)",
        ),
        (
            lambda: LowRankLinear(LINEAR, bias=True, rank=5),
            "rank must be in [1, 4], got 5",
        ),
        (
            lambda: SeparableConv2d(CONV, bias=True, rank=13),
            "rank must be in [1, 12], got 13",
        ),
        (
            lambda: TuckerConv2d(CONV, bias=True, ranks=(6, 5)),
            "rank of inputs must be in [1, 4], got 5",
        ),
        (
            lambda: TuckerConv2d.from_conv(huge(), (2, 2)),
            "factors of the weight in float32 must be finite, got infinity",
        ),
    ],
)
def test_wrong_layers_and_ranks(mistake, message):
    assert_refused(mistake, message)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (
            lambda: TuckerConv2d.from_conv(nn.Conv2d(4, 6, 3), 2),
            "ranks must be a pair, (outputs, inputs), got int",
        ),
        (
            lambda: LowRankConv2d.from_conv(nn.ConvTranspose2d(4, 6, 3), 2),
            "layer must be Linear or Conv2d, got ConvTranspose2d",
        ),
        (
            lambda: LowRankConv2d.from_conv(nn.Linear(4, 6), 2),
            "layer must be Conv2d, got Linear",
        ),
        (
            lambda: LowRankLinear.from_linear(nn.Conv2d(4, 6, 1), 2),
            "layer must be Linear, got Conv2d",
        ),
        (
            lambda: LowRankLinear.from_linear(
                LowRankLinear(LINEAR, bias=True, rank=2), 1
            ),
            "layer must be Linear or Conv2d, got LowRankLinear",
        ),
        (
            lambda: LowRankLinear(CONV, bias=True, rank=1),
            "geometry must be a LinearGeometry, got Conv2dGeometry",
        ),
        (
            lambda: SeparableConv2d(LINEAR, bias=True, rank=1),
            "geometry must be a Conv2dGeometry, got LinearGeometry",
        ),
        (
            lambda: LowRankLinear(LINEAR, bias=1, rank=1),
            "bias must be True or False, got int",
        ),
        (
            lambda: TuckerConv2d(CONV, bias=True, ranks=[1, 1]),
            "ranks must be a pair, (outputs, inputs), got list",
        ),
    ],
)
def test_wrong_types(mistake, message):
    with pytest.raises(TypeError) as caught:
        mistake()
    assert str(caught.value) == message


def test_a_weight_that_a_hook_computes_is_refused():
    layer = parametrizations.weight_norm(nn.Linear(6, 4))
    with pytest.raises((TypeError, ValueError)):
        LowRankLinear.from_linear(layer, 2)


def with_bias_in_the_middle(low):
    low.first.bias = nn.Parameter(torch.zeros(2))


def with_another_stride(low):
    low.second = nn.Conv2d(2, 6, 1, stride=2)


def with_a_part_more(low):
    low.third = nn.Conv2d(6, 6, 1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (with_bias_in_the_middle, "bias must be that of part 'second' alone"),
        (with_another_stride, "part 'second' must be Conv2dGeometry"),
        (with_a_part_more, "parts must be"),
    ],
)
def test_parts_that_make_no_layer_are_refused(change, says):
    low = LowRankConv2d(CONV, bias=True, rank=2)
    change(low)
    with pytest.raises(ValueError, match=says):
        low.require_valid()


def test_methods_are_told_the_names_of_the_parts():
    model = nn.Sequential(LowRankLinear(LINEAR, bias=True, rank=2))
    assert list(treatable_layers(model, None)) == ["0.first", "0.second"]
    assert_refused(
        lambda: treatable_layers(model, ["0"]),
        "layers must not be factored, got LowRankLinear at '0'; its parts are "
        "0.first, 0.second",
    )
