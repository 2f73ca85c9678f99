"""Layers of a float network as layers that learn with rounded numbers."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ...layers import SparseLayer, WeightOnlyLayer
from ...layers.geometry import Geometry, LinearGeometry
from ..static import LARGEST_BIAS
from .layer import RoundedLayer
from .outputs import OutputRounding
from .weights import KeptWeight, WeightRounding

WEIGHTED = (nn.Linear, nn.Conv2d, SparseLayer, WeightOnlyLayer)
LEAST_SCALE = 1e-12  # of a weight: products of scales stay float32 numbers

# (weight, least scale of each output) -> how the weight is rounded
MakeRounding = Callable[[Tensor, Tensor], WeightRounding]


def rounded_layer(
    layer: Any, make: MakeRounding, reads: OutputRounding
) -> RoundedLayer:
    """Return a layer that learns in the place of one of `WEIGHTED`.

    reads : rounds what the layer reads

    A pruned weight stays 0. A weight of codes keeps them: it does not learn.
    """
    if isinstance(layer, WeightOnlyLayer):
        plain = plain_layer(layer)
        plain.weight.requires_grad = False
        return RoundedLayer(plain, KeptWeight(layer.weight), reads)
    kept = None
    if isinstance(layer, SparseLayer):
        layer = plain_layer(layer)
        kept = (layer.weight != 0).float()
    least = _least_scale(layer, reads)
    rounding = make(layer.weight.detach(), least)
    return RoundedLayer(layer, rounding, reads, kept)


def plain_layer(layer: SparseLayer | WeightOnlyLayer) -> nn.Linear | nn.Conv2d:
    """Return a layer of torch's that does what a compressed one does."""
    made = _empty(layer.geometry, layer.bias is not None)
    with torch.no_grad():
        made.weight.copy_(layer.dense_weight())
        if layer.bias is not None:
            made.bias.copy_(layer.bias)  # type: ignore[union-attr]
    return made


def _empty(geometry: Geometry, bias: bool) -> nn.Linear | nn.Conv2d:
    if isinstance(geometry, LinearGeometry):
        return nn.Linear(geometry.in_features, geometry.out_features, bias=bias)
    return nn.Conv2d(
        geometry.in_channels,
        geometry.out_channels,
        geometry.kernel_size,
        geometry.stride,
        geometry.padding,
        geometry.dilation,
        geometry.groups,
        bias=bias,
    )


@torch.no_grad()
def _least_scale(layer: nn.Linear | nn.Conv2d, reads: OutputRounding) -> Tensor:
    """Return the scales at which a bias twice as large still fits int32."""
    if layer.bias is None:
        return torch.full((len(layer.weight),), LEAST_SCALE)
    needed = 2 * layer.bias.abs() / (reads.step() * LARGEST_BIAS)
    return needed.clamp_min(LEAST_SCALE)
