"""What `factorize` refuses, and with which words."""

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress import models
from mini_compress.layers import LowRankConv2d, LowRankLinear, TuckerConv2d
from mini_compress.low_rank import factorize
from mini_compress.quantization import quantize_weights
from tests.support.mistakes import assert_refused


def with_infinity() -> nn.Module:
    model = models.build("LeNet300")
    model.classifier[3].weight.data[0, 0] = np.inf
    return model


def tied() -> nn.Module:
    model = nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 9))
    model[1].weight = model[0].weight
    return model


def transposed() -> nn.Module:
    return nn.Sequential(nn.ConvTranspose2d(4, 4, 3))


LENET = models.build("LeNet300")
LOW = factorize(LENET, {"classifier.1": 20}).model
QUANTIZED = quantize_weights(LENET, layers=["classifier.1"])
PADDED = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"))
LENET5 = models.build("LeNet5")


@pytest.mark.parametrize(
    ("model", "ranks", "message"),
    [
        (
            LENET,
            {"classifier.1": 0},
            "'classifier.1': rank for svd must be >= 1, got 0",
        ),
        (
            LENET,
            {"classifier.3": 10, "classifier.1": 301},
            "'classifier.1': rank must be in [1, 300], got 301",
        ),
        (
            LENET,
            {"classifier.1": 217},
            "rank of 'classifier.1' must make it smaller, got 217: 235,228 "
            "weights instead of 235,200; those up to 216 have fewer, and "
            "allow_larger=True allows it",
        ),
        (
            nn.Sequential(nn.Conv2d(8, 8, 3, groups=8)),
            {"0": 1},
            "rank of '0' must make it smaller, got 1: 80 weights instead of "
            "72; no rank of a depthwise convolution has fewer by channel, but "
            'by "spatial" up to 1, and allow_larger=True allows it',
        ),
        (
            nn.Sequential(nn.Conv2d(8, 8, 3, groups=8)),
            {"0": 4},
            "'0': rank must be in [1, 1] for each channel of a depthwise "
            'convolution, got 4; SeparableConv2d, method "spatial", has larger '
            "ranks",
        ),
        (
            nn.Sequential(nn.Conv2d(1, 1, 3)),
            {"0": 1},
            "rank of '0' must make it smaller, got 1: 10 weights instead of 9; "
            "no rank has fewer, and allow_larger=True allows it",
        ),
        (
            LENET5,
            {"features.3": (50, 21)},
            "'features.3': rank of inputs must be in [1, 20], got 21",
        ),
        (
            LENET5,
            {"features.3": (50, 20)},
            "rank of 'features.3' must make it smaller, got (50, 20): 27,900 "
            "weights instead of 25,000; those up to (46, 18) have fewer, and "
            "allow_larger=True allows it",
        ),
        (
            LOW,
            {"classifier.1": 3},
            "layers must not be factored, got LowRankLinear at "
            "'classifier.1'; its parts are classifier.1.first, "
            "classifier.1.second",
        ),
        (
            LOW,
            {"classifier.1.first": 3},
            "layers must not be factored already, got a part of LowRankLinear "
            "at 'classifier.1': 'classifier.1.first'",
        ),
        (
            QUANTIZED,
            {"classifier.1": 3},
            "layers must not be compressed already, got WeightOnlyLayer at "
            "'classifier.1'",
        ),
        (
            with_infinity(),
            {"classifier.1": 3, "classifier.3": 3},
            "weight of 'classifier.3' must be finite, got infinity",
        ),
        (
            PADDED,
            {"0": 1},
            "'0': padding_mode must be zeros, got 'circular'",
        ),
        (
            transposed(),
            {"0": 1},
            "layers must be Linear or Conv2d, got ConvTranspose2d at '0'",
        ),
        (
            LENET,
            {"classifier": 3},
            "layers' names must be one of classifier.1, classifier.3, "
            "classifier.5; got 'classifier'",
        ),
    ],
)
def test_what_is_refused_before_any_work(model, ranks, message, monkeypatch):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("nothing must be computed")

    for kind in (LowRankLinear, LowRankConv2d, TuckerConv2d):
        monkeypatch.setattr(kind, "_factorize", never)
    assert_refused(lambda: factorize(model, ranks), message)


OWN_COPY = (
    "give each a copy: layer.weight = nn.Parameter(layer.weight.detach()"
    ".clone())"
)


def test_layers_with_one_weight_are_refused_both_or_one():
    assert_refused(
        lambda: factorize(tied(), {"0": 2, "1": 2}),
        "every layer must have a weight of its own, got one for '0' and '1'; "
        + OWN_COPY,
    )
    assert_refused(
        lambda: factorize(tied(), {"1": 2}),
        "weight of '1' must be its own, got one that '0' has too and would "
        f"keep; {OWN_COPY}, or allow_larger=True",
    )


def test_a_tied_layer_is_factorized_where_a_larger_network_is_allowed():
    model = tied()
    low, report = factorize(
        model, {"1": 2}, allow_larger=True, input_shape=(9,)
    )
    assert torch.equal(low[0].weight, model[0].weight)
    assert report.parameters == (99, 135)  # 81 + 2 * 9, then 36 more
    words = nn.Sequential(nn.Embedding(9, 5), nn.Linear(5, 9))
    words[1].weight = words[0].weight
    with pytest.raises(ValueError, match="got one that '0' has too"):
        factorize(words, {"1": 2})


def test_a_weight_whose_factors_overflow_is_named():
    model = nn.Sequential(nn.Conv2d(8, 8, 3))
    model[0].weight.data.fill_(3e38)
    assert_refused(
        lambda: factorize(model, {"0": (2, 2)}, input_shape=(8, 5, 5)),
        "'0': factors of the weight in float32 must be finite, got infinity",
    )


@pytest.mark.parametrize(
    ("ranks", "settings", "message"),
    [
        ({"features.3": 3.0}, {}, "'features.3': rank for channel must be a"),
        ({"features.3": [3, 2]}, {}, "rank for channel must be a whole"),
        ({"classifier.1": (3, 2)}, {}, "rank for svd must be a whole number"),
        (
            {"features.3": 3},
            {"method": "tucker"},
            "rank for tucker must be a pair",
        ),
        (
            {"features.3": (3, 2)},
            {"method": "spatial"},
            "rank for spatial must be a whole number, got tuple",
        ),
        (["features.3"], {}, "ranks must be a dict, name -> rank, got list"),
        ({"features.3": 3}, {"allow_larger": 1}, "allow_larger must be True"),
        ({"features.3": 3}, {"images": [0]}, "images must be a float32 tensor"),
    ],
)
def test_wrong_types(ranks, settings, message):
    with pytest.raises(TypeError, match=message):
        factorize(LENET5, ranks, **settings)


def test_wrong_settings():
    assert_refused(
        lambda: factorize(LENET5, {"features.3": 3}, method="cp"),
        "method must be one of channel, spatial, tucker; got 'cp'",
    )
    assert_refused(
        lambda: factorize(LENET5, {"features.3": (3, 2, 1)}),
        "'features.3': number of ranks must be 2, got 3",
    )
    with pytest.raises(ValueError, match="input_shape must fit the model"):
        factorize(LENET5, {"features.3": 3}, input_shape=(3, 28, 28))
