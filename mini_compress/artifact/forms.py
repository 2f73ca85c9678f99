"""Which module may stand in the place of another."""

from typing import Any

from torch import nn

from ..layers.base import CompressedLayer
from ..layers.describe import describe
from ..layers.factored import FactoredLayer
from ..layers.geometry import Geometry, geometry_of
from ..layers.integer_network import IntegerNetwork
from ..layers.kinds import BATCH_NORMS, PLAIN


def may_replace(original: nn.Module, module: nn.Module) -> bool:
    """Say whether a module takes and gives what another does."""
    if isinstance(module, nn.Identity):
        return not list(original.children()) or describe(original) is not None
    if isinstance(original, (*PLAIN, CompressedLayer, FactoredLayer)):
        return _product_of(original) == _product_of(module)
    if isinstance(original, (*BATCH_NORMS, IntegerNetwork)):
        return type(module) is type(original)
    return not list(original.children())  # a container is never described


def is_altered(original: nn.Module, module: nn.Module) -> bool:
    """Say whether a module does more than compress the one in its place.

    To compress keeps the form of a product and of a normalization, and makes
    no axis longer; a normalization may be gone, folded.
    """
    if isinstance(module, nn.Identity):
        gone = list(original.parameters(recurse=False))
        return bool(gone) and not isinstance(original, BATCH_NORMS)
    form, widths = _form_of(original)
    new_form, new_widths = _form_of(module)
    return form != new_form or any(
        new > old for old, new in zip(widths, new_widths, strict=True)
    )


def _form_of(layer: nn.Module) -> tuple[dict[str, Any], list[int]]:
    """Return what compression keeps of a layer, and its widths."""
    if isinstance(layer, BATCH_NORMS):
        form = describe(layer) or {}
        return form, [form.pop("num_features")]
    try:
        geometry: Geometry = (
            layer.geometry
            if isinstance(layer, CompressedLayer | FactoredLayer)
            else geometry_of(layer)
        )
    except (TypeError, ValueError):  # no product, or one that pads otherwise
        return {"kind": type(layer).__name__}, []
    form = dict(vars(geometry))
    names = [name for name in form if name.startswith(("in_", "out_"))]
    return form, [form.pop(name) for name in names]


def _product_of(layer: nn.Module) -> str | None:
    """Name what kind of product a layer is: linear or conv2d."""
    if isinstance(layer, nn.Linear):
        return "LinearGeometry"
    if isinstance(layer, nn.Conv2d):
        return "Conv2dGeometry"
    return type(getattr(layer, "geometry", None)).__name__
