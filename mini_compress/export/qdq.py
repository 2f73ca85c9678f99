"""An integer network whose steps are float operators between grids.

Each step reads codes, makes real numbers of them (DequantizeLinear), computes
in float32 and rounds its result to a grid again (QuantizeLinear). Runtimes look
for this pattern and put operators on integers of their own in its place, so the
code of a sum that lies next to a tie may differ by one.
"""

from collections.abc import Sequence
from typing import Any

from ..layers import IntegerNetwork, RequantizedLayer, Step
from ..layers.geometry import LinearGeometry
from ..layers.integer_ops import (
    IntegerAdd,
    IntegerAvgPool2d,
    IntegerConcat,
    IntegerGlobalAvgPool2d,
    IntegerMultiply,
)
from .codes import SHARED, CodesGraph, Write, in_rows, window, write_network
from .onnx_graph import convolution


def write_qdq(network: IntegerNetwork, input_shape: tuple[int, ...]) -> Any:
    """Return an integer network as an ONNX model of floats between grids."""
    return write_network(network, input_shape, WRITERS)


def _real(graph: CodesGraph, step: Step, names: Sequence[str]) -> list[str]:
    """Add nodes that make real numbers of what a step reads."""
    made = []
    for i, name in enumerate(names):
        node = f"{step.name}.dequantize_{i}"
        real = graph.free_name(f"{step.name}.x_{i}")
        reads = [name, *graph.grid(name)]
        made.append(graph.node("DequantizeLinear", reads, node, gives=real))
    return made


def _rounded(
    graph: CodesGraph,
    step: Step,
    kind: str,
    reads: Sequence[str],
    **attributes: Any,
) -> None:
    """Add an operator on real numbers, and what rounds its result."""
    real = graph.free_name(f"{step.name}.y")
    graph.node(kind, reads, step.name, gives=real, **attributes)
    graph.clipped(
        step,
        "QuantizeLinear",
        [real, *graph.grid(step.name)],
        name=f"{step.name}.quantize",
    )


def _layer(graph: CodesGraph, step: Step, reads: list[str]) -> None:
    """Add a linear layer or a convolution."""
    layer: Any = step.operation
    constants = graph.decoded_layer(step.name, layer)
    inputs = [*_real(graph, step, reads), *constants]
    geometry = layer.geometry
    if isinstance(geometry, LinearGeometry):
        _rounded(graph, step, "Gemm", inputs, transB=1)
        return
    _rounded(graph, step, "Conv", inputs, **convolution(geometry))


def _average_pool(graph: CodesGraph, step: Step, reads: list[str]) -> None:
    """Add the mean of windows."""
    _rounded(
        graph,
        step,
        "AveragePool",
        _real(graph, step, reads),
        count_include_pad=int(step.operation.settings["count_include_pad"]),
        **window(step),
    )


def _plain(kind: str, **attributes: Any) -> Write:
    """Make the writer of an operator that takes nothing but numbers."""

    def write(graph: CodesGraph, step: Step, reads: list[str]) -> None:
        _rounded(graph, step, kind, _real(graph, step, reads), **attributes)

    return write


WRITERS: dict[type, Write] = {
    **SHARED,
    RequantizedLayer: in_rows(_layer),
    IntegerAvgPool2d: _average_pool,
    IntegerGlobalAvgPool2d: _plain("GlobalAveragePool"),
    IntegerAdd: _plain("Add"),
    IntegerMultiply: _plain("Mul"),
    IntegerConcat: _plain("Concat", axis=1),
}
