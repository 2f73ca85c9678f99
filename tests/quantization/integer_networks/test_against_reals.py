"""Every step of random networks against its formula in float64.

Each step is given the codes that the network gave it. What it must give is
computed from the numbers that those codes, the weights and the bias stand for,
by torch in float64, and not rounded: a code may be half a step off.
"""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mini_compress.kernels import tables
from mini_compress.layers import Conv2dGeometry, RequantizedLayer
from mini_compress.layers import integer_ops as ops
from mini_compress.layers.integer_table import IntegerTable
from mini_compress.quantization import quantize_network
from tests.support.random_networks import random_images, random_network

IMAGES = random_images(16)
# rounded twice, a code may be off by half of a half more
MOST = {
    "float32_half_even": 0.5,
    "fixed_single": 0.5,
    "fixed_double": 0.75,
    "fixed_double_away": 0.75,
}


def exact(step, *inputs: Tensor) -> Tensor:
    """Compute a step on real numbers, in float64."""
    operation = step.operation
    if isinstance(operation, RequantizedLayer):
        return exact_layer(operation, *inputs)
    if isinstance(operation, ops.IntegerMaxPool2d):
        settings = operation.settings
        pool = nn.MaxPool2d(
            settings["kernel_size"], settings["stride"], settings["padding"]
        )
        return pool(*inputs)
    if isinstance(operation, ops.IntegerAvgPool2d):
        return nn.AvgPool2d(**exact_window(operation))(*inputs)
    if isinstance(operation, ops.IntegerGlobalAvgPool2d):
        return nn.AdaptiveAvgPool2d(1)(*inputs)
    if isinstance(operation, ops.IntegerAdd):
        return sum(inputs)
    if isinstance(operation, ops.IntegerConcat):
        return torch.cat(inputs, 1)
    if isinstance(operation, IntegerTable):
        function = getattr(tables, operation.settings["function"])
        return torch.from_numpy(function(inputs[0].numpy()))
    assert isinstance(operation, ops.IntegerFlatten)
    return nn.Flatten()(*inputs)


def exact_window(operation) -> dict:
    names = ("kernel_size", "stride", "padding", "count_include_pad")
    return {name: operation.settings[name] for name in names}


def exact_layer(layer: RequantizedLayer, x: Tensor) -> Tensor:
    """Multiply and add what the codes stand for."""
    outputs = layer.weight.shape[0]
    steps = layer.weight.scale.double().reshape(-1).expand(outputs)
    weight = layer.weight.codes().double().reshape(outputs, -1)
    weight = (weight * steps[:, None]).reshape(layer.weight.shape)
    bias = None
    if layer.bias is not None:
        bias = layer.bias.double() * steps * layer.x_scale.double()
    geometry = layer.geometry
    if not isinstance(geometry, Conv2dGeometry):
        return nn.functional.linear(x, weight, bias)
    return nn.functional.conv2d(
        x,
        weight,
        bias,
        geometry.stride,
        geometry.padding,
        geometry.dilation,
        geometry.groups,
    )


def assert_near(step, codes: Tensor, real: Tensor, grid, most: float) -> None:
    activation = getattr(step.operation, "activation", "none")
    if activation != "none":
        real = real.clamp(0, 6 if activation == "relu6" else None)
    wanted = real / float(grid.scale) + int(grid.zero_point)
    wanted = wanted.clamp(0, grid.quant_max)
    off = (codes.double() - wanted).abs().max().item()
    assert off <= most + 1e-3, step.name


@pytest.mark.parametrize("rounding", MOST)
@pytest.mark.parametrize("seed", range(12))
def test_every_code_is_the_nearest(seed, rounding):
    """Weights of 2 to 8 bits, activations of 3 to 8."""
    rng = np.random.default_rng(seed)
    network = quantize_network(
        random_network(seed),
        IMAGES,
        weight_bits=int(rng.integers(2, 9)),
        activation_bits=int(rng.integers(3, 9)),
        granularity=str(rng.choice(["tensor", "channel"])),
        rounding=rounding,
    )
    grids = list(network.grids().values())
    codes = list(dict(network.run(network.quantize(IMAGES))).values())
    real = [
        (made.double() - int(grid.zero_point)) * float(grid.scale)
        for made, grid in zip(codes, grids, strict=True)
    ]
    for number, step in enumerate(network.steps[1:], 1):
        wanted = exact(step, *(real[i] for i in step.reads))
        most = 0 if grids[number] is grids[step.reads[0]] else MOST[rounding]
        assert codes[number].dtype == torch.uint8
        assert_near(step, codes[number], wanted, grids[number], most)


@pytest.mark.parametrize("seed", range(12))
def test_the_whole_is_near_the_float_network(seed):
    model = random_network(seed)
    with torch.no_grad():
        expected = model(IMAGES)
    error = (quantize_network(model, IMAGES)(IMAGES) - expected).abs().max()
    assert error < 0.08 * expected.abs().max()
