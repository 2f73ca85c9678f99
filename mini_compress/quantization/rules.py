"""What becomes of each operation of a float network in an integer one.

A rule looks at one call and says how the operation on codes is made, once the
grids are known; or it refuses the call, by name and place. The rules of layers
are in `weights`.
"""

import math
import operator
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ..layers.integer_base import Regridded
from ..layers.integer_ops import (
    IntegerAdd,
    IntegerAvgPool2d,
    IntegerConcat,
    IntegerFlatten,
    IntegerGlobalAvgPool2d,
    IntegerMaxPool2d,
    IntegerMultiply,
)
from ..layers.integer_table import IntegerTable
from .calls import Call, Made, Rule, Setting
from .weights import WEIGHTS

IMAGES = 4  # axes: images, channels, height, width


def max_pool(call: Call) -> list[Made]:
    """Take the largest code of each window."""
    call.require("dilation", 4, 1, (1, 1), [1, 1])
    call.require("return_indices", 6, False)
    given = window(call)
    return [_keeping(lambda: IntegerMaxPool2d(**given))]


def average_pool(call: Call) -> list[Made]:
    """Take the mean of each window."""
    call.require("divisor_override", 6, None)
    counted = call.given("count_include_pad", 5, True)
    return [
        _regridding(IntegerAvgPool2d, **window(call), count_include_pad=counted)
    ]


def adaptive_average(call: Call) -> list[Made]:
    """Take the mean of each channel, or of windows of one size."""
    before, after = call.shape(call.tensors[0])[2:], call.shape()[2:]
    if before == after:
        return []
    if after == (1, 1):
        return [_regridding(IntegerGlobalAvgPool2d)]
    if any(size % parts for size, parts in zip(before, after, strict=True)):
        call.refuse(f"windows of {before} for {after} are not of one size")
    size = tuple(one // other for one, other in zip(before, after, strict=True))
    return [_regridding(IntegerAvgPool2d, kernel_size=size, stride=size)]


def mean(call: Call) -> list[Made]:
    """Take the mean of each channel."""
    axes = call.given("dim", 1)
    shape = call.shape(call.tensors[0])
    given = axes if isinstance(axes, tuple | list) else [axes]
    if len(shape) != IMAGES or {x and x % IMAGES for x in given} != {2, 3}:
        call.refuse(f"it averages axes {axes} of {shape}, not images")
    steps = [_regridding(IntegerGlobalAvgPool2d)]
    return steps if call.given("keepdim", 2, False) else [*steps, FLATTEN]


def flatten(call: Call) -> list[Made]:
    """Put all axes but the first into one."""
    before, after = call.shape(call.tensors[0]), call.shape()
    if after == before:
        return []
    if after != (before[0], math.prod(before[1:])):
        call.refuse(f"it makes {after} of {before}, which is no flattening")
    return [FLATTEN]


def add(call: Call) -> list[Made]:
    """Add two tensors of one shape."""
    call.require("alpha", 2, 1)
    if len({call.shape(x) for x in _two(call, "adds")}) > 1:
        call.refuse("it adds no two tensors of one shape")
    return [_regridding(IntegerAdd)]


def multiply(call: Call) -> list[Made]:
    """Multiply two tensors whose shapes broadcast."""
    _two(call, "multiplies")
    return [_regridding(IntegerMultiply)]


def concatenate(call: Call) -> list[Made]:
    """Join tensors along the axis of channels."""
    axis = call.given("dim", 1, call.given("axis", 1, 0))
    if axis not in (1, 1 - len(call.shape())):
        call.refuse(f"it joins along axis {axis}, not channels")
    return [_regridding(IntegerConcat)]


def table(function: str) -> Rule:
    """Make the rule that looks a function up."""

    def rule(call: Call) -> list[Made]:
        name = function
        if function == "gelu":
            approximate = call.given("approximate", 1, "none")
            name = {"none": "gelu", "tanh": "gelu_tanh"}[approximate]
        if function == "leaky_relu":
            call.require("negative_slope", 1, 0.01)

        def build(setting: Setting) -> nn.Module:
            made = IntegerTable(
                function=name,
                x_bits=tuple(x.bits for x in setting.x),
                y_bits=setting.y.bits,
            )
            made.set_input_grids(setting.x)
            made.set_grid(setting.y)
            made.fill()
            return made

        return [Made(build, fuses=False)]

    return rule


def _keeping(make: Any) -> Made:
    """Describe an operation whose results are on the grid of its input."""
    return Made(lambda _: make(), own_grid=False, fuses=False)


def _regridding(kind: type[Regridded], **settings: Any) -> Made:
    """Describe an operation with a grid of its own."""

    def build(setting: Setting) -> nn.Module:
        made = kind(
            x_bits=tuple(x.bits for x in setting.x),
            y_bits=setting.y.bits,
            activation=setting.activation,
            rounding=setting.rounding,
            **settings,
        )
        made.set_input_grids(setting.x)
        made.set_grid(setting.y)
        return made

    return Made(build)


def window(call: Call) -> dict[str, tuple[int, int]]:
    """Return a window; refuse one that ceil_mode lets hang over the edge."""
    kernel = call.pair("kernel_size", 1, None)
    stride = call.pair("stride", 2, kernel)
    padding = call.pair("padding", 3, 0)
    *_, height, width = call.shape(call.tensors[0])
    floor = tuple(
        (size + 2 * around - rows) // step + 1
        for size, around, rows, step in zip(
            (height, width), padding, kernel, stride, strict=True
        )
    )
    if floor != call.shape()[-2:]:
        call.refuse("its ceil_mode lets a window hang over the edge")
    return {"kernel_size": kernel, "stride": stride, "padding": padding}


def _two(call: Call, verb: str) -> list[Any]:
    """Return the two tensors that a call is given; refuse numbers."""
    if len(call.tensors) != 2:
        call.refuse(f"it {verb} no two tensors")
    return call.tensors


FLATTEN = _keeping(IntegerFlatten)
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
_TABLES: dict[str, list[Any]] = {
    "relu": [x for x, name in ACTIVATIONS.items() if name == "relu"],
    "relu6": [x for x, name in ACTIVATIONS.items() if name == "relu6"],
    "leaky_relu": [nn.LeakyReLU, functional.leaky_relu],
    "sigmoid": [nn.Sigmoid, torch.sigmoid, functional.sigmoid, "sigmoid"],
    "tanh": [nn.Tanh, torch.tanh, functional.tanh, "tanh"],
    "gelu": [nn.GELU, functional.gelu],
    "silu": [nn.SiLU, functional.silu],
    "hard_sigmoid": [nn.Hardsigmoid, functional.hardsigmoid],
    "hard_swish": [nn.Hardswish, functional.hardswish],
}
RULES: dict[Any, Rule] = {
    **WEIGHTS,
    **dict.fromkeys([nn.MaxPool2d, functional.max_pool2d], max_pool),
    **dict.fromkeys([nn.AvgPool2d, functional.avg_pool2d], average_pool),
    nn.AdaptiveAvgPool2d: adaptive_average,
    functional.adaptive_avg_pool2d: adaptive_average,
    **dict.fromkeys([torch.mean, "mean"], mean),
    **dict.fromkeys([nn.Flatten, torch.flatten, "flatten"], flatten),
    **dict.fromkeys([torch.reshape, "reshape", "view"], flatten),
    **dict.fromkeys([operator.add, operator.iadd, torch.add], add),
    **dict.fromkeys(["add", "add_"], add),
    **dict.fromkeys([operator.mul, operator.imul, torch.mul], multiply),
    **dict.fromkeys(["mul", "mul_"], multiply),
    **dict.fromkeys([torch.cat, torch.concat], concatenate),
    **{x: table(name) for name, all_of in _TABLES.items() for x in all_of},
}
