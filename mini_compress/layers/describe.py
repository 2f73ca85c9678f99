"""Modules as plain data, from which a file rebuilds them; no pickle."""

from dataclasses import asdict, fields
from typing import Any

from torch import nn

from .._require import require_one_of
from .geometry import Conv2dGeometry, Geometry, LinearGeometry, geometry_of
from .integer import IntegerLayer
from .sparse import SparseLayer
from .weight_only import WeightOnlyLayer

GEOMETRIES = {"linear": LinearGeometry, "conv2d": Conv2dGeometry}


def describe(module: nn.Module | None) -> dict[str, Any] | None:
    """Return what a module is made with, as JSON can hold it.

    None for a module that this file cannot rebuild: containers, activations,
    pooling, and whatever users write.

    >>> describe(nn.Linear(3, 2))["kind"]
    'Linear'
    """
    if isinstance(module, nn.Linear | nn.Conv2d):
        geometry = geometry_of(module)
        settings = {"bias": module.bias is not None}
        return _with_geometry(module, geometry, settings)
    if isinstance(module, WeightOnlyLayer | IntegerLayer | SparseLayer):
        return _with_geometry(module, module.geometry, module.settings)
    if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        size = {"num_features": module.num_features, "eps": module.eps}
        unusual = {
            name: False
            for name in ("affine", "track_running_stats")
            if not getattr(module, name)
        }
        return {"kind": type(module).__name__, **size, **unusual}
    if isinstance(module, nn.Identity):
        return {"kind": "Identity"}
    return None


def build_module(description: dict[str, Any]) -> nn.Module:
    """Make the module that `describe` described, with weights to be filled."""
    settings = dict(description)
    kind = settings.pop("kind", None)
    require_one_of("kind of module", kind, BUILDERS)
    if "geometry" in settings:
        settings["geometry"] = _read_geometry(settings["geometry"])
    return BUILDERS[kind](**settings)


def _with_geometry(
    module: nn.Module, geometry: Geometry, settings: dict[str, Any]
) -> dict[str, Any]:
    shape = "linear" if isinstance(geometry, LinearGeometry) else "conv2d"
    numbers = {}
    for field in fields(geometry):
        value = getattr(geometry, field.name)
        if value != field.default:  # every byte counts
            numbers[field.name] = value
    return {
        "kind": type(module).__name__,
        "geometry": {shape: numbers},
        **settings,
    }


def _read_geometry(stored: dict[str, dict[str, Any]]) -> Geometry:
    [(shape, numbers)] = stored.items()
    return GEOMETRIES[shape](
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in numbers.items()
        }
    )


def _build_linear(geometry: LinearGeometry, bias: bool) -> nn.Linear:
    return nn.Linear(**asdict(geometry), bias=bias)


def _build_conv2d(geometry: Conv2dGeometry, bias: bool) -> nn.Conv2d:
    return nn.Conv2d(**asdict(geometry), bias=bias)


BUILDERS: dict[str, Any] = {
    "Linear": _build_linear,
    "Conv2d": _build_conv2d,
    "BatchNorm1d": nn.BatchNorm1d,
    "BatchNorm2d": nn.BatchNorm2d,
    "Identity": nn.Identity,
    "WeightOnlyLayer": WeightOnlyLayer,
    "IntegerLayer": IntegerLayer,
    "SparseLayer": SparseLayer,
}
