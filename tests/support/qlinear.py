"""Integer networks written by hand as graphs of onnxruntime's operators.

Each operation on codes has one operator of ONNX or of onnxruntime's own domain;
all steps are outputs, so that every code can be compared.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
from onnx import ModelProto, TensorProto, helper, numpy_helper

from mini_compress.kernels.affine import AffineParams
from mini_compress.layers import IntegerNetwork, RequantizedLayer, Step
from mini_compress.layers import integer_ops as ops
from mini_compress.layers.geometry import LinearGeometry
from mini_compress.layers.integer_table import IntegerTable

OWN = "com.microsoft"
Run = Callable[[np.ndarray], dict[str, np.ndarray]]


class _Graph:
    """Grows by an operation at a time; tensors have the names of the steps."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any, dtype: type) -> str:
        name = f"constant_{len(self.constants)}"
        array = np.asarray(value, dtype)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def grid(self, params: AffineParams) -> list[str]:
        return [
            self.constant(params.scale, np.float32),
            self.constant(params.zero_point, np.uint8),
        ]

    def graded(self, step: Step, read: list[str]) -> list[str]:
        """Name each input and the grid that it is on."""
        grids = map(self.grid, step.operation.x_params)
        pairs = zip(read, grids, strict=True)
        return [name for one, grid in pairs for name in (one, *grid)]

    def node(self, kind: str, given: list[str], name: str, **options) -> None:
        known = ("QLinearConv", "MaxPool", "Flatten", "Cast", "Gather", "Clip")
        domain = {} if kind in known else {"domain": OWN}
        node = helper.make_node(kind, given, [name], **domain, **options)
        self.nodes.append(node)

    def clipped(self, step: Step, kind: str, given: list[str], **options):
        """Add a node, and a clip where a fused function cuts codes off."""
        limits = step.operation.limits
        if limits == (0, 255):
            self.node(kind, given, step.name, **options)
            return
        self.node(kind, given, f"{step.name} whole", **options)
        ends = [self.constant(end, np.uint8) for end in limits]
        self.node("Clip", [f"{step.name} whole", *ends], step.name)


def _layer(graph: _Graph, step: Step, read: list[str]) -> None:
    layer: RequantizedLayer = step.operation
    scale = layer.weight.scale.numpy().ravel()
    zeros = np.zeros(len(scale), np.int8)
    if len(scale) == 1:
        scale, zeros = scale[0], zeros[0]
    given = [
        *graph.graded(step, read),
        graph.constant(layer.weight.codes().numpy(), np.int8),
        graph.constant(scale, np.float32),
        graph.constant(zeros, np.int8),
    ]
    bias, grid = [], graph.grid(layer.y_params)
    if layer.bias is not None:
        bias = [graph.constant(layer.bias.numpy(), np.int32)]
    geometry = layer.geometry
    if isinstance(geometry, LinearGeometry):
        inputs = [*given, *(bias or [""]), *grid]
        graph.clipped(step, "QGemm", inputs, transB=1)
        return
    graph.clipped(
        step,
        "QLinearConv",
        [*given, *grid, *bias],
        strides=geometry.stride,
        pads=[*geometry.padding] * 2,
        dilations=geometry.dilation,
        group=geometry.groups,
    )


def _window(step: Step) -> dict[str, list[int]]:
    window = step.operation.window
    return {
        "kernel_shape": [*window["kernel"]],
        "strides": [*window["stride"]],
        "pads": [*window["padding"]] * 2,
    }


def _max_pool(graph: _Graph, step: Step, read: list[str]) -> None:
    graph.node("MaxPool", read, step.name, **_window(step))


def _average_pool(graph: _Graph, step: Step, read: list[str]) -> None:
    given = [*graph.graded(step, read), *graph.grid(step.operation.y_params)]
    counted = int(step.operation.settings["count_include_pad"])
    window = _window(step)
    kind = "QLinearAveragePool"
    graph.clipped(step, kind, given, **window, count_include_pad=counted)


def _flatten(graph: _Graph, step: Step, read: list[str]) -> None:
    graph.node("Flatten", read, step.name)


def _regridded(kind: str) -> Callable[[_Graph, Step, list[str]], None]:
    def write(graph: _Graph, step: Step, read: list[str]) -> None:
        grid = graph.grid(step.operation.y_params)
        graph.clipped(step, kind, [*graph.graded(step, read), *grid])

    return write


def _concat(graph: _Graph, step: Step, read: list[str]) -> None:
    grid = graph.grid(step.operation.y_params)
    given = [*grid, *graph.graded(step, read)]
    graph.clipped(step, "QLinearConcat", given, axis=1)


def _table(graph: _Graph, step: Step, read: list[str]) -> None:
    entries = graph.constant(step.operation.table.numpy(), np.uint8)
    places = f"{step.name} places"
    graph.node("Cast", read, places, to=TensorProto.INT32)
    graph.node("Gather", [entries, places], step.name)


WRITERS: dict[type, Callable[[_Graph, Step, list[str]], None]] = {
    RequantizedLayer: _layer,
    ops.IntegerMaxPool2d: _max_pool,
    ops.IntegerAvgPool2d: _average_pool,
    ops.IntegerGlobalAvgPool2d: _regridded("QLinearGlobalAveragePool"),
    ops.IntegerAdd: _regridded("QLinearAdd"),
    ops.IntegerMultiply: _regridded("QLinearMul"),
    ops.IntegerConcat: _concat,
    ops.IntegerFlatten: _flatten,
    IntegerTable: _table,
}


def make_graph(
    network: IntegerNetwork, shape: tuple[int, ...], all_steps: bool
) -> ModelProto:
    """Write a network down; shape : of one image."""
    graph = _Graph()
    names = [step.name for step in network.steps]
    for step in network.steps[1:]:
        read = [names[i] for i in step.reads]
        WRITERS[type(step.operation)](graph, step, read)
    values = [
        helper.make_tensor_value_info(
            names[0], TensorProto.UINT8, [None, *shape]
        )
    ]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.UINT8, None)
        for name in (names[1:] if all_steps else names[-1:])
    ]
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(OWN, 1)]
    return helper.make_model(
        helper.make_graph(
            graph.nodes, "network", values, outputs, graph.constants
        ),
        opset_imports=opsets,
        ir_version=10,
    )


def open_network(
    network: IntegerNetwork, shape: tuple[int, ...], *, all_steps: bool = True
) -> Run:
    """Return a function from codes of images to the codes of every step.

    shape : of one image
    all_steps : or of the last one alone
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(
        make_graph(network, shape, all_steps).SerializeToString(),
        options,
        ["CPUExecutionProvider"],
    )
    first, *names = [step.name for step in network.steps]
    if not all_steps:
        names = names[-1:]

    def run(codes: np.ndarray) -> dict[str, np.ndarray]:
        codes = np.ascontiguousarray(codes)
        made = session.run(names, {first: codes})
        return {first: codes, **dict(zip(names, made, strict=True))}

    return run
