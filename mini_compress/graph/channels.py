"""Channels followed through a network, from the layer that makes them.

A space is a set of channels that stand and fall together. A linear layer or a
convolution reads one space with its inputs and opens another with its outputs;
batch normalization, ReLU and pooling keep to the space they are given; an
addition makes one space of two. Flattening puts the positions of a channel
side by side:

    entry = channel * positions + position
"""

import math
import operator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import fx, nn
from torch.nn import functional

from .tracing import note_shapes, refuse, require_own_weights, trace

LAYER, NORM, RELU, SAME, FLATTEN, ADD = range(6)
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
    **dict.fromkeys([torch.reshape, "reshape", "view"], FLATTEN),
    **dict.fromkeys([operator.add, operator.iadd, torch.add], ADD),
    **dict.fromkeys(["add", "add_"], ADD),
}
CONVOLVED, FLAT = 4, 2  # axes of what a Conv2d and a Linear read


class Use(NamedTuple):
    """How a layer has to do with a space.

    order : when it runs
    part : "outputs", "inputs" or "norm"
    positions : neighboring entries of the layer's axis for each channel
    """

    order: int
    layer: str
    part: str
    positions: int


@dataclass(eq=False)
class Space:
    """Channels that stand and fall together, as they are gathered.

    relus : the graph's nodes that are ReLUs of these channels
    fixed : the channels are the network's input or output
    """

    channels: int
    uses: list[Use] = field(default_factory=list)
    relus: list[str] = field(default_factory=list)
    fixed: bool = False


class Flow(NamedTuple):
    """What the second axis of a tensor holds: channels, so wide each."""

    space: int
    positions: int


def follow_channels(
    model: nn.Module, input_shape: tuple[int, ...]
) -> list[Space]:
    """Return all spaces of channels, in the order in which they begin.

    input_shape : of one example, without the batch axis

    What cannot be followed is a ValueError that names the module.
    """
    graph = trace(model)
    require_own_weights(graph)
    note_shapes(graph, input_shape)
    return _Walk(graph).spaces()


class _Walk:
    """One pass over the nodes of a graph whose shapes are known."""

    def __init__(self, graph: fx.GraphModule) -> None:
        self.graph = graph
        self.found: list[Space] = []  # a merged space is found several times
        self.flows: dict[Any, Flow] = {}
        self.order = 0

    def spaces(self) -> list[Space]:
        """Follow the channels from the input to the output."""
        for order, node in enumerate(self.graph.graph.nodes):
            self.order = order
            sources = [x for x in node.all_input_nodes if x in self.flows]
            if node.op == "placeholder":
                self.flows[node] = self._open(node, fixed=True)
            elif node.op == "output":
                for source in sources:
                    self._space_at(source).fixed = True
            elif sources and "shape" in node.meta:
                self.flows[node] = self._step(node, sources)
            elif sources and node.op == "call_module":
                refuse(self.graph, node)  # it returns several tensors
        return list(dict.fromkeys(self.found))

    def _step(self, node: fx.Node, sources: list[fx.Node]) -> Flow:
        """Return what an operation makes of the channels that it is given."""
        kind, source = KINDS.get(self._target(node)), sources[0]
        flow, space = self.flows[source], self._space_at(source)
        if kind is None or (kind != ADD and len(sources) > 1):
            refuse(self.graph, node)
        if kind == LAYER:
            return self._read_and_open(node, source)
        if kind == NORM:
            self._require_axes(node, source, FLAT, CONVOLVED)
            self._use(space, node, "norm", flow.positions)
        elif kind == RELU:
            space.relus.append(node.name)
        elif kind == FLATTEN:
            return self._flatten(node, source)
        elif kind == ADD:
            self._unite(node)
        return flow

    def _read_and_open(self, node: fx.Node, source: fx.Node) -> Flow:
        """Note a layer's inputs, and begin the space of its outputs."""
        layer = self.graph.get_submodule(str(node.target))
        is_conv = isinstance(layer, nn.Conv2d)
        if is_conv and layer.groups != 1:
            refuse(self.graph, node, f"groups={layer.groups}")
        self._require_axes(node, source, CONVOLVED if is_conv else FLAT)
        positions = self.flows[source].positions
        self._use(self._space_at(source), node, "inputs", positions)
        opened = self._open(node)
        self._use(self.found[opened.space], node, "outputs", 1)
        return opened

    def _flatten(self, node: fx.Node, source: fx.Node) -> Flow:
        before, after = source.meta["shape"], node.meta["shape"]
        if after != (before[0], math.prod(before[1:])):
            moved = f"it makes {after} of {before}"
            refuse(self.graph, node, f"{moved}, which is no flattening")
        space, positions = self.flows[source]
        return Flow(space, positions * math.prod(before[2:]))

    def _unite(self, node: fx.Node) -> None:
        """Make one space of the two that are added."""
        terms = [*node.args, *node.kwargs.values()][:2]
        flows = [self.flows.get(term) for term in terms]
        if None in flows or len({x.meta["shape"] for x in terms}) > 1:  # type: ignore[union-attr]
            refuse(self.graph, node, "it adds no two tensors of one shape")
        if flows[0].positions != flows[1].positions:  # type: ignore[union-attr]
            refuse(self.graph, node, "its terms were flattened differently")
        one, other = map(self._space_at, terms)
        if one is other:
            return
        one.uses += other.uses
        one.relus += other.relus
        one.fixed |= other.fixed
        self.found = [one if x is other else x for x in self.found]

    def _open(self, node: fx.Node, *, fixed: bool = False) -> Flow:
        shape = node.meta["shape"]
        if len(shape) < FLAT:
            refuse(self.graph, node, f"no axis of channels in shape {shape}")
        self.found.append(Space(shape[1], fixed=fixed))
        return Flow(len(self.found) - 1, 1)

    def _use(
        self, space: Space, node: fx.Node, part: str, positions: int
    ) -> None:
        space.uses.append(Use(self.order, str(node.target), part, positions))

    def _space_at(self, node: Any) -> Space:
        return self.found[self.flows[node].space]

    def _target(self, node: fx.Node) -> Any:
        """Return a module's type, a function, or the name of a method."""
        if node.op == "call_module":
            return type(self.graph.get_submodule(str(node.target)))
        return node.target

    def _require_axes(
        self, node: fx.Node, source: fx.Node, *counts: int
    ) -> None:
        shape = source.meta["shape"]
        if len(shape) not in counts:
            refuse(self.graph, node, f"its input has the shape {shape}")
