"""Operations whose channels can be followed, and the refusal of all others."""

import operator
from typing import Any, NoReturn

import torch
from torch import fx, nn
from torch.nn import functional

LAYER, NORM, RELU, SAME, FLATTEN, VIEW, ADD = range(7)
# modules, functions and methods; all but LAYER and NORM keep a zero a zero
KINDS: dict[Any, int] = {
    **dict.fromkeys([nn.Linear, nn.Conv2d], LAYER),
    **dict.fromkeys([nn.BatchNorm1d, nn.BatchNorm2d], NORM),
    **dict.fromkeys([nn.ReLU, functional.relu, torch.relu, "relu"], RELU),
    **dict.fromkeys([functional.relu_, torch.relu_, "relu_"], RELU),
    **dict.fromkeys([nn.MaxPool2d, nn.AvgPool2d], SAME),
    **dict.fromkeys([nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d], SAME),
    **dict.fromkeys([functional.max_pool2d, functional.avg_pool2d], SAME),
    functional.adaptive_max_pool2d: SAME,
    functional.adaptive_avg_pool2d: SAME,
    **dict.fromkeys([nn.Identity, nn.Dropout, nn.Dropout2d], SAME),
    **dict.fromkeys([functional.dropout, functional.dropout2d], SAME),
    **dict.fromkeys([nn.Flatten, torch.flatten, "flatten"], FLATTEN),
    **dict.fromkeys([torch.reshape, "reshape", "view"], VIEW),
    **dict.fromkeys([operator.add, operator.iadd, torch.add], ADD),
    **dict.fromkeys(["add", "add_"], ADD),
}
KNOWN = (
    "Linear, Conv2d, BatchNorm1d, BatchNorm2d, ReLU, max and average pooling, "
    "Flatten, Identity, Dropout or addition"
)


def target_of(graph: fx.GraphModule, node: fx.Node) -> Any:
    """Return a module's type, a function, or the name of a method."""
    if node.op == "call_module":
        return type(graph.get_submodule(str(node.target)))
    return node.target


def name_of(graph: fx.GraphModule, node: fx.Node) -> str:
    """Say what an operation is and where: "Sigmoid at 'block.1'"."""
    if node.op == "call_module":
        kind = type(graph.get_submodule(str(node.target))).__name__
        return f"{kind} at {node.target!r}"
    inside = list(node.meta.get("nn_module_stack", {"": None}))[-1]
    target = node.args[1] if node.target is getattr else node.target
    name = getattr(target, "__name__", target)
    return f"{name} in {repr(inside) if inside else 'the model itself'}"


def refuse(graph: fx.GraphModule, node: fx.Node, reason: str = "") -> NoReturn:
    """Say at which operation the channels cannot be followed, and why."""
    got = name_of(graph, node)
    if reason:
        raise ValueError(f"channels cannot be followed through {got}: {reason}")
    raise ValueError(f"channels can be followed through {KNOWN}, got {got}")
