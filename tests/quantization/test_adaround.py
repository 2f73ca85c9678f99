"""AdaRound: codes up or down, for the outputs, the same for the same seed."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress import artifact
from mini_compress.graph import relu_follows
from mini_compress.quantization import (
    learned_rounding,
    quantize_adaround,
    quantize_weight,
    quantize_weights,
)
from mini_compress.quantization.learned_rounding import (
    beta_at,
    rectified_sigmoid,
    regularizer,
    start_of,
)
from tests.support.rounded_networks import (
    IMAGES,
    Again,
    Backwards,
    Choosing,
    OneByOne,
    grouped,
    made,
    perceptron,
)

STEPS = 150  # for networks of this size enough to lose less


def layers_of(model, got):
    """Yield the float and the rounded layers, with weights as rows."""
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            rows = layer.weight.detach().flatten(1)
            yield rows, got.get_submodule(name).weight


@pytest.mark.parametrize("make", [perceptron, grouped, Backwards, Again])
@pytest.mark.parametrize("bits", [2, 3, 8])
def test_every_weight_goes_up_or_down(make, bits):
    model = made(make)
    got, _ = quantize_adaround(model, IMAGES, bits=bits, steps=STEPS)
    largest = 2 ** (bits - 1) - 1
    chosen = set()
    for rows, rounded in layers_of(model, got):
        below = (rows / rounded.scale).floor()
        h = rounded.codes().flatten(1) - below
        # the largest weight of a row is the last code, and cannot go up
        assert set(h.unique().tolist()) <= {0.0, 1.0}
        assert rounded.codes().abs().max() <= largest
        chosen |= set(h.unique().tolist())
    assert chosen == {0.0, 1.0}


@pytest.mark.parametrize(
    ("make", "relu"), [(perceptron, True), (grouped, True), (OneByOne, False)]
)
def test_outputs_are_nearer_than_those_of_plain_rounding(make, relu):
    model = made(make)
    got, report = quantize_adaround(
        model, IMAGES, bits=3, steps=STEPS, relu=relu
    )
    plain = quantize_weights(model, bits=3)
    assert all(row.error < row.plain_error for row in report.layers)
    with torch.no_grad():
        target = model(IMAGES)
        errors = [(net(IMAGES) - target).norm() for net in (got, plain)]
    assert errors[0] < 0.7 * errors[1]


def ranks_of_one_neuron(seed):
    """Round 8 weights; count which of all 256 ways lose less.

    returns : those that lose less than AdaRound, and than plain rounding
    """
    generator = torch.Generator().manual_seed(0)
    shared = torch.randn(200, 1, generator=generator)
    x = shared + 0.3 * torch.randn(200, 8, generator=generator)
    layer, generator = nn.Linear(8, 1), torch.Generator().manual_seed(seed)
    nn.init.normal_(layer.weight, generator=generator)
    weight = layer.weight.detach()
    plain, scale = map(
        torch.from_numpy, quantize_weight(weight.numpy(), bits=3)
    )

    def loss(codes):
        return float((x @ (weight - scale * codes).T).square().mean())

    below = (weight / scale).floor()
    losses = [
        loss((below + torch.tensor(up)).clamp(-3, 3))
        for up in itertools.product([0.0, 1.0], repeat=8)
    ]
    got = quantize_adaround(layer, x, bits=3, steps=1000).model
    return [
        sum(one < loss(codes) for one in losses)
        for codes in (got.weight.codes(), plain)
    ]


def test_one_neuron_is_rounded_nearly_as_well_as_can_be():
    ranks = [ranks_of_one_neuron(seed) for seed in range(5)]
    assert all(learned <= plain for learned, plain in ranks)
    assert sorted(learned for learned, _ in ranks)[3] < 5  # 4 of 5
    assert max(plain for _, plain in ranks) > 50


def test_many_steps_settle_nearly_all():
    report = quantize_adaround(made(perceptron), IMAGES, steps=600).report
    assert all(row.settled > 0.95 for row in report.layers)
    early = quantize_adaround(made(perceptron), IMAGES, steps=100).report
    assert all(row.settled < 0.5 for row in early.layers)


def test_a_sigmoid_that_cannot_reach_zero_settles_nothing(monkeypatch):
    monkeypatch.setattr(learned_rounding, "GAMMA", 0.01)
    report = quantize_adaround(made(perceptron), IMAGES, steps=600).report
    assert all(row.settled < 0.7 for row in report.layers)


def test_the_same_seed_gives_the_same_file():
    model = made(perceptron)
    options = {"bits": 3, "steps": 50}

    def file_of(**more):
        got = quantize_adaround(model, IMAGES, **options, **more).model
        return artifact.to_bytes(got)

    first = file_of()
    torch.rand(3)  # the global generator has no say
    assert file_of() == first
    with torch.no_grad():
        assert file_of() == first
    with torch.inference_mode():
        assert file_of() == first
    assert file_of(seed=1) != first


def test_the_errors_reported_are_those_after_the_relu():
    model = made(perceptron)
    with torch.no_grad():
        model[1].bias -= 1  # the ReLU has something to cut off
        # few images: all of them are learned from
        got, report = quantize_adaround(model, IMAGES, bits=2, steps=50)
        wanted = model[:3](IMAGES)
        missed = got[:3](IMAGES) - wanted
        row = report.layers[0]
        expected = float(missed.norm() / wanted.norm())
        assert row.error == pytest.approx(expected, rel=1e-4)
        # the second layer is given what the first, rounded, gives
        plain = quantize_weights(model, bits=2)[3](got[:3](IMAGES))
        expected = (plain - model(IMAGES)).norm() / model(IMAGES).norm()
        assert report.layers[1].plain_error == pytest.approx(
            float(expected), rel=1e-4
        )
        without = quantize_adaround(
            model, IMAGES, bits=2, steps=50, relu=False
        ).report.layers[0]
    assert without.plain_error != row.plain_error


def test_which_layers_a_relu_follows():
    assert relu_follows(made(perceptron)) == {"1"}
    assert relu_follows(made(Backwards)) == {"conv"}
    again = made(Again)
    assert relu_follows(again) == set()  # once it is, once it is not
    turned = nn.Sequential(again.again, again.again, nn.ReLU())
    assert relu_follows(turned) == set()
    assert relu_follows(nn.Linear(2, 2)) == set()


def test_pieces_are_those_of_the_paper():
    v = torch.linspace(-6, 6, 41)
    stretched = 1.2 / (1 + np.exp(-v.numpy().astype(float))) - 0.1
    np.testing.assert_allclose(
        rectified_sigmoid(v), np.clip(stretched, 0, 1), atol=1e-6
    )
    assert float(regularizer(torch.tensor([0.0, 1.0, 1.0]), 20)) == 0
    h = torch.tensor([0.3, 0.9])
    expected = sum(1 - abs(2 * x - 1) ** 3 for x in (0.3, 0.9))
    assert float(regularizer(h, 3)) == pytest.approx(expected, rel=1e-5)
    betas = [beta_at(x) for x in np.linspace(0.2, 1, 20)]
    assert betas == sorted(betas, reverse=True)
    share = torch.linspace(0, 1, 100)
    np.testing.assert_allclose(
        rectified_sigmoid(start_of(share)), share, atol=1e-6
    )


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps must be >= 1, got 0"),
        ({"steps": 1.5}, TypeError, "steps must be a whole number"),
        ({"seed": -1}, ValueError, "seed must be >= 0, got -1"),
        ({"relu": 1}, TypeError, "relu must be True or False, got int"),
    ],
)
def test_bad_requests(options, error, message):
    with pytest.raises(error, match=message):
        quantize_adaround(made(perceptron), IMAGES, **options)


def test_a_network_without_a_graph_goes_without_relus():
    model = made(Choosing)
    with pytest.raises(ValueError, match="relu=False needs no graph"):
        quantize_adaround(model, IMAGES, steps=5)
    got = quantize_adaround(model, IMAGES, steps=5, relu=False).model
    assert got(IMAGES).isfinite().all()


def test_images_that_are_all_the_same_still_serve():
    same = torch.full((20, 2, 10, 10), 0.5)
    report = quantize_adaround(made(perceptron), same, steps=STEPS).report
    assert all(row.error <= row.plain_error for row in report.layers)
