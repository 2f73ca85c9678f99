"""What a point costs on a device: its file, and models of time and energy.

A row of a study holds the file's length and the MACs of a network, but not the
network. Its layers' shapes follow from the settings, so a network of the same
shapes is built, untrained; where its MACs are not those of the rows, time and
energy are None. Batch normalization is folded, as whoever deploys does.
"""

import functools
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import nn

from ... import artifact, low_rank, models, pruning, quantization
from ...hardware import (
    DeviceProfile,
    ModelCost,
    find_device,
    layer_costs,
    model_energy,
    model_time,
)
from ...layers import geometry_of
from ...layers.selection import treatable_layers, with_layers_replaced
from ...low_rank.methods import METHODS, method_for
from .points import Point

CONVOLUTIONAL = ("channel", "spatial", "tucker")
RANKS = ("spatial", 0.5)  # of the step "ranks" of the study `combinations`
STATIC, INTEGER, FLOATS = "static", "integer", "floats"

Shape = tuple[str, float, tuple[str, float] | None, str, int]


class Costs(NamedTuple):
    """The cost of one image, on one device.

    kb : the file, in KB of 1,000 bytes: real
    ms, uj : roofline and energy, see `hardware`: modelled; None where unknown
    """

    kb: float
    ms: float | None
    uj: float | None


def costs(point: Point, device: str | DeviceProfile) -> Costs:
    """Return what a point costs on a device.

    device : a name in `hardware.DEVICES`, or a profile

    >>> from mini_compress.studies.fronts.points import collect
    >>> whole, *_ = collect("ConvNet", "fashion_mnist")
    >>> print(*(f"{x:.3g}" for x in costs(whole, "stm32h743")))
    136 4.83 15.1
    """
    profile, kb = find_device(device), point.num_bytes.mean / 1000
    cost = layer_shares(point)
    if cost is None:
        return Costs(kb, None, None)
    energy = model_energy(cost, memory=profile.memory)
    return Costs(kb, model_time(cost, profile).time_ms, energy.total_uj)


@functools.cache
def layer_shares(point: Point) -> ModelCost | None:
    """Return the cost of each layer; what they store is what the file holds.

    The file without its description is shared out as the weights of a network
    of the same shapes are; activations have the width that the method gives
    them. None where the shapes are not known.
    """
    cost, described = _cost_of(_shape_of(point))
    if cost.macs != round(point.setting.macs.mean):
        return None
    stored = sum(layer.weight_bytes for layer in cost.layers)
    scale = max(point.num_bytes.mean - described, 0) / stored
    return ModelCost(
        tuple(
            replace(x, weight_bytes=round(x.weight_bytes * scale))
            for x in cost.layers
        )
    )


def _shape_of(point: Point) -> Shape:
    """Read the shapes of a network's layers off its settings."""
    own, method = point.setting.settings, point.setting.method
    removed = own.get("channel_ratio", 1 - own.get("width", 1))
    factors = None
    if method in CONVOLUTIONAL and own.get("choice") == "even":
        factors = (method, own["share"])
    elif "ranks" in method.split(" + "):
        factors = RANKS
    kind = INTEGER if point.integer else FLOATS
    if method == "quantize_static":
        kind = STATIC
    return (
        point.setting.network,
        removed,
        factors,
        kind,
        own.get("activation_bits", 8) if point.integer else 32,
    )


@functools.cache
def _cost_of(shape: Shape) -> tuple[ModelCost, int]:
    """Build a network of these shapes, and count.

    returns : its cost, and the bytes of its file that no layer stores: names,
        shapes, and what else describes the network
    """
    network, removed, factors, kind, activation_bits = shape
    model = models.build(network).eval()
    if removed:
        model = pruning.prune_filters(model, removed).model
    if factors:
        model = _factorize(model, *factors)
    model = quantization.fold_batchnorm(model)
    # ranges of any images will do: nothing is computed with them
    images = torch.rand(
        2, 1, 28, 28, generator=torch.Generator().manual_seed(0)
    )
    if kind == STATIC:
        model = quantization.quantize_static(model, images)
    elif kind == INTEGER:
        model = quantization.quantize_network(
            model, images, activation_bits=activation_bits
        )
    cost = layer_costs(model)
    stored = sum(layer.weight_bytes for layer in cost.layers)
    return cost, len(artifact.to_bytes(model)) - stored


def _factorize(model: nn.Module, method: str, share: float) -> nn.Module:
    """Put chains of random weights in the place of all layers but the last."""
    layers = dict(list(treatable_layers(model, None).items())[:-1])
    ranks = low_rank.share_ranks(
        model, share, method=method, layers=list(layers)
    )
    chains: dict[str, nn.Module] = {}
    for name, rank in ranks.items():
        geometry = geometry_of(layers[name], repr(name))
        kind: Any = METHODS[method_for(geometry, method)]
        argument = "ranks" if isinstance(rank, tuple) else "rank"
        chains[name] = kind(
            geometry, bias=layers[name].bias is not None, **{argument: rank}
        )
    return with_layers_replaced(model, chains)
