"""Networks of integers: exact, refused, or handled."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress import models
from mini_compress.kernels import affine, integer
from mini_compress.layers import IntegerLayer, WeightOnlyLayer
from mini_compress.quantization import (
    fold_batchnorm,
    quantize_static,
    quantize_weights,
)

IMAGES = torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(1))
LAYERS = {"LeNet300": 3, "LeNet5": 4, "ConvNet": 5, "ResNet8": 10}


def settled(name: str) -> nn.Module:
    """A network whose batch normalizations have seen images."""
    model = models.build(name)
    with torch.no_grad():
        for _ in range(5):
            model(IMAGES)
    return model.eval()


@pytest.mark.filterwarnings("ignore:.* batch normalizations stay")
@pytest.mark.parametrize("name", models.NETWORKS)
def test_every_layer_becomes_integers_and_the_model_stays(name):
    model = settled(name)
    state = copy.deepcopy(model.state_dict())
    weights = quantize_weights(model, bits=4)
    static = quantize_static(model, IMAGES)
    for quantized, kind in [(weights, WeightOnlyLayer), (static, IntegerLayer)]:
        kinds = [type(module) for module in quantized.modules()]
        assert kinds.count(kind) == LAYERS[name]
        assert nn.Linear not in kinds
        assert nn.Conv2d not in kinds
        assert not quantized.training
    for key, value in model.state_dict().items():
        assert torch.equal(value, state[key])


@pytest.mark.parametrize("name", models.NETWORKS)
@pytest.mark.parametrize(
    ("granularity", "bits"),
    [("tensor", 8), ("channel", 8), ("tensor", 4), ("channel", 2)],
)
def test_static_layers_run_the_numpy_kernels(name, granularity, bits):
    """Layer by layer: the same codes, the same sums, the same output."""
    model = fold_batchnorm(settled(name))
    quantized = quantize_static(
        model, IMAGES, bits=bits, granularity=granularity
    )
    seen = []
    for module in quantized.modules():
        if isinstance(module, IntegerLayer):
            module.register_forward_hook(
                lambda m, args, out: seen.append((m, args[0], out))
            )
    quantized(IMAGES)
    assert len(seen) == LAYERS[name]
    for layer, x, y in seen:
        zero = int(layer.x_zero_point)
        params = affine.AffineParams(
            layer.x_scale.numpy(), zero, bits=8, signed=False
        )
        codes = affine.quantize(x.numpy(), params)
        weight = layer.weight.codes().numpy()
        assert np.abs(weight).max() == 2 ** (bits - 1) - 1
        bias = layer.bias.numpy()
        if weight.ndim == 2:
            acc = integer.linear_int8(codes, weight, bias, x_zero_point=zero)
        else:
            acc = integer.conv2d_int8(
                codes,
                weight,
                bias,
                x_zero_point=zero,
                stride=layer.geometry.stride,
                padding=layer.geometry.padding,
            )
        np.testing.assert_array_equal(
            layer.accumulate(torch.from_numpy(codes)).numpy(), acc
        )
        steps = layer.x_scale.numpy() * layer.weight.scale.numpy().ravel()
        if weight.ndim == 4:
            steps = steps.reshape(-1, 1, 1)
        np.testing.assert_array_equal(y.numpy(), acc.astype(np.float32) * steps)


@pytest.mark.parametrize("name", models.NETWORKS)
def test_static_output_is_near_the_float_output(name):
    model = fold_batchnorm(settled(name))
    expected = model(IMAGES)
    error = (quantize_static(model, IMAGES)(IMAGES) - expected).abs().max()
    assert error < 0.05 * expected.abs().max()


def test_static_weights_are_those_of_quantize_weights():
    """Where no bias widens a step, the codes and steps are the same."""
    model = fold_batchnorm(settled("ConvNet"))
    for bits in (2, 5, 8):
        static = quantize_static(model, IMAGES, bits=bits)
        weights = quantize_weights(model, bits=bits)
        for one, other in zip(static.modules(), weights.modules(), strict=True):
            if isinstance(one, IntegerLayer):
                assert one.weight_bits == bits
                assert torch.equal(one.weight.codes(), other.weight.codes())
                assert torch.equal(one.weight.scale, other.weight.scale)


@pytest.mark.parametrize("granularity", ["tensor", "channel"])
@pytest.mark.parametrize("weight", [0.0, 1e-30, 1e-12, 1e-3])
def test_the_bias_of_a_dead_channel_survives(granularity, weight):
    """At the weight's own step this bias would be far beyond int32."""
    layer = nn.Linear(4, 2)
    with torch.no_grad():
        layer.weight.fill_(weight)
        layer.bias.copy_(torch.tensor([3.25, -7.5]))
    x = torch.linspace(0, 1, 40).reshape(10, 4)
    quantized = quantize_static(layer, x, granularity=granularity)
    error = (quantized(x) - layer(x)).abs().max()
    # a step of the input over four weights, and one of the bias in 2**29
    assert error <= 4 * weight / 255 + 2 * 7.5 / 2**29 + 7.5 * 2**-23


def test_pixels_are_their_own_codes():
    model = settled("LeNet300")
    pixels = torch.arange(256, dtype=torch.uint8).repeat(4)[:784]
    images = (pixels.float() / 255).reshape(1, 1, 28, 28)
    quantized = quantize_static(model, images)
    first = next(m for m in quantized.modules() if isinstance(m, IntegerLayer))
    assert first.x_zero_point == 0
    assert torch.equal(first.quantize_input(images).flatten(), pixels)


@pytest.mark.parametrize(
    ("images", "options", "error", "message"),
    [
        (IMAGES[:0], {}, ValueError, r"must not be empty, got shape \(0, 1"),
        (IMAGES * float("inf"), {}, ValueError, "must be finite"),
        (0 * IMAGES + 0.5, {}, ValueError, "got 0.5 everywhere"),
        (IMAGES.numpy(), {}, TypeError, "float32 tensor, got ndarray"),
        (IMAGES.double(), {}, TypeError, "got torch.float64"),
        (IMAGES, {"granularity": "group"}, ValueError, "one of tensor, chan"),
        (IMAGES, {"bits": 1}, ValueError, r"bits must be in \[2, 8\], got 1"),
        (IMAGES, {"layers": ["head"]}, ValueError, "layers' names must be"),
    ],
)
def test_bad_requests_for_static(images, options, error, message):
    with pytest.raises(error, match=message):
        quantize_static(models.build("LeNet300"), images, **options)


def test_a_layer_that_calibration_never_runs_is_an_error():
    class Unused(models.LeNet300):
        def __init__(self):
            super().__init__()
            self.spare = nn.Linear(2, 2)

    with pytest.raises(ValueError, match="no input for spare"):
        quantize_static(Unused(), IMAGES)


def test_sums_that_could_leave_int32_are_refused():
    layer = nn.Linear(40_000, 1, bias=False)
    nn.init.ones_(layer.weight)
    with pytest.raises(ValueError, match="must stay within int32"):
        quantize_static(layer, torch.linspace(0, 1, 40_000)[None])
