"""A network written down as a graph of operations, by torch.fx."""

import copy
from typing import Any, NoReturn

import torch
from torch import Tensor, fx, nn

from .._inference import device_of, require_module
from .._require import require_int

KNOWN = (
    "Linear, Conv2d, BatchNorm1d, BatchNorm2d, ReLU, max and average pooling, "
    "Flatten, Identity, Dropout or addition"
)
BATCH = 2  # blank examples; with 1, a view that mixes examples would pass


def trace(model: nn.Module) -> fx.GraphModule:
    """Write a copy of the model, in evaluation mode, as a graph.

    A model that looks at values to decide what to run, or that runs a layer
    twice, is a ValueError that names the module.
    """
    require_module("model", model)
    tracer = _Tracer()
    copied = nn.Sequential(copy.deepcopy(model)) if _is_leaf(model) else model
    copied = copy.deepcopy(copied).eval()
    try:
        return fx.GraphModule(copied, tracer.trace(copied))
    except Exception as error:  # torch.fx promises no type
        raise ValueError(
            "model must run the same operations on every input, got "
            f"{tracer.inside}: {error}"
        ) from error


def note_shapes(graph: fx.GraphModule, input_shape: tuple[int, ...]) -> None:
    """Run blank examples; node.meta["shape"] is each tensor's shape.

    input_shape : of one example, without the batch axis
    """
    for size in input_shape:
        require_int("each size in input_shape", size, 1)
    dtypes = [x.dtype for x in graph.parameters()] or [torch.float32]
    blank = torch.zeros(
        BATCH, *input_shape, dtype=dtypes[0], device=device_of(graph)
    )
    try:
        with torch.no_grad():
            _Shapes(graph).run(blank)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"input_shape must fit the model, got {input_shape}: {reason}"
        ) from error


def require_own_weights(graph: fx.GraphModule) -> None:
    """Refuse layers that run twice or share a weight with another layer."""
    users: dict[int, str] = {}
    for node in graph.graph.nodes:
        if node.op != "call_module":
            continue
        for weight in graph.get_submodule(node.target).parameters():
            if id(weight) in users:
                raise ValueError(
                    "every layer must run once, with a weight of its own, got "
                    f"one weight for {users[id(weight)]!r} and {node.target!r}"
                )
        users |= {
            id(weight): node.target
            for weight in graph.get_submodule(node.target).parameters()
        }


def refuse(graph: fx.GraphModule, node: fx.Node, reason: str = "") -> NoReturn:
    """Say at which module the channels cannot be followed, and why."""
    if node.op == "call_module":
        kind = type(graph.get_submodule(str(node.target))).__name__
        got = f"{kind} at {node.target!r}"
    else:
        inside = list(node.meta.get("nn_module_stack", {"": None}))[-1]
        name = getattr(node.target, "__name__", node.target)
        got = f"{name} in {repr(inside) if inside else 'the model itself'}"
    if reason:
        raise ValueError(f"channels cannot be followed through {got}: {reason}")
    raise ValueError(f"channels can be followed through {KNOWN}, got {got}")


class _Tracer(fx.Tracer):
    """Notes which module is being traced, to name it in errors."""

    inside = "the model itself"

    def call_module(self, m: nn.Module, *rest: Any) -> Any:
        outer = self.inside
        self.inside = f"{type(m).__name__} at {self.path_of_module(m)!r}"
        result = super().call_module(m, *rest)
        self.inside = outer  # after an error, it names the innermost
        return result


class _Shapes(fx.Interpreter):
    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if isinstance(result, Tensor):
            n.meta["shape"] = tuple(result.shape)
        return result


def _is_leaf(model: nn.Module) -> bool:
    """Tell whether torch.fx would look into a module that is known as one."""
    return fx.Tracer().is_leaf_module(model, "")
