"""Pooling and means of float networks."""

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..quantization.rules import window
from .float_calls import FloatCall
from .float_graph import FloatGraph, Write


def _max_pool(graph: FloatGraph, call: FloatCall) -> None:
    call.require("dilation", 4, 1, (1, 1), [1, 1])
    call.require("return_indices", 6, False)
    graph.give(call, "MaxPool", graph.tensors(call), **_window(call))


def _average_pool(graph: FloatGraph, call: FloatCall) -> None:
    call.require("divisor_override", 6, None)
    counted = int(call.given("count_include_pad", 5, True))
    reads, given = graph.tensors(call), _window(call)
    graph.give(call, "AveragePool", reads, count_include_pad=counted, **given)


def _adaptive(name: str) -> Write:
    """Make the writer of pooling to a size: "Average" or "Max"."""

    def write(graph: FloatGraph, call: FloatCall) -> None:
        before, after = call.shape(call.tensors[0])[2:], call.shape()[2:]
        reads = graph.tensors(call)
        if before == after:
            graph.follow(call)
            return
        if after == (1, 1):
            graph.give(call, f"Global{name}Pool", reads)
            return
        pairs = list(zip(before, after, strict=True))
        if any(size % parts for size, parts in pairs):
            call.refuse(f"windows of {before} for {after} are not of one size")
        size = [size // parts for size, parts in pairs]
        kind = f"{name}Pool"
        graph.give(call, kind, reads, kernel_shape=size, strides=size)

    return write


def _window(call: FloatCall) -> dict[str, Any]:
    """Return the window of a pooling as ONNX has it."""
    size, stride, padding = window(call).values()
    return {
        "kernel_shape": [*size],
        "strides": [*stride],
        "pads": [*padding, *padding],  # top, left, bottom, right
    }


def _mean(graph: FloatGraph, call: FloatCall) -> None:
    """Add a mean over axes that are named."""
    axes = call.given("dim", 1)
    if axes is None:
        call.refuse("it averages all examples")
    given = [*axes] if isinstance(axes, tuple | list) else [axes]
    name = graph.constant(f"{call.name}.axes", np.array(given, np.int64))
    keep = int(call.given("keepdim", 2, False))
    reads = [*graph.tensors(call), name]
    graph.give(call, "ReduceMean", reads, keepdims=keep)


POOLING: dict[Any, Write] = {
    **dict.fromkeys([nn.MaxPool2d, functional.max_pool2d], _max_pool),
    **dict.fromkeys([nn.AvgPool2d, functional.avg_pool2d], _average_pool),
    **dict.fromkeys(
        [nn.AdaptiveAvgPool2d, functional.adaptive_avg_pool2d],
        _adaptive("Average"),
    ),
    **dict.fromkeys(
        [nn.AdaptiveMaxPool2d, functional.adaptive_max_pool2d], _adaptive("Max")
    ),
    **dict.fromkeys([torch.mean, "mean"], _mean),
}
