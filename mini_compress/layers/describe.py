"""Modules as plain data, from which a file rebuilds them; no pickle.

A description may come from anyone: its keys and its values are checked before
a module is made of it. What is wrong is a ValueError or a TypeError.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from .._require import (
    require_bool,
    require_equal,
    require_int,
    require_number,
    require_one_of,
)
from .base import CompressedLayer
from .factored import FactoredLayer
from .geometry import (
    LARGEST_WEIGHT,
    Conv2dGeometry,
    LinearGeometry,
    geometry_of,
)
from .integer_network import IntegerNetwork, Step
from .kinds import BATCH_NORMS, COMPRESSED, FACTORED, OPERATIONS
from .plain_data import (
    as_lists,
    as_tuples,
    describe_geometry,
    read_geometry,
    require_keywords,
    require_object,
)

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")
NORM_DEFAULTS = {"momentum": 0.1, "affine": True, "track_running_stats": True}


def describe(module: nn.Module | None) -> dict[str, Any] | None:
    """Return what a module is made with, as JSON can hold it.

    None for a module that this file cannot rebuild: containers, activations,
    pooling, subclasses of torch's layers, and whatever users write.

    >>> describe(nn.Linear(3, 2))["geometry"]
    {'linear': {'in_features': 3, 'out_features': 2}}
    """
    kind = type(module)
    settings: dict[str, Any]
    if isinstance(module, nn.Linear) and kind is nn.Linear:
        shape = describe_geometry(geometry_of(module))
        settings = {"geometry": shape, "bias": module.bias is not None}
    elif isinstance(module, nn.Conv2d) and kind is nn.Conv2d:
        settings = _describe_conv2d(module)
    elif isinstance(module, CompressedLayer | FactoredLayer) and is_listed(
        module
    ):
        shape = describe_geometry(module.geometry)
        settings = {"geometry": shape, **as_lists(module.settings)}
    elif isinstance(module, IntegerNetwork) and kind is IntegerNetwork:
        settings = {"steps": [_describe_step(x) for x in module.steps]}
    elif kind in OPERATIONS.values():
        settings = as_lists(module.settings)  # type: ignore[union-attr, arg-type]
    elif kind in BATCH_NORMS:
        settings = _describe_norm(module)
    elif kind is nn.Identity:
        settings = {}
    else:
        return None
    return {"kind": kind.__name__, **settings}


def build_module(description: Any) -> nn.Module:
    """Make the module that `describe` described, with weights to be filled."""
    settings = dict(require_object("module", description))
    kind = settings.pop("kind", None)
    own_kinds: dict[str, Any] = {**COMPRESSED, **FACTORED, **OPERATIONS}
    require_one_of("kind of module", kind, [*_BUILDERS, *own_kinds])
    if kind in _BUILDERS:
        require_keywords(kind, _BUILDERS[kind], settings)
        return _BUILDERS[kind](**settings)
    own = own_kinds[kind]
    require_keywords(kind, own, settings)
    if kind not in OPERATIONS:
        settings["geometry"] = read_geometry(settings["geometry"])
    make = FACTORED[kind].of_any_ranks if kind in FACTORED else own
    return make(**as_tuples(settings))


def changed_parts(layer: FactoredLayer) -> dict[str, Any]:
    """Describe the parts of a layer that are not those it is built with.

    returns : name of the part -> what `describe` says, of quantized ones say

    >>> from mini_compress.layers import LowRankLinear
    >>> changed_parts(LowRankLinear.from_linear(nn.Linear(4, 3), 2))
    {}
    """
    with torch.device("meta"):
        built = build_module(describe(layer))
    return {
        name: describe(part)
        for name, part in layer.named_children()
        if describe(part) != describe(built.get_submodule(name))
    }


def is_listed(layer: CompressedLayer | FactoredLayer) -> bool:
    """Say whether a file can rebuild a layer: `kinds` lists its class."""
    own: dict[str, Any] = {**COMPRESSED, **FACTORED}
    return own.get(type(layer).__name__) is type(layer)


def _describe_step(step: Step) -> dict[str, Any]:
    description = describe(step.operation)
    if description is None:
        got = type(step.operation).__name__
        raise ValueError(
            f"step {step.name!r} must be of a known kind, got {got}"
        )
    return {"name": step.name, "reads": list(step.reads), **description}


def _describe_conv2d(layer: nn.Conv2d) -> dict[str, Any]:
    """Describe torch's convolution, whatever it pads with."""
    named = isinstance(layer.padding, str)
    geometry = Conv2dGeometry(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,  # type: ignore[arg-type]
        layer.stride,  # type: ignore[arg-type]
        (0, 0) if named else layer.padding,  # type: ignore[arg-type]
        layer.dilation,  # type: ignore[arg-type]
        layer.groups,
    )
    shape = describe_geometry(geometry)
    if named:
        shape["conv2d"]["padding"] = layer.padding
    settings = {"geometry": shape, "bias": layer.bias is not None}
    if layer.padding_mode != "zeros":
        settings["padding_mode"] = layer.padding_mode
    return settings


def _describe_norm(norm: Any) -> dict[str, Any]:
    unusual = {
        name: getattr(norm, name)
        for name, usual in NORM_DEFAULTS.items()
        if getattr(norm, name) != usual
    }
    return {"num_features": norm.num_features, "eps": norm.eps, **unusual}


def _build_linear(geometry: Any, bias: bool) -> nn.Module:
    read = read_geometry(geometry)
    if not isinstance(read, LinearGeometry):
        raise ValueError("geometry of Linear must be linear, got conv2d")
    require_bool("bias", bias)
    return _make(nn.Linear, **vars(read), bias=bias)


def _build_conv2d(
    geometry: Any, bias: bool, padding_mode: str = "zeros"
) -> nn.Module:
    found = require_object("geometry", geometry)
    numbers = require_object("conv2d", found.get("conv2d"))
    padding = numbers.get("padding")
    named = {}
    if isinstance(padding, str):
        require_one_of("padding", padding, ("same", "valid"))
        named = {"padding": padding}
        found = {**found, "conv2d": {**numbers, "padding": [0, 0]}}
    read = vars(read_geometry(found))
    require_bool("bias", bias)
    require_one_of("padding_mode", padding_mode, PADDING_MODES)
    return _make(
        nn.Conv2d, **read | named, bias=bias, padding_mode=padding_mode
    )


def _build_network(steps: Any) -> nn.Module:
    require_equal("kind of steps", list, type(steps))
    built = []
    for number, described in enumerate(steps):
        found = dict(require_object(f"step {number}", described))
        name, reads = found.pop("name", None), found.pop("reads", None)
        require_equal(f"kind of what step {number} reads", list, type(reads))
        operation: Any = build_module(found)
        built.append(Step(name, operation, tuple(reads)))
    return IntegerNetwork(built)


def _build_norm(
    kind: type[nn.BatchNorm1d] | type[nn.BatchNorm2d],
) -> Callable[..., nn.Module]:
    def build(
        num_features: int,
        eps: float,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> nn.Module:
        require_int("num_features", num_features, 1, LARGEST_WEIGHT)
        require_number("eps", eps, 0)
        if momentum is not None:  # None: the average of all batches
            require_number("momentum", momentum, 0)
        require_bool("affine", affine)
        require_bool("track_running_stats", track_running_stats)
        return _make(
            kind,
            num_features=num_features,
            eps=eps,
            momentum=momentum,
            affine=affine,
            track_running_stats=track_running_stats,
        )

    return build


def _make(kind: type[nn.Module], **settings: Any) -> nn.Module:
    """Make a layer of torch's without drawing its weights.

    Even on the meta device, where there is nothing to draw, that would take
    three times as long as all the rest.
    """
    layer = _undrawn(kind)(**settings)  # type: ignore[arg-type]
    layer.__class__ = kind
    return layer


@functools.cache
def _undrawn(kind: type[nn.Module]) -> type[nn.Module]:
    return type("Undrawn", (kind,), {"reset_parameters": lambda self: None})


_BUILDERS: dict[str, Callable[..., nn.Module]] = {
    "Linear": _build_linear,
    "Conv2d": _build_conv2d,
    **{kind.__name__: _build_norm(kind) for kind in BATCH_NORMS},
    "Identity": lambda: nn.Identity(),
    "IntegerNetwork": _build_network,
}
