"""Integer networks as ONNX graphs: what both of their forms share.

Images are quantized at the way in and logits become real numbers at the way
out. Between steps there are codes, uint8, in tensors of the steps' names. What
only moves or looks up codes is the same in both forms.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .._require import require_int
from ..layers import IntegerNetwork, Step
from ..layers.geometry import LinearGeometry
from ..layers.integer_ops import IntegerFlatten, IntegerMaxPool2d
from ..layers.integer_table import IntegerTable
from .onnx_graph import BATCH, IMAGES, LOGITS, OnnxGraph

WHOLE_BYTE = (0, 255)


class CodesGraph(OnnxGraph):
    """A graph whose tensors are codes of the steps of an integer network.

    network : whose steps become nodes
    input_shape : of an image, without the batch axis
    """

    def __init__(
        self, network: IntegerNetwork, input_shape: tuple[int, ...]
    ) -> None:
        names = [name for name, _ in network.wiring]
        super().__init__([IMAGES, LOGITS, *names])
        self.shapes = step_shapes(network, input_shape)
        self.grids = network.grids()
        self.places: dict[str, list[str]] = {}

    def grid(self, name: str) -> list[str]:
        """Name the scale and the zero point of a step's codes."""
        if name not in self.places:
            params = self.grids[name]
            self.places[name] = [
                self.constant(f"{name}.scale", params.scale, "float32"),
                self.constant(f"{name}.zero_point", params.zero_point, "uint8"),
            ]
        return self.places[name]

    def with_grids(self, names: Sequence[str]) -> list[str]:
        """Name each tensor of codes, its scale and its zero point."""
        return [x for name in names for x in (name, *self.grid(name))]

    def clipped(
        self,
        step: Step,
        kind: str,
        reads: Sequence[str],
        *,
        name: str | None = None,
        **attributes: Any,
    ) -> None:
        """Add the node that gives a step's codes, and cut off what must be.

        name : of the node, if it is not that of the step

        A fused function or fewer than 8 bits leave some bytes out; a Clip of
        the codes does what saturation does not.
        """
        given: Any = step.operation
        name, limits = name or step.name, given.limits
        if limits == WHOLE_BYTE:
            self.node(kind, reads, name, gives=step.name, **attributes)
            return
        whole = self.free_name(f"{step.name}.unclipped")
        self.node(kind, reads, name, gives=whole, **attributes)
        ends = [
            self.constant(f"{step.name}.{end}", limit, "uint8")
            for end, limit in zip(("lowest", "highest"), limits, strict=True)
        ]
        self.node("Clip", [whole, *ends], f"{step.name}.clip", gives=step.name)


Write = Callable[[CodesGraph, Step, list[str]], None]


def write_network(
    network: IntegerNetwork,
    input_shape: tuple[int, ...],
    writers: Mapping[type, Write],
) -> Any:
    """Return an integer network as an ONNX model, by a writer for each step.

    input_shape : of an image, without the batch axis
    writers : kind of an operation -> adds it; called with the graph, the step
        and the names of the codes that it reads
    """
    graph = CodesGraph(network, input_shape)
    first, *others = network.steps
    reads = [IMAGES, *graph.grid(first.name)]
    graph.clipped(first, "QuantizeLinear", reads)
    names = [step.name for step in network.steps]
    for step in others:
        write = writers[type(step.operation)]
        write(graph, step, [names[i] for i in step.reads])
    last = names[-1]
    graph.node(
        "DequantizeLinear", [last, *graph.grid(last)], LOGITS, gives=LOGITS
    )
    return graph.model(
        (IMAGES, [BATCH, *input_shape]),
        (LOGITS, [BATCH, *graph.shapes[last]]),
        "integer_network",
    )


def step_shapes(
    network: IntegerNetwork, input_shape: tuple[int, ...]
) -> dict[str, tuple[int, ...]]:
    """Return the shape of one example's codes at each step, by its name."""
    for size in input_shape:
        require_int("each size in input_shape", size, 1)
    try:
        codes = network.quantize(torch.zeros(1, *input_shape))
        made = list(network.run(codes))
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"input_shape must fit the model, got {input_shape}: {error}"
        ) from error
    return {name: tuple(codes.shape[1:]) for name, codes in made}


def window(step: Step) -> dict[str, Any]:
    """Return the window of a pooling as ONNX has it."""
    given: Any = step.operation
    size, stride, padding = given.window.values()
    return {
        "kernel_shape": [*size],
        "strides": [*stride],
        "pads": [*padding, *padding],  # top, left, bottom, right
    }


def max_pool(graph: CodesGraph, step: Step, reads: list[str]) -> None:
    """Add a pooling by the largest code."""
    graph.node("MaxPool", reads, step.name, **window(step))


def flatten(graph: CodesGraph, step: Step, reads: list[str]) -> None:
    """Add a flattening."""
    graph.node("Flatten", reads, step.name)


def table(graph: CodesGraph, step: Step, reads: list[str]) -> None:
    """Add a table: its entries, gathered by codes as whole numbers."""
    given: Any = step.operation
    entries = graph.constant(f"{step.name}.table", given.table.numpy())
    indices = graph.free_name(f"{step.name}.indices")
    kind = graph.onnx.TensorProto.INT32
    graph.node("Cast", reads, f"{step.name}.cast", gives=indices, to=kind)
    graph.node("Gather", [entries, indices], step.name)


def in_rows(write: Write) -> Write:
    """Let a writer of layers serve linear layers on more than two axes.

    The operators of products know (rows, features): others are reshaped.
    """

    def written(graph: CodesGraph, step: Step, reads: list[str]) -> None:
        geometry: Any = getattr(step.operation, "geometry", None)
        shape = graph.shapes[step.name]
        if not isinstance(geometry, LinearGeometry) or len(shape) == 1:
            write(graph, step, reads)
            return
        rows = graph.free_name(f"{step.name}.x_rows")
        size = graph.constant(f"{rows}.shape", [-1, geometry.in_features])
        graph.node("Reshape", [*reads, size], rows)
        inner = step._replace(name=graph.free_name(f"{step.name}.rows"))
        graph.grids[rows] = graph.grids[reads[0]]
        graph.grids[inner.name] = graph.grids[step.name]
        write(graph, inner, [rows])
        size = graph.constant(f"{step.name}.shape", [-1, *shape])
        graph.node("Reshape", [inner.name, size], step.name)

    return written


SHARED: dict[type, Write] = {
    IntegerMaxPool2d: max_pool,
    IntegerFlatten: flatten,
    IntegerTable: table,
}
