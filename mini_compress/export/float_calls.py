"""A float network as a graph of calls whose sizes and numbers are known.

The graph is run on blank examples twice, with two numbers of examples. What
differs between the runs depends on that number; what no example leads to is a
constant.
"""

from typing import Any, NoReturn

import torch
from torch import Tensor, fx, nn
from torch.utils import _pytree as pytree

from .._examples import blank_images
from .._require import require_int
from ..graph import trace
from ..graph.operations import name_of
from ..quantization.calls import Call

COUNTS = (2, 3)  # of examples
# what can be asked of a tensor whatever numbers it holds
FORMAL = {
    *("shape", "size", "ndim", "dim", "numel", "nelement", "stride"),
    *("dtype", "device", "is_cuda", "requires_grad", "get_device"),
    *("is_floating_point", "element_size"),
}


class OpenNumber:
    """Stands where a number is that depends on the number of examples."""


class FloatCall(Call):
    """A node of a graph that `trace_numbers` made."""

    def refuse(self, reason: str = "") -> NoReturn:
        """Say which operation cannot be exported, where it is, and why."""
        got = name_of(self.graph, self.node)
        why = reason or "no operator is known that does what it does"
        raise ValueError(f"{got} cannot be exported: {why}")

    def number(self, value: Any) -> float:
        """Return an argument that is a number; refuse others."""
        if isinstance(value, OpenNumber):
            self.refuse("it computes with the number of examples")
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(f"one argument is {value!r}, not a number")
        return value

    def sizes(self) -> list[int]:
        """Return the shape of the result; -1 where it is left open."""
        shape = list(self.shape())
        if (axis := self.node.meta["open"]) is not None:
            shape[axis] = -1
        return shape


def trace_numbers(
    model: nn.Module, input_shape: tuple[int, ...]
) -> fx.GraphModule:
    """Write a model as a graph, and note in each node's `meta` what it gives.

    model : is not changed
    input_shape : of one example, without the batch axis
    returns : "shape" is that of a tensor for `COUNTS[0]` examples, "open" the
        axis along which it grows with them, "constant" the tensor that no
        example can change. What gives no tensor is "plain", and what it gives
        stands in the place of its node wherever that was an argument.
    """
    for size in input_shape:
        require_int("each size in input_shape", size, 1)
    graph = trace(model)
    one, other = (_run(graph, count, input_shape) for count in COUNTS)
    values: dict[fx.Node, Any] = {}
    for node in graph.graph.nodes:
        both = one.get(node), other.get(node)
        leaves = pytree.tree_leaves(both)
        if isinstance(both[0], Tensor):
            _note_tensor(FloatCall(node, graph), both)
        elif not any(isinstance(x, Tensor) for x in leaves):
            _note_plain(FloatCall(node, graph))
            values[node] = both[0] if both[0] == both[1] else OpenNumber()
    for node in graph.graph.nodes:
        node.args, node.kwargs = fx.node.map_arg(
            (node.args, node.kwargs), lambda x: values.get(x, x)
        )
    return graph


def _run(
    graph: fx.GraphModule, count: int, input_shape: tuple[int, ...]
) -> dict[fx.Node, Any]:
    """Run blank examples; return what each node gives."""
    recorder = _Recorder(graph)
    try:
        with torch.no_grad():
            recorder.run(blank_images(graph, count, input_shape))
    except Exception as error:  # the model's own code may raise anything
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"input_shape must fit the model, got {input_shape}: {reason}"
        ) from error
    return recorder.given


class _Recorder(fx.Interpreter):
    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.given: dict[fx.Node, Any] = {}

    def run_node(self, n: fx.Node) -> Any:
        self.given[n] = super().run_node(n)
        return self.given[n]


def _note_tensor(call: FloatCall, both: tuple[Any, Any]) -> None:
    """Note a tensor's shape, and whether examples lead to it.

    both : what a node gives for either number of examples
    """
    node = call.node
    sources = [x for x in node.all_input_nodes if not x.meta.get("plain")]
    constant = node.op != "placeholder" and all(map(_is_constant, sources))
    shapes = [tuple(x.shape) for x in both]
    if len(shapes[0]) != len(shapes[1]):
        call.refuse("its number of axes depends on the number of examples")
    sizes = enumerate(zip(*shapes, strict=True))
    growing = [axis for axis, (few, more) in sizes if few != more]
    if len(growing) > 1 or (constant and growing):
        call.refuse("its shape depends on the number of examples")
    node.meta["shape"] = shapes[0]
    node.meta["open"] = growing[0] if growing else None
    node.meta["storage"] = both[0].untyped_storage().data_ptr()
    if constant:
        if not torch.equal(*both):
            call.refuse("it gives other numbers each time")
        node.meta["constant"] = both[0]


def _note_plain(call: FloatCall) -> None:
    """Note what gives no tensor; refuse numbers that examples decide."""
    node = call.node
    asked = node.args[1] if node.target is getattr else node.target
    if node.op != "output" and asked not in FORMAL:
        for source in node.all_input_nodes:
            if not source.meta.get("plain") and not _is_constant(source):
                call.refuse("it makes a number of what the examples hold")
    node.meta["plain"] = True


def _is_constant(node: fx.Node) -> bool:
    """Say whether a node gives a tensor that no example can change."""
    return "constant" in node.meta
