"""Layers of a network replaced by chains of smaller ones, in one call."""

import copy
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn

from .._examples import example_shape, require_examples
from .._inference import require_float32
from .._require import require_bool
from ..graph.moments import (
    Moments,
    relative_output_error,
    relative_root,
    second_moments,
)
from ..hardware import ModelCost, layer_costs
from ..hardware.counting import find_layers as find_counted
from ..kernels.low_rank.fields import power_of_two_above
from ..layers import FactoredLayer
from ..layers.groups import is_depthwise
from ..layers.selection import require_untied, with_layers_replaced
from .layers import TWO_NAMES, Treated, find_layers
from .methods import (
    METHODS,
    Rank,
    break_even,
    method_for,
    num_weights,
    ranks_of,
)
from .report import Change, FactorizationReport, Factorized, LayerReport
from .spectra import OF_OUTPUTS


def factorize(
    model: nn.Module,
    ranks: Mapping[str, Rank],
    *,
    method: str | None = None,
    images: Tensor | None = None,
    allow_larger: bool = False,
    input_shape: tuple[int, ...] | None = None,
) -> Factorized:
    """Put chains of smaller layers in the place of the layers named.

    model : is not changed
    ranks : name of a layer -> its rank, or for Tucker the pair of ranks of
        outputs and inputs; layers that are not named stay as they are
    method : of convolutions: "channel", "spatial" or "tucker"; None means
        tucker where the rank is a pair, else channel. Linear layers are always
        factorized by their singular values.
    images : (n, ...) float32 training images, or int64 token ids. With them
        linear layers, and convolutions by channel, have the nearest outputs on
        these images, not the nearest weight; spatial and tucker stay with the
        weight.
    allow_larger : ranks that make a layer larger, in weights, are an error
        unless this is True; and so is a weight that another layer has too,
        which would stay beside the factors
    input_shape : of one example, without the batch axis, for the MACs, which
        the report leaves out if a layer is of a kind that cannot be counted;
        None for that of images, and without images for (1, 28, 28)
    returns : `model`, a network in evaluation mode whose new layers can be
        trained, and `report`, what each layer came to

    Everything is checked before anything is computed. A layer that is
    factored already, or a part of one, is an error.

    >>> from mini_compress.models import build
    >>> low, report = factorize(build("LeNet300"), {"classifier.1": 20})
    >>> low.classifier[1].ranks, report.parameters
    ((20,), (266610, 53090))
    """
    require_bool("allow_larger", allow_larger)
    input_shape = example_shape(images, input_shape)
    treated = _treated(model, ranks, method, allow_larger)
    if images is not None:
        require_examples(images)
        require_float32(model)
    costs = _costs(model, images, input_shape)
    moments: Moments = {}
    if images is not None and treated:
        geometries = {name: one.geometry for name, one in treated.items()}
        moments = second_moments(model, geometries, images)
    made = {
        name: _made(name, one, ranks[name], moments.get(name))
        for name, one in treated.items()
    }
    low = with_layers_replaced(model, made)
    new_costs = None if costs is None else _costs(low, images, input_shape)
    report = FactorizationReport(
        type(model).__name__,
        tuple(
            LayerReport(
                name,
                one.method,
                made[name].ranks,
                _weights(one, ranks[name]),
                _change(_macs(costs, one.name), _macs(new_costs, one.name)),
                *_errors(one, made[name], moments.get(name)),
            )
            for name, one in treated.items()
        ),
        (_num_parameters(model), _num_parameters(low)),
        _change(_macs(costs, ""), _macs(new_costs, "")),
    )
    return Factorized(low, report)


def _treated(
    model: nn.Module,
    ranks: Mapping[str, Rank],
    method: str | None,
    allow_larger: bool,
) -> dict[str, Treated]:
    """Return the layers that have a rank, each by the name it is given."""
    if not isinstance(ranks, Mapping):
        got = type(ranks).__name__
        raise TypeError(f"ranks must be a dict, name -> rank, got {got}")
    found = find_layers(model, list(ranks), method).values()
    if len(found) < len(ranks):
        raise ValueError(TWO_NAMES)
    treated = {
        name: one._replace(method=method_for(one.geometry, method, rank))
        for (name, rank), one in zip(ranks.items(), found, strict=True)
    }
    for name, one in treated.items():
        _require_rank(name, one, ranks[name], allow_larger)
    if not allow_larger:
        layers = {name: one.layer for name, one in treated.items()}
        require_untied(model, layers, ", or allow_larger=True")
    return treated


def _require_rank(
    name: str, one: Treated, rank: Rank, allow_larger: bool
) -> None:
    """Refuse a rank that there is not, or that makes the layer larger."""
    try:
        before, after = _weights(one, rank)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name!r}: {error}") from None
    if after < before or allow_larger:
        return
    raise ValueError(
        f"rank of {name!r} must make it smaller, got {rank}: {after:,} weights "
        f"instead of {before:,}; {_which_pay(one)}, and allow_larger=True "
        "allows it"
    )


def _which_pay(one: Treated) -> str:
    """Say which ranks have fewer weights than the layer."""
    best = break_even(one.geometry, one.method)
    if best is not None:
        return f"those up to {best} have fewer"
    if not is_depthwise(one.geometry):
        return "no rank has fewer"
    best = break_even(one.geometry, "spatial")
    instead = f' by {one.method}, but by "spatial" up to {best}' if best else ""
    return f"no rank of a depthwise convolution has fewer{instead}"


def _weights(one: Treated, rank: Rank) -> tuple[int, int]:
    """Count the weights of a layer, before and after."""
    before = math.prod(one.geometry.weight_shape)
    return before, num_weights(one.geometry, one.method, rank)


def _made(
    name: str, one: Treated, rank: Rank, moment: np.ndarray | None
) -> FactoredLayer:
    """Factorize one layer, called by that name where it cannot be."""
    kind: Any = METHODS[one.method]
    make = kind.from_linear if one.method == "svd" else kind.from_conv
    ranks = ranks_of(one.method, rank)
    own = ranks if one.method == "tucker" else ranks[0]
    aware = moment is not None and one.method in OF_OUTPUTS
    nearest = {"moment": moment} if aware else {}
    try:
        return make(one.layer, own, **nearest)
    except ValueError as error:  # numbers too large for the dtype
        raise ValueError(f"{name!r}: {error}") from error


def _errors(
    one: Treated, made: FactoredLayer, moment: np.ndarray | None
) -> tuple[float, float | None]:
    """Return the relative error of the weight, and of the outputs."""
    # in float64 factors of huge weights do not overflow
    near = copy.deepcopy(made).double().dense_weight().numpy()
    scale = power_of_two_above(one.weight)  # nor do the squares over it
    weight, near = one.weight / scale, near / scale
    missed = float(((weight - near) ** 2).sum())
    error = relative_root(missed, float((weight**2).sum()))
    if moment is None:
        return error, None
    return error, relative_output_error(weight, near, moment)


def _costs(
    model: nn.Module, images: Tensor | None, input_shape: tuple[int, ...]
) -> ModelCost | None:
    """Count what layers cost; None if the model has some of unknown kinds."""
    try:
        find_counted(model)
    except ValueError:
        return None
    return layer_costs(model, input_shape=input_shape, images=images)


def _change(before: int | None, after: int | None) -> Change | None:
    return None if before is None or after is None else (before, after)


def _macs(costs: ModelCost | None, name: str) -> int | None:
    """Sum the MACs of a layer, or of its parts; of all layers for ""."""
    if costs is None:
        return None
    start = f"{name}." if name else ""
    return sum(
        layer.macs
        for layer in costs.layers
        if layer.name == name or layer.name.startswith(start)
    )


def _num_parameters(model: nn.Module) -> int:
    return sum(x.numel() for x in model.parameters())
