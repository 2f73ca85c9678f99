"""GPTQ of networks: against torch's three steps, by hand, refused, handled."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from mini_compress import artifact
from mini_compress.layers import WeightOnlyLayer
from mini_compress.quantization import (
    quantize_adaround,
    quantize_gptq,
    quantize_weight,
    quantize_weights,
)
from tests.support.rounded_networks import (
    IMAGES,
    Again,
    Backwards,
    OneByOne,
    grouped,
    made,
    perceptron,
)


def as_published(weight, x, scale, bits, damping=0.01):
    """Round as the paper's algorithm 1 does, with torch's three Choleskys.

    weight : (rows, cols); x : (n, cols); scale : (rows, 1); all float64
    """
    hessian = 2 * x.T @ x / len(x)
    hessian += damping * hessian.diagonal().mean() * torch.eye(len(hessian))
    lower = torch.linalg.cholesky(hessian)
    upper = torch.linalg.cholesky(torch.cholesky_inverse(lower), upper=True)
    largest = 2 ** (bits - 1) - 1
    left, codes = weight.clone(), torch.empty_like(weight)
    for i in range(left.shape[1]):
        quotient = left[:, i].float() / scale[:, 0].float()
        codes[:, i] = quotient.round().clamp(-largest, largest)
        error = (left[:, i] - scale[:, 0] * codes[:, i]) / upper[i, i]
        left[:, i:] -= error[:, None] * upper[i, i:]
    return codes


def codes_of(layer):
    return layer.weight.codes().reshape(len(layer.weight.codes()), -1).numpy()


def expected_codes(layer, x, bits):
    """Round a float layer, x being what its weights are multiplied with."""
    weight = layer.weight.detach().flatten(1)
    _, scale = quantize_weight(weight.numpy(), bits=bits)
    args = weight, x, torch.from_numpy(scale)
    return as_published(*(one.double() for one in args), bits).numpy()


@pytest.mark.parametrize("bits", range(2, 9))
def test_each_layer_is_given_what_the_rounded_ones_give(bits):
    model = made(perceptron)
    got = quantize_gptq(model, IMAGES, bits=bits).model
    first, second = got[1], got[3]
    x = IMAGES.flatten(1)
    assert np.array_equal(codes_of(first), expected_codes(model[1], x, bits))
    with torch.no_grad():
        hidden = first(x).relu()
    assert np.array_equal(
        codes_of(second), expected_codes(model[3], hidden, bits)
    )


def test_groups_of_a_convolution_are_layers_of_their_own():
    model = made(grouped)
    got = quantize_gptq(model, IMAGES, bits=3).model
    x = IMAGES
    for float_layer, layer in zip(model, got, strict=True):
        if isinstance(layer, WeightOnlyLayer) and x.ndim == 4:
            outputs = float_layer.out_channels // float_layer.groups
            for group, own in enumerate(x.chunk(float_layer.groups, dim=1)):
                windows = functional.unfold(
                    own,
                    float_layer.kernel_size,
                    dilation=float_layer.dilation,
                    padding=float_layer.padding,
                    stride=float_layer.stride,
                )  # (images, d, places)
                part = copy.deepcopy(float_layer)
                chosen = slice(group * outputs, (group + 1) * outputs)
                part.weight = nn.Parameter(float_layer.weight[chosen])
                columns = windows.mT.flatten(0, 1)  # (n, d)
                assert np.array_equal(
                    codes_of(layer)[chosen], expected_codes(part, columns, 3)
                )
        with torch.no_grad():
            x = layer(x)


def test_the_order_is_that_of_the_run():
    report = quantize_gptq(made(Backwards), IMAGES).report
    assert [layer.name for layer in report.layers] == ["conv", "head"]


def test_inputs_apart_give_plain_rounding():
    model = nn.Sequential(nn.Linear(12, 6))
    got, report = quantize_gptq(model, 3 * torch.eye(12), bits=3)
    plain = quantize_weights(model, bits=3)
    assert artifact.to_bytes(got) == artifact.to_bytes(plain)
    assert report.layers[0].moved == 0
    assert report.layers[0].error == report.layers[0].plain_error


@pytest.mark.parametrize("order", ["given", "diagonal"])
@pytest.mark.parametrize(
    "grid",
    [
        {"granularity": "tensor"},
        {"granularity": "group", "group_size": 16},
        {"granularity": "group", "group_size": 7},
    ],
)
def test_any_steps_are_those_of_plain_rounding_and_lose_less(grid, order):
    model = made(perceptron)
    got, report = quantize_gptq(model, IMAGES, bits=3, order=order, **grid)
    plain = quantize_weights(model, bits=3, **grid)
    for index in (1, 3):
        assert torch.equal(got[index].weight.scale, plain[index].weight.scale)
        assert torch.equal(got[index].bias, plain[index].bias)
    assert all(row.error < row.plain_error for row in report.layers)
    assert artifact.file_kb(got) == pytest.approx(
        artifact.file_kb(plain), abs=0.1
    )


def test_the_errors_reported_are_those_of_the_outputs():
    model = made(perceptron)
    got, report = quantize_gptq(model, IMAGES, bits=2)
    x = IMAGES.flatten(1).double()
    weight = model[1].weight.detach().double()

    def error_of(near):
        missed = x @ (weight - near).T
        return float(missed.norm() / (x @ weight.T).norm())

    row = report.layers[0]
    assert row.error == pytest.approx(error_of(got[1].dense_weight()), rel=1e-5)
    plain = quantize_weights(model, bits=2)
    assert row.plain_error == pytest.approx(
        error_of(plain[1].dense_weight()), rel=1e-5
    )
    moved = got[1].weight.codes() != plain[1].weight.codes()
    assert row.moved == pytest.approx(float(moved.double().mean()))
    assert "rounded to 2 bits by GPTQ" in repr(report)


@pytest.mark.parametrize("make", [Again, OneByOne, Backwards, grouped])
def test_other_networks_are_rounded_and_stay_as_they_were(make):
    model = made(make)
    state = copy.deepcopy(model.state_dict())
    model.train()
    got, report = quantize_gptq(model, IMAGES, bits=4)
    assert model.training
    assert not got.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name])
    assert all(row.error <= row.plain_error for row in report.layers)
    kinds = {type(module) for module in got.modules()}
    assert not kinds & {nn.Linear, nn.Conv2d}
    assert got(IMAGES).isfinite().all()


def test_some_layers_only_and_a_model_that_is_one():
    got = quantize_gptq(made(perceptron), IMAGES, layers=["3"]).model
    assert isinstance(got[1], nn.Linear)
    assert isinstance(got[3], WeightOnlyLayer)
    alone = quantize_gptq(nn.Linear(10, 3), IMAGES[:, 0, 0]).model
    assert isinstance(alone, WeightOnlyLayer)


def test_weights_of_dead_inputs_become_zero():
    images = IMAGES.clone()
    images[:, 0, :2] = 0
    got = quantize_gptq(made(perceptron), images).model
    assert not got[1].weight.codes()[:, :20].any()
    assert got[1].weight.codes()[:, 20:].any(dim=0).all()


def test_images_that_are_all_the_same_still_serve():
    model = made(perceptron)
    same = torch.full((20, 2, 10, 10), 0.5)
    report = quantize_gptq(model, same, bits=3).report
    assert all(row.error <= row.plain_error for row in report.layers)


NAN_IMAGES = IMAGES.clone()
NAN_IMAGES[5] = torch.nan


@pytest.mark.parametrize("quantize", [quantize_gptq, quantize_adaround])
@pytest.mark.parametrize(
    ("images", "options", "error", "message"),
    [
        (IMAGES[:0], {}, ValueError, "images must not be empty"),
        (None, {}, TypeError, "images must be a float32 tensor, got NoneType"),
        (IMAGES.double(), {}, TypeError, "images must be a float32 tensor"),
        (NAN_IMAGES, {}, ValueError, "images must be finite, got NaN"),
        (
            torch.zeros_like(IMAGES),
            {},
            ValueError,
            "input of '1' must not be 0 in all images, got only 0",
        ),
        (IMAGES, {"bits": 1}, ValueError, r"bits must be in \[2, 8\], got 1"),
        (IMAGES, {"bits": 9}, ValueError, r"bits must be in \[2, 8\], got 9"),
        (IMAGES, {"bits": 4.0}, TypeError, "bits must be a whole number"),
        (IMAGES, {"granularity": "row"}, ValueError, "one of tensor, channel"),
        (IMAGES, {"granularity": "group"}, ValueError, "group_size must be"),
        (IMAGES, {"layers": ["7"]}, ValueError, "layers' names must be one of"),
    ],
)
def test_bad_requests_of_any_rounding(
    quantize, images, options, error, message
):
    with pytest.raises(error, match=message):
        quantize(made(perceptron), images, **options)


@pytest.mark.parametrize("quantize", [quantize_gptq, quantize_adaround])
def test_a_weight_that_another_layer_has_too_is_refused(quantize):
    model = nn.Sequential(nn.Linear(10, 10), nn.ReLU(), nn.Linear(10, 10))
    model[2].weight = model[0].weight
    with pytest.raises(ValueError, match="weight of '0' must be its own"):
        quantize(model, IMAGES[:, 0, 0], layers=["0"])


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (IMAGES, {"damping": 1.5}, r"damping must be in \[0, 1\), got 1.5"),
        (IMAGES, {"order": "random"}, "one of given, diagonal; got 'random'"),
        (
            IMAGES[:10],
            {"damping": 0},
            "'1': hessian must be positive definite",
        ),
    ],
)
def test_bad_requests(images, options, message):
    with pytest.raises(ValueError, match=message):
        quantize_gptq(made(perceptron), images, **options)
