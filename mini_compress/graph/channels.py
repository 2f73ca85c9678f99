"""Channels followed through a network, from the layer that makes them.

A space is a set of channels that stand and fall together. A linear layer or a
convolution reads one space with its inputs and opens another with its outputs;
batch normalization, ReLU and pooling keep to the space they are given; an
addition makes one space of two. Flattening puts the positions of a channel
side by side:

    entry = channel * positions + position
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import fx, nn
from torch.utils import _pytree as pytree

from . import operations
from .operations import refuse, target_of
from .sizes import Counts
from .tracing import note_shapes, require_own_weights, trace

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


class _Held(NamedTuple):
    """Channels that must stay for an operation to go on working.

    alike : it works too if all of these channels are one space
    """

    node: fx.Node
    tensors: Collection[fx.Node]
    reason: str
    alike: bool


class _Walk:
    """One pass over the nodes of a graph whose shapes are known."""

    def __init__(self, graph: fx.GraphModule) -> None:
        self.graph = graph
        self.found: list[Space] = []  # a merged space is found several times
        self.flows: dict[Any, Flow] = {}
        self.counts = Counts()
        self.held: list[_Held] = []
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
            elif node.meta.get("plain") and self.counts.read(node, sources):
                pass  # a size or a shape
            elif sources:
                self.flows[node] = self._step(node, sources)
            else:
                self._hold_counted(node)
        self._require_held()
        return list(dict.fromkeys(self.found))

    def _step(self, node: fx.Node, sources: list[fx.Node]) -> Flow:
        """Return what an operation makes of the channels that it is given."""
        kind = operations.KINDS.get(target_of(self.graph, node))
        source = sources[0]
        flow, space = self.flows[source], self._space_at(source)
        if kind is None or (kind != operations.ADD and len(sources) > 1):
            refuse(self.graph, node)
        if "shape" not in node.meta:
            refuse(self.graph, node, "it returns several tensors")
        if kind in (operations.FLATTEN, operations.VIEW):
            return self._flatten(node, source, kind)
        self._hold_counted(node)
        if kind == operations.LAYER:
            return self._read_and_open(node, source)
        if kind == operations.NORM:
            self._require_axes(node, source, FLAT, CONVOLVED)
            self._use(space, node, "norm", flow.positions)
        elif kind == operations.RELU:
            space.relus.append(node.name)
        elif kind == operations.ADD:
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

    def _flatten(self, node: fx.Node, source: fx.Node, kind: int) -> Flow:
        before, after = source.meta["shape"], node.meta["shape"]
        if after != (before[0], math.prod(before[1:])):
            moved = f"it makes {after} of {before}"
            refuse(self.graph, node, f"{moved}, which is no flattening")
        if kind == operations.VIEW:
            self._hold_viewed(node, source)
        space, positions = self.flows[source]
        return Flow(space, positions * math.prod(before[2:]))

    def _hold_viewed(self, node: fx.Node, source: fx.Node) -> None:
        """Hold channels whose number a view is given, unless it follows them.

        -1 follows any number; so does a product with the channels' own.
        """
        sizes = pytree.tree_leaves([node.args[1:], node.kwargs])
        sizes = [x for x in sizes if x is not source]
        if sizes[-1] == -1:
            return
        counted = self.counts.of(sizes)
        cure = f"keeps {node.meta['shape'][1]} typed in; write x.flatten(1)"
        held = {source, *counted}
        self.held.append(_Held(node, held, cure, alike=bool(counted)))

    def _hold_counted(self, node: fx.Node) -> None:
        """Hold channels whose number an operation is given."""
        counted = self.counts.of(node.all_input_nodes)
        if counted:
            reason = "it is given a number of channels"
            self.held.append(_Held(node, counted, reason, alike=False))

    def _require_held(self) -> None:
        """Refuse operations whose channels may go after all."""
        for node in self.counts.bent:
            reason = "it computes with a number of channels"
            counted = self.counts.of(node)
            self.held.append(_Held(node, counted, reason, alike=False))
        for node, tensors, reason, alike in self.held:
            spaces = dict.fromkeys(map(self._space_at, tensors))
            if all(x.fixed for x in spaces) or (alike and len(spaces) == 1):
                continue
            refuse(self.graph, node, reason)

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

    def _require_axes(
        self, node: fx.Node, source: fx.Node, *counts: int
    ) -> None:
        shape = source.meta["shape"]
        if len(shape) not in counts:
            refuse(self.graph, node, f"its input has the shape {shape}")
