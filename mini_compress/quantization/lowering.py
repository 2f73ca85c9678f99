"""A float network as the steps of an integer one, before any grid is known.

The traced graph is walked once. What has no numbers of its own (dropout, an
identity) disappears, a ReLU joins the operation before it, and every other
operation becomes a step or is refused by its name and place.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from torch import fx, nn

from ..graph.operations import name_of, target_of
from ..graph.tracing import note_shapes, require_own_weights
from .lowered import RULES, Made


@dataclass(eq=False)
class PlannedStep:
    """A step of the integer network to be.

    name : of the layer, or of the place and function
    node : of the graph; its value is what the step gives in float32
    reads : numbers of the steps that it reads
    made : how its operation is made, once grids are known
    activation : of a ReLU that was fused, see `layers.grids.ACTIVATIONS`
    """

    name: str
    node: fx.Node
    reads: tuple[int, ...]
    made: Made
    activation: str = "none"
