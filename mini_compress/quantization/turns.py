"""Layers rounded one after the other, each given what the rounded ones give.

What a method of rounding learns from is the input of its layer. It is taken
from the network whose layers before it have been rounded already, so that
each layer can make up for the errors of those before.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from torch import Tensor, nn

from .._require import require_int
from ..graph.inputs import capture_inputs
from ..layers.geometry import Geometry, geometry_of
from ..layers.plain import weight_array
from ..layers.selection import (
    require_untied,
    treatable_layers,
    with_layers_replaced,
)
from .rounding_report import LayerRounding, Rounded, RoundingReport
from .uniform import (
    quantize_weight,
    require_granularity,
    require_values,
    weight_only_layer,
)


class Turn(NamedTuple):
    """A layer whose turn it is.

    name : of the layer
    layer : as it was
    geometry : of the layer
    network : the model, with the layers that had their turn rounded
    weight : (outputs, ...) float32, of the layer
    codes : (outputs, inner) int8, by plain rounding
    scale : the steps, as `quantize_weight` returns them
    """

    name: str
    layer: nn.Linear | nn.Conv2d
    geometry: Geometry
    network: nn.Module
    weight: np.ndarray
    codes: np.ndarray
    scale: np.ndarray


class RoundLayer(Protocol):
    """Chooses a layer's codes: (outputs, inner) int8, and says how far off."""

    def __call__(self, turn: Turn) -> tuple[np.ndarray, LayerRounding]:
        """Round the layer."""


def round_in_turn(
    model: nn.Module,
    images: Tensor,
    layers: Sequence[str] | None,
    grid: Mapping[str, Any],
    method: str,
    round_layer: RoundLayer,
) -> Rounded:
    """Round layers in the order in which they run.

    model, layers : as for `quantize_weights`
    images : (n, ...) float32 training images
    grid : bits, granularity and group_size, as for `quantize_weights`
    method : what the report calls it
    """
    require_int("bits", grid["bits"], 2, 8)
    require_granularity(grid["granularity"], grid["group_size"])
    found = treatable_layers(model, layers)
    require_untied(model, found)
    geometries = {x: geometry_of(found[x], repr(x)) for x in found}
    weights = {name: weight_array(name, found[name]) for name in found}
    for name, weight in weights.items():
        require_values(f"weight of {name!r}", weight)
    network, made, rows = model, {}, []
    for name in _run_order(model, list(found), images):
        codes, scale = quantize_weight(weights[name], **grid)
        turn = Turn(
            name,
            found[name],
            geometries[name],
            network,
            weights[name],
            codes,
            scale,
        )
        rounded, row = round_layer(turn)
        made[name] = weight_only_layer(
            name, found[name], rounded, scale, **grid
        )
        rows.append(row)
        network = with_layers_replaced(model, made)
    report = RoundingReport(
        type(model).__name__, method, grid["bits"], tuple(rows)
    )
    return Rounded(network, report)


def require_inputs(name: str, x: np.ndarray) -> None:
    """Refuse a layer that is given nothing but zeros: nothing can be learned.

    name : of the layer
    x : its inputs, or sums of their products
    """
    if not x.any():
        raise ValueError(
            f"input of {name!r} must not be 0 in all images, got only 0"
        )


def _run_order(
    model: nn.Module, names: list[str], images: Tensor
) -> dict[str, None]:
    """Return the names in the order in which the layers first run."""
    order: dict[str, None] = {}
    capture_inputs(model, names, images, lambda name, x: order.setdefault(name))
    return order
