"""Which layers of a network a method treats, and how it swaps them."""

import copy
from collections.abc import Sequence

from torch import nn

from .._inference import require_module
from .._require import require_one_of


def treatable_layers(
    model: nn.Module, layers: Sequence[str] | None
) -> dict[str, nn.Linear | nn.Conv2d]:
    """Return the layers asked for, by name; an error for what cannot be done.

    layers : names as in `model.named_modules()`, or None for every layer. Then
        a weight in any other kind of module is an error too: it was asked for
        and would be left out.
    """
    require_module("model", model)
    modules = dict(model.named_modules(remove_duplicate=False))
    treatable = {
        name: module
        for name, module in modules.items()
        if type(module) in (nn.Linear, nn.Conv2d)
    }
    if layers is None:
        for name in modules.keys() - treatable.keys():
            _require_no_weight(name, modules[name])
        if not treatable:
            raise ValueError("model must have a Linear or Conv2d, got none")
        return treatable  # type: ignore[return-value]
    if isinstance(layers, str):
        raise TypeError(f"layers must be a list of names, got {layers!r}")
    for name in layers:
        require_one_of("layers' names", name, treatable)
    return {name: treatable[name] for name in layers}  # type: ignore[misc]


def _require_no_weight(name: str, module: nn.Module) -> None:
    for weight_name, weight in module.named_parameters(recurse=False):
        if weight.ndim >= 2:
            raise ValueError(
                "layers must be Linear or Conv2d to be compressed, got "
                f"{type(module).__name__} at {name!r} with {weight_name!r}; "
                "name those to compress in `layers`"
            )


def weight_of(model: nn.Module, name: str) -> nn.Parameter:
    """Return the weight of the Linear or Conv2d of that name."""
    return model.get_submodule(name).weight  # type: ignore[return-value]


def with_layers_replaced(
    model: nn.Module, replacements: dict[str, nn.Module]
) -> nn.Module:
    """Return a copy in evaluation mode in which some layers are others."""
    if "" in replacements:  # the model is itself a layer
        return replacements[""].eval()
    copied = copy.deepcopy(model)
    for name, layer in replacements.items():
        copied.set_submodule(name, layer)
    return copied.eval()
