"""Weights of networks as evenly spaced codes: exact, refused, or handled."""

import numpy as np
import pytest
from torch import nn

from mini_compress import artifact, models
from mini_compress.layers import WeightOnlyLayer
from mini_compress.quantization import quantize_weight, quantize_weights


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize(
    ("granularity", "group_size"),
    [("tensor", None), ("channel", None), ("group", 8), ("group", 7)],
)
def test_weights_are_within_half_a_step(bits, granularity, group_size):
    rng = np.random.default_rng(bits)
    weight = rng.normal(size=(5, 4, 3, 3)).astype(np.float32)
    codes, scale = quantize_weight(
        weight, bits=bits, granularity=granularity, group_size=group_size
    )
    rows = weight.reshape(5, 36)
    size = group_size or 36
    assert (
        scale.shape
        == {
            "tensor": (1, 1),
            "channel": (5, 1),
            "group": (5, -(-36 // size)),
        }[granularity]
    )
    steps = np.repeat(scale, size, axis=1)[:, :36]
    assert np.abs(codes).max() == 2 ** (bits - 1) - 1  # narrow, and used
    assert (np.abs(rows - steps * codes) <= steps / 2 * (1 + 1e-5)).all()


def test_finer_steps_never_cover_more():
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(8, 64)).astype(np.float32)
    _, tensor = quantize_weight(weight, granularity="tensor")
    _, channel = quantize_weight(weight, granularity="channel")
    _, group = quantize_weight(weight, granularity="group", group_size=16)
    assert (channel <= tensor).all()
    assert (group <= channel).all()
    assert channel.max() == tensor


def test_layers_by_name_and_mixed_bits():
    model = models.build("LeNet300")
    part = quantize_weights(model, bits=2, layers=["classifier.1"])
    assert isinstance(part.classifier[1], WeightOnlyLayer)
    assert isinstance(part.classifier[3], nn.Linear)
    both = quantize_weights(part, bits=8)
    assert [m.weight_bits for m in both.classifier[1:6:2]] == [2, 8, 8]


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(4, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.rnn(x)[0])


class Bent(nn.Linear):
    """A subclass may compute something else: it is not touched in silence."""


NAN = nn.Linear(2, 2)
nn.init.constant_(NAN.weight, float("nan"))


@pytest.mark.parametrize(
    ("model", "options", "error", "message"),
    [
        (Recurrent(), {}, ValueError, "got GRU at 'rnn' with 'weight_ih_l0'"),
        (nn.Sequential(Bent(2, 2)), {}, ValueError, "got Bent at '0'"),
        (nn.ReLU(), {}, ValueError, "must have a Linear or Conv2d, got none"),
        ("LeNet5", {}, TypeError, "Module, got str"),
        (nn.Linear(2, 2), {"layers": ["no"]}, ValueError, "got 'no'"),
        (nn.Linear(2, 2), {"layers": "a"}, TypeError, "a list of names"),
        (Recurrent(), {"layers": ["rnn"]}, ValueError, "one of head; got"),
        (nn.Linear(2, 2), {"bits": 9}, ValueError, r"in \[2, 8\], got 9"),
        (nn.Linear(2, 2), {"bits": 1}, ValueError, r"in \[2, 8\], got 1"),
        (nn.Linear(2, 2), {"bits": 4.0}, TypeError, "whole number"),
        (
            nn.Linear(2, 2),
            {"granularity": "row"},
            ValueError,
            "one of tensor, channel, group; got 'row'",
        ),
        (
            nn.Linear(2, 2),
            {"granularity": "group"},
            ValueError,
            "group_size must be given for granularity 'group', got None",
        ),
        (
            nn.Linear(2, 2),
            {"granularity": "group", "group_size": 0},
            ValueError,
            "group_size must be >= 1, got 0",
        ),
        (
            nn.Linear(2, 2),
            {"group_size": 8},
            ValueError,
            "None unless granularity is 'group', got 8",
        ),
        (NAN, {}, ValueError, "weight of '' must be finite, got NaN"),
        (nn.Linear(2, 2).double(), {}, TypeError, "float32, got float64"),
    ],
)
def test_bad_requests_for_weights(model, options, error, message):
    with pytest.raises(error, match=message):
        quantize_weights(model, **options)


@pytest.mark.filterwarnings("ignore:Initializing zero-element")
def test_layers_without_weights_are_refused_by_name():
    for inner, outputs in [(0, 3), (3, 0)]:
        model = nn.Sequential(nn.Linear(inner, outputs))
        message = rf"weight of '0' must hold .* shape \({outputs}, {inner}\)"
        for options in ({}, {"granularity": "group", "group_size": 4}):
            with pytest.raises(ValueError, match=message):
                quantize_weights(model, **options)


@pytest.mark.parametrize("kind", [np.int64, np.int8, np.uint8])
def test_numbers_of_numpy_count_as_pythons(kind):
    model = nn.Sequential(nn.Linear(300, 3))
    by_group = {"bits": 4, "granularity": "group", "group_size": 100}
    expected = artifact.to_bytes(quantize_weights(model, **by_group))
    by_group |= {"bits": kind(4), "group_size": kind(100)}
    assert artifact.to_bytes(quantize_weights(model, **by_group)) == expected
