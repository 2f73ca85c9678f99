"""A float network as an ONNX graph, operation by operation.

Layers that keep their weight in another form are written with the numbers that
it stands for; a chain of factors is the chain of its parts.
"""

from typing import Any

from torch import fx, nn

from .._inference import require_float32
from ..layers import IntegerNetwork
from .float_calls import FloatCall, trace_numbers
from .float_graph import FloatGraph
from .float_layers import LAYERS
from .float_operations import OPERATIONS
from .float_pooling import POOLING
from .onnx_graph import BATCH, IMAGES, LOGITS

WRITERS = {**LAYERS, **POOLING, **OPERATIONS}


def write_float(model: nn.Module, input_shape: tuple[int, ...]) -> Any:
    """Return a float network as an ONNX model.

    model : float32
    input_shape : of an example, without the batch axis

    What is not known is a ValueError that names it.
    """
    if isinstance(model, IntegerNetwork):
        raise ValueError(
            "model must be a float network for form 'float', got an "
            "IntegerNetwork, whose forms are 'qdq' and 'qlinear'"
        )
    require_float32(model)
    traced = trace_numbers(model, input_shape)
    graph = FloatGraph()
    for node in traced.graph.nodes:
        call = FloatCall(node, traced)
        if node.op == "placeholder":
            graph.names[node] = IMAGES
        elif node.op == "output":
            shape = _end(graph, call)
        elif "constant" in node.meta:
            graph.hold(call)
        elif not node.meta.get("plain"):
            _write(graph, call)
    return graph.model(
        (IMAGES, [BATCH, *input_shape]), (LOGITS, shape), "float_network"
    )


def _write(graph: FloatGraph, call: FloatCall) -> None:
    """Write one operation."""
    if "shape" not in call.node.meta:
        call.refuse("it gives several tensors")
    if call.target not in WRITERS:
        call.refuse()
    if call.in_place:
        _require_own(call)
    WRITERS[call.target](graph, call)


def _end(graph: FloatGraph, call: FloatCall) -> list[int | str]:
    """Name the output; return its shape, with a name for what is open."""
    [given] = call.node.args
    if not isinstance(given, fx.Node):
        kind = type(given).__name__
        raise ValueError(f"model must give one tensor, got a {kind}")
    if given not in graph.names:
        raise ValueError("model must compute with its input, got a constant")
    graph.node("Identity", [graph.names[given]], LOGITS)
    sizes: list[int | str] = [*given.meta["shape"]]
    if given.meta["open"] is not None:
        sizes[given.meta["open"]] = BATCH
    return sizes


def _require_own(call: FloatCall) -> None:
    """Refuse to overwrite what is read once more afterwards."""
    nodes = list(call.graph.graph.nodes)
    order = {node: i for i, node in enumerate(nodes)}
    now = order[call.node]
    written = call.tensors[0].meta["storage"]
    for node in nodes[:now]:
        later = [user.name for user in node.users if order[user] > now]
        if later and node.meta.get("storage") == written:
            call.refuse(f"it overwrites what {', '.join(later)} reads later")
