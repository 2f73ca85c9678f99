"""Layers with weights as layers of an integer network."""

from typing import Any

import numpy as np
from torch import nn

from ..layers import (
    CodebookLayer,
    RequantizedLayer,
    SparseCodebookLayer,
    SparseLayer,
    WeightOnlyLayer,
    geometry_of,
)
from ..layers.geometry import Geometry
from ..layers.plain import weight_array
from .calls import Call, GivenWeight, Made, Rule, Setting
from .static import fill_integer_layer, real_bias, weight_codes
from .uniform import require_values


def plain(call: Call) -> list[Made]:
    """Make codes of the weight of a layer of torch's."""
    try:
        geometry = geometry_of(call.module, repr(call.name))  # type: ignore[arg-type]
        weight = weight_array(call.name, call.module)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        call.refuse(str(error))
    require_values(f"weight of {call.name!r}", weight)
    return [_from_weight(call.module, geometry, weight)]


def decoded(call: Call) -> list[Made]:
    """Make codes of the numbers that a compressed weight stands for."""
    layer: Any = call.module
    weight = layer.dense_weight().numpy()
    return [_from_weight(layer, layer.geometry, weight)]


def weight_only(call: Call) -> list[Made]:
    """Take the codes that a weight has already, whatever chose them."""
    layer: Any = call.module
    kept = layer.weight
    if kept.scale.shape[1] > 1:
        call.refuse(
            "its steps differ along the summed axis, and could not be taken "
            "out of the sum"
        )

    def build(setting: Setting) -> nn.Module:
        codes, scale = kept.codes().numpy(), kept.scale.numpy()
        bias = real_bias(setting.name, layer, len(codes))
        found = GivenWeight(codes, scale, kept.bits, kept.per_tensor, bias)
        given = setting.weight or found
        return _with_codes(setting, layer, layer.geometry, given)

    return [Made(build)]


def _from_weight(layer: Any, geometry: Geometry, weight: np.ndarray) -> Made:
    """Describe a layer whose weight becomes codes by the setting."""

    def choose(setting: Setting) -> GivenWeight:
        bits, per_tensor = setting.weight_bits, setting.granularity == "tensor"
        bias = real_bias(setting.name, layer, len(weight))
        codes, scale = weight_codes(
            weight, bias, setting.x[0], bits=bits, per_tensor=per_tensor
        )
        return GivenWeight(codes, scale, bits, per_tensor, bias)

    def build(setting: Setting) -> nn.Module:
        given = setting.weight or choose(setting)
        return _with_codes(setting, layer, geometry, given)

    return Made(build, weighted=True)


def _with_codes(
    setting: Setting, layer: Any, geometry: Geometry, given: GivenWeight
) -> RequantizedLayer:
    """Make a layer of integers that has these codes."""
    codes, scale, bits, per_tensor, bias = given
    made = RequantizedLayer(
        geometry,
        bias=layer.bias is not None,
        bits=bits,
        per_tensor=per_tensor,
        x_bits=setting.x[0].bits,
        y_bits=setting.y.bits,
        activation=setting.activation,
        rounding=setting.rounding,
    )
    fill_integer_layer(setting.name, made, codes, scale, bias, setting.x[0])
    made.set_grid(setting.y)
    return made


WEIGHTS: dict[Any, Rule] = {
    nn.Linear: plain,
    nn.Conv2d: plain,
    CodebookLayer: decoded,
    SparseCodebookLayer: decoded,
    SparseLayer: decoded,
    WeightOnlyLayer: weight_only,
}
