"""A float network as the steps of an integer one, before grids are known.

The traced graph is walked once. What gives what it is given disappears, a ReLU
joins the operation before it, and every other operation becomes a step or is
refused by its name and place.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, count

import torch
from torch import Tensor, fx, nn

from .._inference import BATCH_SIZE
from ..graph import fold_batchnorm, trace, unfolded_norms
from ..graph.inputs import next_images, require_finite_rows
from ..graph.tracing import note_shapes, require_own_weights
from ..layers.integer_base import QuantizeInput
from ..layers.integer_network import is_reserved
from ..layers.kinds import BATCH_NORMS
from .calls import Call, Made, Setting
from .rules import ACTIVATIONS, RULES, SAME

INPUT = "input"  # name of the first step


@dataclass(eq=False)
class Planned:
    """A step of the integer network to be.

    call : that it was made from
    node : of the graph; its value is what the step gives in float32
    reads : numbers of the steps that it reads
    activation : of a ReLU that was fused, see `layers.grids.ACTIVATIONS`
    """

    name: str
    call: Call
    node: fx.Node
    reads: tuple[int, ...]
    made: Made
    activation: str = "none"


@dataclass(frozen=True)
class Plan:
    """The graph of a network without normalizations, and its steps."""

    graph: fx.GraphModule
    steps: list[Planned]

    @torch.no_grad()
    def observe(
        self, images: Tensor, visit: Callable[[str, Tensor], None]
    ) -> None:
        """Hand what each step with a grid of its own gives to a visitor.

        images : (n, ...) float32, finite, n >= 1; run in batches
        visit : (name of the step, float32 values) -> None. The values must
            not be changed.
        """
        watched = {x.node: x.name for x in self.steps if x.made.own_grid}
        seen = range(0)
        for batch in images.split(BATCH_SIZE):
            seen = next_images(seen, batch)
            _Watch(self.graph, watched, visit, seen).run(batch)


class _Watch(fx.Interpreter):
    def __init__(
        self,
        graph: fx.GraphModule,
        watched: dict[fx.Node, str],
        visit: Callable[[str, Tensor], None],
        images: range,
    ) -> None:
        super().__init__(graph)
        self.extra_traceback = False  # errors of ours say enough
        self.watched, self.visit, self.images = watched, visit, images

    def run_node(self, n: fx.Node) -> object:
        value = super().run_node(n)
        if n in self.watched:
            name = self.watched[n]
            require_finite_rows(f"what {name!r} gives", value, self.images)
            self.visit(name, value)
        return value


def plan_steps(model: nn.Module, input_shape: tuple[int, ...]) -> Plan:
    """Plan the steps of an integer network.

    model : is not changed; batch normalization is folded
    input_shape : of one example, without the batch axis

    What has no integer form is a ValueError that names it.
    """
    with warnings.catch_warnings():  # what stays is refused, by name
        warnings.simplefilter("ignore")
        folded = fold_batchnorm(model)
    graph = trace(folded)
    require_own_weights(graph)
    note_shapes(graph, input_shape)
    return Plan(graph, _Walk(graph, model).steps())


class _Walk:
    """One pass over the nodes of a graph whose shapes are known."""

    def __init__(self, graph: fx.GraphModule, model: nn.Module) -> None:
        self.graph, self.model = graph, model
        self.planned: list[Planned] = []
        self.places: dict[fx.Node, int] = {}  # the step that a node is of
        self.order = {node: i for i, node in enumerate(graph.graph.nodes)}

    def steps(self) -> list[Planned]:
        """Plan from the input to the output."""
        for node in self.graph.graph.nodes:
            call = Call(node, self.graph)
            if node.op == "placeholder":
                self._add(call, INPUT, (), Made(_quantize_input, fuses=False))
            elif node.op == "output":
                self._end(call)
            elif not node.meta.get("plain"):
                self._step(call)
        return self.planned

    def _step(self, call: Call) -> None:
        """Plan one operation, or let it join another."""
        if not call.tensors or any(x not in self.places for x in call.tensors):
            call.refuse()
        target = call.target
        source = call.tensors[0]
        if call.in_place:
            self._require_own(call, source)
        if target in ACTIVATIONS and self._fuses(source):
            step = self.planned[self.places[source]]
            step.activation = ACTIVATIONS[target]
            self._follow(call.node, source)
        elif target in SAME:
            self._follow(call.node, source)
        elif target in RULES:
            self._plan(call)
        elif target in BATCH_NORMS:
            left = unfolded_norms(self.model)
            call.refuse(f"it {left[str(call.node.target)]}")
        else:
            call.refuse()

    def _plan(self, call: Call) -> None:
        """Plan the steps that a call becomes."""
        steps = RULES[call.target](call)
        if not steps:
            self._follow(call.node, call.tensors[0])
        reads = tuple(self.places[x] for x in call.tensors)
        for made in steps:
            self._add(call, self._name(call.name), reads, made)
            reads = (len(self.planned) - 1,)

    def _end(self, call: Call) -> None:
        """Require that the network gives what its last step gives."""
        [given] = call.node.args
        if not isinstance(given, fx.Node):
            kind = type(given).__name__
            raise ValueError(f"model must give one tensor, got a {kind}")
        if self.places.get(given) != len(self.planned) - 1:
            last = self.planned[-1].name
            raise ValueError(
                f"every step must be read by another, got {last!r}, which "
                "is the last to run and not what the model gives"
            )

    def _fuses(self, source: fx.Node) -> bool:
        """Say whether a ReLU can join the step that gives its input."""
        step = self.planned[self.places[source]]
        alone = step.node is source and len(source.users) == 1
        return alone and step.made.fuses and step.activation == "none"

    def _follow(self, node: fx.Node, source: fx.Node) -> None:
        """Let a step give what a node gives."""
        self.places[node] = self.places[source]
        step = self.planned[self.places[source]]
        if step.node is source and len(source.users) == 1:
            step.node = node  # nobody else reads what it gave before

    def _require_own(self, call: Call, source: fx.Node) -> None:
        """Refuse to overwrite what others read afterwards."""
        place, now = self.places[source], self.order[call.node]
        later = [
            user.name
            for node, own in self.places.items()
            for user in node.users
            if own == place and self.order[user] > now
        ]
        if later:
            call.refuse(f"it overwrites what {', '.join(later)} reads later")

    def _add(
        self, call: Call, name: str, reads: tuple[int, ...], made: Made
    ) -> None:
        self.places[call.node] = len(self.planned)
        self.planned.append(Planned(name, call, call.node, reads, made))

    def _name(self, wanted: str) -> str:
        """Return a name that no step has, no folder and no method.

        The part that is taken gets a number: "add.0" in a network with a step
        "add" becomes "add_1.0".
        """
        names = {step.name for step in self.planned}
        inside = {
            name[:i] for name in names for i, x in enumerate(name) if x == "."
        }
        start, (*folders, last) = "", wanted.split(".")
        for folder in folders:
            start = _free(start, folder, names) + "."
        return _free(start, last, names | inside)


def _free(start: str, part: str, taken: set[str]) -> str:
    """Return start and part, the part numbered if need be to be a free name."""
    numbered = (f"{part}_{number}" for number in count(1))
    return next(
        start + x
        for x in chain([part], numbered)
        if start + x not in taken and not is_reserved(x)
    )


def _quantize_input(setting: Setting) -> nn.Module:
    made = QuantizeInput(y_bits=setting.y.bits)
    made.set_grid(setting.y)
    return made
