"""What becomes of each operation of a float network in an integer one.

A rule looks at one call and says how the operation on codes is made, once the
grids are known; or it refuses the call, by name and place.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ..kernels.affine import AffineParams
from ..layers import RequantizedLayer, geometry_of
from ..layers.integer_ops import IntegerFlatten, IntegerMaxPool2d
from ..layers.plain import weight_array
from .calls import Call
from .static import fill_integer_layer, real_bias, weight_codes
from .uniform import require_values


@dataclass(frozen=True)
class Setting:
    """What an operation is made with, apart from what it is.

    name : of the step
    x, y : grids of what it reads and gives
    activation, rounding : see `layers.grids.GivesCodes`
    weight_bits, granularity : of a layer's weight
    """

    name: str
    x: tuple[AffineParams, ...]
    y: AffineParams
    activation: str
    rounding: str
    weight_bits: int
    granularity: str


@dataclass(frozen=True)
class Made:
    """How an operation on codes is made.

    build : of the setting
    own_grid : its results have a grid of their own, and a ReLU can be fused
    """

    build: Callable[[Setting], nn.Module]
    own_grid: bool = True


Rule = Callable[[Call], Made]


def layer(call: Call) -> Made:
    """Make codes of a weight and a bias."""
    module: Any = call.module
    try:
        geometry = geometry_of(module, repr(call.name))
        weight = weight_array(call.name, module)
    except (TypeError, ValueError) as error:
        call.refuse(str(error))
    require_values(f"weight of {call.name!r}", weight)

    def build(setting: Setting) -> nn.Module:
        quantized = RequantizedLayer(
            geometry,
            bias=module.bias is not None,
            bits=setting.weight_bits,
            per_tensor=setting.granularity == "tensor",
            x_bits=setting.x[0].bits,
            y_bits=setting.y.bits,
            activation=setting.activation,
            rounding=setting.rounding,
        )
        bias = real_bias(setting.name, module)
        codes, scale = weight_codes(
            quantized.weight, weight, bias, setting.x[0]
        )
        fill_integer_layer(
            setting.name, quantized, codes, scale, bias, setting.x[0]
        )
        quantized.set_grid(setting.y)
        return quantized

    return Made(build)


def max_pool(call: Call) -> Made:
    """Take the largest code of each window."""
    call.require("dilation", 4, 1, (1, 1), [1, 1])
    call.require("ceil_mode", 5, False)
    call.require("return_indices", 6, False)
    kernel = call.pair("kernel_size", 1, None)
    window = {
        "kernel_size": kernel,
        "stride": call.pair("stride", 2, kernel),
        "padding": call.pair("padding", 3, 0),
    }
    return Made(lambda _: IntegerMaxPool2d(**window), own_grid=False)


def flatten(call: Call) -> Made:
    """Put all axes but the first into one."""
    before, after = call.shape(call.tensors[0]), call.shape()
    if len(after) != 2 or after[0] != before[0]:
        call.refuse(f"it makes {after} of {before}, which is no flattening")
    return Made(lambda _: IntegerFlatten(), own_grid=False)


# what gives what it is given
SAME = {
    *(nn.Identity, nn.Dropout, nn.Dropout2d, functional.dropout),
    *(functional.dropout2d, "contiguous"),
}
ACTIVATIONS: dict[Any, str] = {
    **dict.fromkeys([nn.ReLU, functional.relu, torch.relu, "relu"], "relu"),
    **dict.fromkeys([functional.relu_, torch.relu_, "relu_"], "relu"),
    **dict.fromkeys([nn.ReLU6, functional.relu6], "relu6"),
}
RULES: dict[Any, Rule] = {
    **dict.fromkeys([nn.Linear, nn.Conv2d], layer),
    **dict.fromkeys([nn.MaxPool2d, functional.max_pool2d], max_pool),
    **dict.fromkeys([nn.Flatten, torch.flatten, "flatten"], flatten),
    **dict.fromkeys([torch.reshape, "reshape", "view"], flatten),
}
