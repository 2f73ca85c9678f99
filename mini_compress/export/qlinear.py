"""An integer network whose every step is one operator on codes.

onnxruntime computes what the steps do, code for code: the scales that it is
given are the same float32 numbers, and it makes the same multiplier of them.
Convolutions are ONNX's QLinearConv; a linear layer with a bias, sums, products
and means have operators of onnxruntime's own.
"""

from typing import Any

import numpy as np

from ..layers import IntegerNetwork, RequantizedLayer, Step
from ..layers.geometry import LinearGeometry
from ..layers.grids import FLOAT_RULE
from ..layers.integer_ops import (
    IntegerAdd,
    IntegerAvgPool2d,
    IntegerConcat,
    IntegerGlobalAvgPool2d,
    IntegerMultiply,
)
from .codes import SHARED, CodesGraph, Write, in_rows, window, write_network
from .onnx_graph import convolution


def write_qlinear(network: IntegerNetwork, input_shape: tuple[int, ...]) -> Any:
    """Return an integer network as an ONNX model of operators on codes."""
    for step in network.steps:
        rounding = getattr(step.operation, "rounding", FLOAT_RULE)
        if rounding != FLOAT_RULE:
            raise ValueError(
                f"rounding of {step.name!r} must be {FLOAT_RULE!r}, the one "
                f"that ONNX's operators on codes have, got {rounding!r}"
            )
    return write_network(network, input_shape, WRITERS)


def _layer(graph: CodesGraph, step: Step, reads: list[str]) -> None:
    """Add a linear layer or a convolution."""
    layer: Any = step.operation
    scale = layer.weight.scale.numpy().ravel()
    zeros = np.zeros(len(scale), np.int8)
    if layer.weight.per_tensor:
        scale, zeros = scale[0], zeros[0]
    inputs = [
        *graph.with_grids(reads),
        graph.constant(f"{step.name}.weight", layer.weight.codes().numpy()),
        graph.constant(f"{step.name}.weight_scale", scale),
        graph.constant(f"{step.name}.weight_zero_point", zeros),
    ]
    bias = []
    if layer.bias is not None:
        bias = [graph.constant(f"{step.name}.bias", layer.bias.numpy())]
    geometry, grid = layer.geometry, graph.grid(step.name)
    if isinstance(geometry, LinearGeometry):
        inputs += [*(bias or [""]), *grid]
        graph.clipped(step, "QGemm", inputs, transB=1)
        return
    graph.clipped(
        step,
        "QLinearConv",
        [*inputs, *grid, *bias],
        **convolution(geometry),
    )


def _average_pool(graph: CodesGraph, step: Step, reads: list[str]) -> None:
    """Add the mean of windows."""
    graph.clipped(
        step,
        "QLinearAveragePool",
        [*graph.with_grids(reads), *graph.grid(step.name)],
        count_include_pad=int(step.operation.settings["count_include_pad"]),
        **window(step),
    )


def _concat(graph: CodesGraph, step: Step, reads: list[str]) -> None:
    """Add a concatenation, whose own grid stands first."""
    inputs = [*graph.grid(step.name), *graph.with_grids(reads)]
    graph.clipped(step, "QLinearConcat", inputs, axis=1)


def _regridding(kind: str) -> Write:
    """Make the writer of an operator that takes nothing but grids."""

    def write(graph: CodesGraph, step: Step, reads: list[str]) -> None:
        inputs = [*graph.with_grids(reads), *graph.grid(step.name)]
        graph.clipped(step, kind, inputs)

    return write


WRITERS: dict[type, Write] = {
    **SHARED,
    RequantizedLayer: in_rows(_layer),
    IntegerAvgPool2d: _average_pool,
    IntegerGlobalAvgPool2d: _regridding("QLinearGlobalAveragePool"),
    IntegerAdd: _regridding("QLinearAdd"),
    IntegerMultiply: _regridding("QLinearMul"),
    IntegerConcat: _concat,
}
