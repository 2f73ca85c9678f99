"""Operations of float networks that have no weights.

Whatever keeps the numbers in their order is a Reshape to the shape that is
known: flattening, views, squeezing.
"""

import operator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import fx, nn
from torch.nn import functional

from ..quantization.rules import ACTIVATIONS, SAME
from .float_calls import FloatCall
from .float_graph import FloatGraph, Write

SIXTH = 1 / 6  # slope of torch's hard sigmoid


def _same(graph: FloatGraph, call: FloatCall) -> None:
    """Give what is given."""
    graph.follow(call)


def _shaped(graph: FloatGraph, call: FloatCall) -> None:
    """Give the same numbers in another shape."""
    [x] = graph.tensors(call)
    graph.reshape(call, x)


def _unary(kind: str, **attributes: Any) -> Write:
    """Make the writer of a function of one number."""

    def write(graph: FloatGraph, call: FloatCall) -> None:
        [x] = graph.tensors(call)
        graph.give(call, kind, [x], **attributes)

    return write


def _relu6(graph: FloatGraph, call: FloatCall) -> None:
    [x] = graph.tensors(call)
    ends = [
        graph.constant(f"{call.name}.{name}", np.float32(end))
        for name, end in (("lowest", 0), ("highest", 6))
    ]
    graph.give(call, "Clip", [x, *ends])


def _leaky_relu(graph: FloatGraph, call: FloatCall) -> None:
    slope = call.number(call.given("negative_slope", 1, 0.01))
    graph.give(call, "LeakyRelu", graph.tensors(call), alpha=slope)


def _gelu(graph: FloatGraph, call: FloatCall) -> None:
    approximate = call.given("approximate", 1, "none")
    graph.give(call, "Gelu", graph.tensors(call), approximate=approximate)


def _silu(graph: FloatGraph, call: FloatCall) -> None:
    [x] = graph.tensors(call)
    gate = graph.between(call, "sigmoid", "Sigmoid", [x])
    graph.give(call, "Mul", [x, gate])


def _softmax(graph: FloatGraph, call: FloatCall) -> None:
    axis = call.given("dim", 1)
    if not isinstance(axis, int):
        call.refuse(f"its dim is {axis}")
    graph.give(call, "Softmax", graph.tensors(call), axis=axis)


def _binary(kind: str) -> Write:
    """Make the writer of an operator on two tensors, or one and a number."""

    def write(graph: FloatGraph, call: FloatCall) -> None:
        call.require("alpha", 2, 1)
        call.require("rounding_mode", 2, None)
        if len(call.node.args) != 2:
            call.refuse("it takes no two arguments by position")
        reads = [
            graph.tensor(one)
            if isinstance(one, fx.Node)
            else graph.constant(
                f"{call.name}.number", np.float32(call.number(one))
            )
            for one in call.node.args
        ]
        graph.give(call, kind, reads)

    return write


def _concatenate(graph: FloatGraph, call: FloatCall) -> None:
    axis = call.given("dim", 1, call.given("axis", 1, 0))
    graph.give(call, "Concat", graph.tensors(call), axis=axis)


def _transpose(graph: FloatGraph, call: FloatCall) -> None:
    """Exchange two axes."""
    order = list(range(len(call.shape())))
    one, other = call.given("dim0", 1), call.given("dim1", 2)
    order[one], order[other] = order[other], order[one]
    graph.give(call, "Transpose", graph.tensors(call), perm=order)


def _permute(graph: FloatGraph, call: FloatCall) -> None:
    """Order the axes anew."""
    given = call.given("dims", 1)
    if isinstance(given, int):
        given = call.node.args[1:]
    order = [axis % len(call.shape()) for axis in given]
    graph.give(call, "Transpose", graph.tensors(call), perm=order)


def _pick(graph: FloatGraph, call: FloatCall) -> None:
    """Take what stands at one place of some axes."""
    index = call.node.args[1]
    [x] = graph.tensors(call)
    parts = index if isinstance(index, tuple) else (index,)
    if not all(type(part) is int or part == slice(None) for part in parts):
        call.refuse(f"it picks {index}, not one place of an axis")
    # from behind, so that the axes before keep their numbers
    for axis, place in reversed([*enumerate(parts)]):
        if type(place) is int:
            one = graph.constant(f"{call.name}.place", np.array(place))
            x = graph.between(call, "pick", "Gather", [x, one], axis=axis)
    graph.give(call, "Identity", [x])


def _attention(graph: FloatGraph, call: FloatCall) -> None:
    """Add scaled products of queries and keys, and means of values."""
    call.require("attn_mask", 3, None)
    call.require("is_causal", 5, False)
    call.require("enable_gqa", 7, False)
    query, key, value = graph.tensors(call)
    axes = len(call.shape())
    width = call.shape(call.tensors[0])[-1]
    scale = call.given("scale", 6) or width**-0.5
    order = [*range(axes - 2), axes - 1, axes - 2]
    add = partial(graph.between, call)
    turned = add("keys", "Transpose", [key], perm=order)
    number = graph.constant(f"{call.name}.scale", np.float32(scale))
    scaled = add("scaled", "Mul", [query, number])
    scores = add("scores", "MatMul", [scaled, turned])
    shares = add("shares", "Softmax", [scores], axis=-1)
    graph.give(call, "MatMul", [shares, value])


F = functional
OPERATIONS: dict[Any, Write] = {
    **dict.fromkeys(SAME, _same),
    **{
        one: _relu6 if name == "relu6" else _unary("Relu")
        for one, name in ACTIVATIONS.items()
    },
    **dict.fromkeys([nn.LeakyReLU, F.leaky_relu], _leaky_relu),
    **dict.fromkeys(
        [nn.Sigmoid, torch.sigmoid, F.sigmoid, "sigmoid"], _unary("Sigmoid")
    ),
    **dict.fromkeys([nn.Tanh, torch.tanh, F.tanh, "tanh"], _unary("Tanh")),
    **dict.fromkeys([nn.GELU, F.gelu], _gelu),
    **dict.fromkeys([nn.SiLU, F.silu], _silu),
    **dict.fromkeys(
        [nn.Hardsigmoid, F.hardsigmoid],
        _unary("HardSigmoid", alpha=SIXTH, beta=0.5),
    ),
    **dict.fromkeys([nn.Hardswish, F.hardswish], _unary("HardSwish")),
    **dict.fromkeys(
        [nn.Softmax, F.softmax, torch.softmax, "softmax"], _softmax
    ),
    **dict.fromkeys([nn.Flatten, torch.flatten, "flatten"], _shaped),
    **dict.fromkeys([nn.Unflatten, torch.unflatten, "unflatten"], _shaped),
    **dict.fromkeys([torch.reshape, "reshape", "view"], _shaped),
    **dict.fromkeys([torch.squeeze, "squeeze"], _shaped),
    **dict.fromkeys([torch.unsqueeze, "unsqueeze"], _shaped),
    **dict.fromkeys(
        [operator.add, operator.iadd, torch.add, "add", "add_"], _binary("Add")
    ),
    **dict.fromkeys([operator.sub, torch.sub, "sub"], _binary("Sub")),
    **dict.fromkeys(
        [operator.mul, operator.imul, torch.mul, "mul", "mul_"], _binary("Mul")
    ),
    **dict.fromkeys([operator.truediv, torch.div, "div"], _binary("Div")),
    **dict.fromkeys(
        [operator.matmul, torch.matmul, "matmul"], _binary("MatMul")
    ),
    **dict.fromkeys([torch.cat, torch.concat], _concatenate),
    **dict.fromkeys([torch.transpose, "transpose"], _transpose),
    **dict.fromkeys([torch.permute, "permute"], _permute),
    operator.getitem: _pick,
    F.scaled_dot_product_attention: _attention,
}
