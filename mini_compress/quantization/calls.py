"""One operation of a traced network, and what it is given."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import numpy as np
from torch import fx, nn
from torch.utils import _pytree as pytree

from ..graph.operations import name_of, target_of
from ..kernels.affine import AffineParams

KNOWN = (
    "Linear, Conv2d, max and average pooling, addition, multiplication, "
    "concatenation, flattening, functions of one number, Dropout or Identity"
)


@dataclass(frozen=True)
class Call:
    """A node of a traced graph whose shapes are known.

    node : what is called, with what
    graph : that it is of
    """

    node: fx.Node
    graph: fx.GraphModule

    @property
    def target(self) -> Any:
        """A module's type, a function, or the name of a method."""
        return target_of(self.graph, self.node)

    @property
    def module(self) -> nn.Module | None:
        """The module that is called, if one is."""
        if self.node.op != "call_module":
            return None
        return self.graph.get_submodule(str(self.node.target))

    @property
    def name(self) -> str:
        """A name for the step: the module's, or place and function."""
        if self.node.op == "call_module":
            return str(self.node.target)
        inside = list(self.node.meta.get("nn_module_stack", {"": None}))[-1]
        function = getattr(self.target, "__name__", str(self.target))
        return f"{inside}.{function}".lstrip(".")

    @property
    def in_place(self) -> bool:
        """Whether the tensor that is given is overwritten."""
        name = getattr(self.target, "__name__", self.target)
        written = str(name).endswith("_") or self.target in (
            operator.iadd,
            operator.imul,
        )
        return written or bool(self.given("inplace", 99, False))

    def shape(self, node: fx.Node | None = None) -> tuple[int, ...]:
        """The shape of what is given or, of a node, of what that gives."""
        return (node or self.node).meta["shape"]

    @property
    def tensors(self) -> list[fx.Node]:
        """The tensors among the arguments, in order; one may stand twice."""
        leaves = pytree.tree_leaves([self.node.args, self.node.kwargs])
        nodes = [x for x in leaves if isinstance(x, fx.Node)]
        return [x for x in nodes if "shape" in x.meta]

    def given(self, name: str, position: int, default: Any = None) -> Any:
        """Return an attribute of the module, or an argument of the function.

        position : of the argument; the tensor itself is 0
        """
        if self.module is not None:
            return getattr(self.module, name, default)
        if name in self.node.kwargs:
            return self.node.kwargs[name]
        args = self.node.args
        return args[position] if position < len(args) else default

    def pair(self, name: str, position: int, default: Any) -> tuple[int, int]:
        """Return (vertical, horizontal) of an argument, an int or a pair."""
        value = self.given(name, position)
        if value is None or value == []:
            value = default
        both = value if isinstance(value, tuple | list) else (value, value)
        if len(both) != 2 or not all(type(x) is int for x in both):
            self.refuse(f"its {name} is {value}")
        return both[0], both[1]

    def require(self, name: str, position: int, *allowed: Any) -> None:
        """Refuse an argument that is not one of those; the first if absent."""
        got = self.given(name, position, allowed[0])
        if got not in allowed:
            self.refuse(f"its {name} is {got}")

    def refuse(self, reason: str = "") -> NoReturn:
        """Say which operation has no integer form, where it is, and why."""
        got = name_of(self.graph, self.node)
        if reason:
            raise ValueError(f"{got} has no integer form: {reason}")
        raise ValueError(
            f"an integer network can be made of {KNOWN}, got {got}"
        )


class GivenWeight(NamedTuple):
    """What a layer's weight and bias have become already.

    codes : (outputs, inner) int8
    scale : (outputs, 1) or (1, 1) float32
    bits : of a code, 2 to 8
    per_tensor : one step for the whole weight
    bias : (outputs,) float64, as a real number
    """

    codes: np.ndarray
    scale: np.ndarray
    bits: int
    per_tensor: bool
    bias: np.ndarray


@dataclass(frozen=True)
class Setting:
    """What an operation is made with, apart from what it is.

    name : of the step
    x, y : grids of what it reads and gives
    activation, rounding : see `layers.grids.GivesCodes`
    weight_bits, granularity : of a layer's weight
    weight : that was chosen already, in place of what the layer holds
    """

    name: str
    x: tuple[AffineParams, ...]
    y: AffineParams
    activation: str
    rounding: str
    weight_bits: int
    granularity: str
    weight: GivenWeight | None = None


@dataclass(frozen=True)
class Made:
    """How an operation on codes is made.

    build : of the setting
    own_grid : its results have a grid of their own
    fuses : a ReLU that follows can join it
    weighted : it has a weight, of as many bits as the setting says
    """

    build: Callable[[Setting], nn.Module]
    own_grid: bool = True
    fuses: bool = True
    weighted: bool = False


# the steps that a call becomes, each reading the one before; none if the call
# gives what it is given
Rule = Callable[[Call], list[Made]]
