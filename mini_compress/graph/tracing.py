"""A network written down as a graph of operations, by torch.fx."""

import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.utils import _pytree as pytree

from .._examples import blank_images
from .._inference import copy_model, require_module
from .._require import require_int
from ..layers.factored import FactoredLayer
from ..layers.plain import require_plain_weights

TENSORS_READ = "tensors read"  # in a graph's `meta`
BATCH = 2  # blank examples; with 1, a view that mixes examples would pass
# torch.fx replaces `nn.Module.__call__` while it traces: one at a time. What
# other threads run meanwhile is not protected by this.
_TRACING = threading.Lock()


def trace(model: nn.Module) -> fx.GraphModule:
    """Write a copy of the model, in evaluation mode, as a graph.

    model : takes one input; other arguments of `forward` keep their defaults

    A model that looks at values to decide what to run is a ValueError that
    names the module, and so is whatever else torch.fx cannot follow. Layers of
    torch, and subclasses of Linear, convolutions and normalizations, are not
    looked into.

    >>> graph = trace(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)))
    >>> [node.name for node in graph.graph.nodes]
    ['input_1', '_0', '_1', 'output']
    """
    require_module("model", model)
    require_plain_weights(model)
    return trace_own(copy_model(model).eval())


def trace_own(model: nn.Module) -> fx.GraphModule:
    """Write a model as a graph whose modules are the model's own.

    model : in evaluation mode, a copy of the user's
    """
    _require_one_input(model)
    tracer = _Tracer()
    # torch.fx would look into a root that is itself a layer
    root = nn.Sequential(model) if _is_layer(model) else model
    try:
        with _TRACING, _one_input(root):
            graph = fx.GraphModule(root, tracer.trace(root))
    except Exception as error:  # torch.fx promises no type
        raise ValueError(
            "model must run the same operations on every input, got "
            f"{tracer.inside}: {error}"
        ) from error
    graph.meta[TENSORS_READ] = tracer.tensors_read
    return graph


def note_shapes(graph: fx.GraphModule, input_shape: tuple[int, ...]) -> None:
    """Run blank examples and note in each node's `meta` what it gives.

    input_shape : of one example, without the batch axis

    "shape" is that of a tensor; "plain" is set where no tensor is given: a
    size, a shape, a dtype.
    """
    for size in input_shape:
        require_int("each size in input_shape", size, 1)
    try:
        with torch.no_grad():
            _Shapes(graph).run(blank_images(graph, BATCH, input_shape))
    except Exception as error:  # the model's own code may raise anything
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
        module = graph.get_submodule(node.target)
        held: list[Any] = [*module.parameters(), *module.buffers()]
        if isinstance(module, _NormBase):
            held.append(module)  # it may hold no numbers, but has a width
        for one in held:
            if id(one) in users:
                raise ValueError(
                    "every layer must run once, with a weight of its own, got "
                    f"one weight for {users[id(one)]!r} and {node.target!r}"
                )
        users |= {id(one): node.target for one in held}


def _require_one_input(model: nn.Module) -> None:
    """Refuse a model that does not run on one input, as a plain call gives."""
    required = [
        name
        for name, one in inspect.signature(model.forward).parameters.items()
        if one.default is one.empty
        and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    if len(required) > 1:
        raise ValueError(
            "forward of the model must take one input and have defaults for "
            f"all other arguments, got {', '.join(required)}"
        )


@contextmanager
def _one_input(model: nn.Module) -> Iterator[None]:
    """Let a model take one input alone: other arguments keep their defaults.

    torch.fx makes a tensor of every argument, and `skip is not None` true. It
    takes `forward` off the class, so the model gets one for the while.
    """
    kind = type(model)

    def forward(self: Any, input: Any) -> Any:
        return kind.forward(self, input)

    model.__class__ = type(kind.__name__, (kind,), {"forward": forward})
    try:
        yield
    finally:
        model.__class__ = kind


class _Tracer(fx.Tracer):
    """Notes which module is being traced, to name it in errors.

    It also notes, by id, which parameters and buffers the model's own code
    reads, apart from running the layers that hold them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.inside = "the model itself"
        self.tensors_read: list[int] = []

    def call_module(self, m: nn.Module, *rest: Any) -> Any:
        outer = self.inside
        self.inside = f"{type(m).__name__} at {self.path_of_module(m)!r}"
        result = super().call_module(m, *rest)
        self.inside = outer  # after an error, it names the innermost
        return result

    def getattr(self, attr: str, attr_val: Any, *rest: Any) -> Any:
        if isinstance(attr_val, Tensor):
            self.tensors_read.append(id(attr_val))
        return super().getattr(attr, attr_val, *rest)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return _is_layer(m)


class _Shapes(fx.Interpreter):
    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if isinstance(result, Tensor):
            n.meta["shape"] = tuple(result.shape)
        elif not any(isinstance(x, Tensor) for x in pytree.tree_leaves(result)):
            n.meta["plain"] = True
        return result


def _is_layer(module: nn.Module) -> bool:
    """Tell what torch.fx does not look into: torch's layers and ours.

    A subclass of one is a layer too: it may compute something else, and what
    it inherits often looks at shapes, which cannot be traced.
    """
    if isinstance(module, nn.DataParallel | FactoredLayer):
        return False  # chains of layers
    ours = type(module).__module__.startswith("mini_compress.layers.")
    known = isinstance(module, nn.Linear | _ConvNd | _NormBase)
    return ours or known or fx.Tracer().is_leaf_module(module, "")
