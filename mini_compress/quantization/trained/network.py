"""A network that learns with the grids that its integer network will have.

It stands on the plan of `quantize_network`: batch normalization is folded in,
each layer's weight and bias are rounded, and so is what each step gives.
"""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, fx, nn

from ..._inference import (
    copy_model,
    require_float32,
    require_module,
    require_range_images,
)
from ..._require import require_int, require_one_of
from ...graph.operations import target_of
from ..integer_network import output_bits, require_layers_bits
from ..planning import Plan, Planned, plan_steps
from ..rules import ACTIVATIONS
from .layer import RoundedLayer
from .making import WEIGHTED, rounded_layer
from .methods import METHODS, Method
from .outputs import KeptGrid, OutputRounding, Seen


class TrainableNetwork(nn.Module):
    """A network whose numbers are rounded, and which learns through that.

    graph : of the network, with its roundings
    source : the float network that it was made of; no part of this one
    outputs : name of each step with a grid of its own -> where its rounding
        is in the graph
    weights : name of each step with a weight -> where its layer is

    Made by `prepare`, trained by `training.train`, turned into integers by
    `to_integer`.
    """

    trained_on: str | None

    def __init__(
        self,
        graph: fx.GraphModule,
        source: nn.Module,
        input_shape: tuple[int, ...],
        outputs: Mapping[str, str],
        weights: Mapping[str, str],
    ) -> None:
        super().__init__()
        self.graph = graph
        self._source = (source,)  # in a tuple, it is no part of this module
        self.input_shape = input_shape
        self._outputs, self._weights = dict(outputs), dict(weights)
        self.trained_on = getattr(source, "trained_on", None)

    @property
    def source(self) -> nn.Module:
        """The float network that this one was made of."""
        return self._source[0]

    def outputs(self) -> dict[str, OutputRounding]:
        """Return what rounds each step's results, by the step's name."""
        return {
            name: self.graph.get_submodule(place)  # type: ignore[misc]
            for name, place in self._outputs.items()
        }

    def layers(self) -> dict[str, RoundedLayer]:
        """Return the layers with weights, by the step's name."""
        return {
            name: self.graph.get_submodule(place)  # type: ignore[misc]
            for name, place in self._weights.items()
        }

    def penalty(self) -> Tensor | None:
        """Return what the loss is to be raised by; None if by nothing."""
        found = [x.penalty() for x in self.outputs().values()]
        terms = [x for x in found if x is not None]
        return torch.stack(terms).sum() if terms else None

    def forward(self, images: Tensor) -> Tensor:
        """Map images, (n, ...) float32, to logits, (n, classes) float32."""
        logits: Tensor = self.graph(images)
        return logits


def prepare(
    model: nn.Module,
    images: Tensor,
    *,
    method: str = "lsq",
    weight_bits: int = 4,
    activation_bits: int = 4,
    granularity: str = "channel",
    bits: Mapping[str, int] | None = None,
) -> TrainableNetwork:
    """Return a network to train with weights and activations rounded.

    model : is not changed; what `quantize_network` takes. Batch normalization
        is folded in first. Pruned weights of a `SparseLayer` stay 0; a
        `WeightOnlyLayer` keeps its codes, and only its bias learns.
    images : (n, ...) float32 training images: where the grids start
    method : how weights and activations are rounded while they learn
        "moving_range": by the largest weight; by a range that follows the
        batches
        "lsq": by steps that are learned
        "pact": weights as in "lsq"; what a ReLU gives is cut off at an end
        that is learned, other activations have steps that are
        "ternary", "binary": weights are -s, 0, s, or -s, s; activations as in
        "lsq"
        "clustered": weights are one of 2**bits levels, not evenly spaced,
        which follow the weights; activations as in "lsq"
    weight_bits : 2 to 8, for "ternary" 2, for "binary" 1
    activation_bits, granularity : as for `quantize_network`
    bits : name of a layer -> bits of its weight, 2 to 8, in place of
        weight_bits; with other bits than its own, a layer of a "ternary" or
        "binary" network learns a step

    >>> from mini_compress import datasets, training, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> trainable = prepare(net, data.train.take(100).images, weight_bits=2)
    >>> sorted(trainable.layers())
    ['classifier.1', 'classifier.3', 'classifier.5']
    >>> levels = trainable.layers()["classifier.1"].levels()
    >>> levels.codes.int().unique().tolist()
    [-2, -1, 0, 1]
    """
    require_one_of("method", method, METHODS)
    METHODS[method].require_bits(f"weight_bits of {method!r}", weight_bits)
    require_int("activation_bits", activation_bits, 2, 8)
    require_one_of("granularity", granularity, ("tensor", "channel"))
    require_module("model", model)
    require_range_images(images)
    require_float32(model)
    source, shape = copy_model(model).eval(), tuple(images.shape[1:])
    plan = plan_steps(source, shape)
    require_layers_bits(plan, bits or {})
    outputs = _output_roundings(plan, images, METHODS[method], activation_bits)
    layers = {}
    for step in plan.steps:
        if isinstance(step.call.module, WEIGHTED):
            make = partial(
                METHODS[method].weight_rounding,
                bits=(bits or {}).get(step.name, weight_bits),
                per_tensor=granularity == "tensor",
            )
            reads = outputs[_read_by(plan, step).name]
            layers[step.name] = rounded_layer(step.call.module, make, reads)
    return _assemble(plan, source, shape, outputs, layers)


def _output_roundings(
    plan: Plan, images: Tensor, method: Method, activation_bits: int
) -> dict[str, OutputRounding]:
    """Return what rounds the results of each step with a grid of its own."""
    widths, seen = output_bits(plan, activation_bits), _observe(plan, images)
    first = plan.steps[0].name
    return {
        name: KeptGrid(name, widths[name], one)
        if name == first
        else method.output_rounding(name, widths[name], one)
        for name, one in seen.items()
    }


def _assemble(
    plan: Plan,
    source: nn.Module,
    input_shape: tuple[int, ...],
    outputs: Mapping[str, OutputRounding],
    layers: Mapping[str, RoundedLayer],
) -> TrainableNetwork:
    """Put layers in the place of those of a plan's graph, roundings behind."""
    graph, output_places, places = plan.graph, {}, {}
    folder = "rounding"
    while hasattr(graph, folder):  # the network may have such a part
        folder += "_"
    for number, step in enumerate(plan.steps):
        if step.name in layers:
            places[step.name] = str(step.call.node.target)
            graph.set_submodule(places[step.name], layers[step.name])
        if step.name in outputs:
            place = output_places[step.name] = f"{folder}.{number}"
            graph.add_submodule(place, outputs[step.name])
            _round_after(graph, step.node, place)
            if outputs[step.name].cuts_below_zero:
                _leave_out_relu(graph, step.node)
    graph.recompile()
    return TrainableNetwork(graph, source, input_shape, output_places, places)


def _round_after(graph: fx.GraphModule, node: fx.Node, place: str) -> None:
    """Let all who read a node read what a module makes of it."""
    with graph.graph.inserting_after(node):
        rounded = graph.graph.call_module(place, (node,))
    node.replace_all_uses_with(rounded, lambda user: user is not rounded)


def _leave_out_relu(graph: fx.GraphModule, node: fx.Node) -> None:
    """Take a ReLU out of a graph, before a rounding that does the same."""
    if ACTIVATIONS.get(target_of(graph, node)) == "relu":
        node.replace_all_uses_with(node.all_input_nodes[0])
        graph.graph.erase_node(node)


def _read_by(plan: Plan, step: Planned) -> Planned:
    """Return the step whose grid a step reads: others keep what they read."""
    step = plan.steps[step.reads[0]]
    while not step.made.own_grid:
        step = plan.steps[step.reads[0]]
    return step


def _observe(plan: Plan, images: Tensor) -> dict[str, Seen]:
    """Return what each step with a grid of its own gives, in float32."""
    found: dict[str, Seen] = {}

    def visit(name: str, values: Tensor) -> None:
        low, high = (x.item() for x in values.aminmax())
        total, count = values.abs().sum().item(), values[0].numel()
        before = found.get(name, Seen(low, high, 0.0, count))
        found[name] = Seen(
            min(low, before.low),
            max(high, before.high),
            before.mean_size + total / (count * len(images)),
            count,
        )

    plan.observe(images, visit)
    return found
