"""Which layers of a network a method treats, and how it swaps them."""

from collections.abc import Iterable, Mapping, Sequence

from torch import nn
from torch.nn.modules.conv import _ConvNd

from .._inference import copy_model, require_module
from .._require import require_one_of
from .base import CompressedLayer
from .factored import FactoredLayer
from .geometry import kind_of
from .kinds import PLAIN
from .plain import require_plain_weights

OWN_COPY = (
    "give each a copy: layer.weight = nn.Parameter(layer.weight.detach()"
    ".clone())"
)


def treatable_layers(
    model: nn.Module, layers: Sequence[str] | None
) -> dict[str, nn.Linear | nn.Conv2d]:
    """Return the layers asked for, by name; an error for what cannot be done.

    layers : names as in `model.named_modules()`, or None for every layer. Then
        a weight in any other kind of module is an error too: it was asked for
        and would be left out. What is compressed already is left as it is.
    returns : in the network's order; a layer under two names by its first

    Layers whose weight a hook computes, or that share one weight, are refused
    by name.
    """
    require_module("model", model)
    if isinstance(layers, str):
        raise TypeError(f"layers must be a list of names, got {layers!r}")
    if layers is not None:
        if not isinstance(layers, Iterable):
            got = type(layers).__name__
            raise TypeError(f"layers must be a list of names, got {got}")
        layers = list(layers)
    require_plain_weights(model, layers)
    first = dict(model.named_modules())
    treatable = {
        name: module for name, module in first.items() if type(module) in PLAIN
    }
    if layers is None:
        _require_nothing_else(first)
        names = list(treatable)
        if not names:
            raise ValueError(
                f"model must have a Linear or Conv2d, got {_compressed(first)}"
            )
    else:
        names = [_first_name(model, name, treatable) for name in layers]
    found = {name: treatable[name] for name in names}
    _require_own_weights(found)
    return found  # type: ignore[return-value]


def _require_nothing_else(modules: Mapping[str, nn.Module]) -> None:
    """Refuse weights in layers of other kinds, all in one message."""
    others = [
        f"{kind_of(module, name)} with {weight_name!r}"
        for name, module in modules.items()
        if type(module) not in PLAIN
        for weight_name, weight in module.named_parameters(recurse=False)
        if weight.ndim >= 2
    ]
    if others:
        raise ValueError(
            "layers must be Linear or Conv2d to be compressed, got "
            f"{', '.join(others)}; name those to compress in `layers`"
        )


def _compressed(modules: Mapping[str, nn.Module]) -> str:
    """Say that there is none, and why."""
    found = [
        kind_of(module, name)
        for name, module in modules.items()
        if isinstance(module, CompressedLayer)
    ]
    return f"layers compressed already: {', '.join(found)}" if found else "none"


def _first_name(
    model: nn.Module, name: str, treatable: Mapping[str, nn.Module]
) -> str:
    """Return the first name of the layer of that name; it must be treatable."""
    module = dict(model.named_modules(remove_duplicate=False)).get(name)
    names = {layer: first for first, layer in treatable.items()}
    if module in names:
        return names[module]
    if isinstance(module, CompressedLayer):
        raise ValueError(
            "layers must not be compressed already, got "
            f"{kind_of(module, name)}"
        )
    if isinstance(module, FactoredLayer):
        parts = [f"{name}.{part}" for part, _ in module.named_children()]
        raise ValueError(
            f"layers must not be factored, got {kind_of(module, name)}; its "
            f"parts are {', '.join(parts)}"
        )
    if isinstance(module, nn.Linear | _ConvNd):  # transposed, 1 or 3 axes
        raise ValueError(
            f"layers must be Linear or Conv2d, got {kind_of(module, name)}"
        )
    require_one_of("layers' names", name, treatable)
    return name


def _require_own_weights(layers: Mapping[str, nn.Module]) -> None:
    """Refuse two layers with one weight: it would be treated twice."""
    names: dict[int, list[str]] = {}
    for name, layer in layers.items():
        names.setdefault(id(layer.weight), []).append(repr(name))
    for shared in names.values():
        if len(shared) > 1:
            raise ValueError(
                "every layer must have a weight of its own, got one for "
                f"{' and '.join(shared)}; {OWN_COPY}"
            )


def require_untied(
    model: nn.Module, layers: Mapping[str, nn.Module], or_else: str = ""
) -> None:
    """Refuse to replace layers whose weight another module has too.

    The weight would stay there, beside what takes its place here.

    layers : those that are to be replaced, by name
    or_else : what else can be done, for the message

    >>> words = nn.Sequential(nn.Embedding(9, 2), nn.Linear(2, 9))
    >>> words[1].weight = words[0].weight
    >>> require_untied(words, {"1": words[1]})
    Traceback (most recent call last):
    ValueError: weight of '1' must be its own, got one that '0' has too and \
would keep; give each a copy: layer.weight = nn.Parameter(layer.weight.detach()\
.clone())
    """
    for name, layer in layers.items():
        for path, other in model.named_modules():
            weights = other.parameters(recurse=False)
            if other is not layer and any(x is layer.weight for x in weights):
                raise ValueError(
                    f"weight of {name!r} must be its own, got one that "
                    f"{path!r} has too and would keep; {OWN_COPY}{or_else}"
                )


def weight_of(model: nn.Module, name: str) -> nn.Parameter:
    """Return the weight of the Linear or Conv2d of that name."""
    return model.get_submodule(name).weight  # type: ignore[return-value]


def with_layers_replaced(
    model: nn.Module, replacements: Mapping[str, nn.Module]
) -> nn.Module:
    """Return a copy in evaluation mode in which some layers are others.

    replacements : by the layer's name; a layer under two names is replaced
        under both
    """
    if "" in replacements:  # the model is itself a layer
        return replacements[""].eval()
    new = {model.get_submodule(name): x for name, x in replacements.items()}
    copied = copy_model(model)
    for name, layer in model.named_modules(remove_duplicate=False):
        if layer in new:
            _require_called(model, name)
            copied.set_submodule(name, new[layer])
    return copied.eval()


def _require_called(model: nn.Module, name: str) -> None:
    """Refuse a layer whose weight is taken, while the layer is never run."""
    owner = model.get_submodule(name.rpartition(".")[0])
    if isinstance(owner, nn.MultiheadAttention):
        raise ValueError(
            f"layers must be called by their owner, got {name!r} of a "
            f"{type(owner).__name__}, which takes its weight instead"
        )
