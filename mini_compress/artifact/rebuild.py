"""A network made of what a file says: shapes first, numbers last.

Modules are made on torch's meta device, where a tensor has a shape and no
memory. Only once every name, shape and type is that of the file's tensors do
they take those as their own: a file costs no more than it has bytes.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ..layers.describe import build_module, changed_parts, describe
from ..layers.factored import FactoredLayer
from ..models import NETWORKS
from .forms import is_altered, may_replace
from .schema import Contents
from .skeleton import copy_empty, copy_structure, empty_network
from .state import is_training_only


def assemble(
    contents: Contents, network: nn.Module | type[nn.Module] | None
) -> nn.Module:
    """Return the network that a header describes, with no numbers in it.

    network : of the same class, for one that is not in `models.NETWORKS`
    """
    if "" in contents.modules:  # a layer by itself
        return _lone_layer(contents, network)
    model = _skeleton(contents, network)
    originals = dict(model.named_modules(remove_duplicate=False))
    made: dict[str, nn.Module] = {}
    for path, description in contents.modules.items():
        if path not in originals:
            raise ValueError(f"it must fit the network, which has no {path!a}")
        if _is_described(originals[path], description):
            continue  # as the given network has it
        made[path] = _shared(path, contents, made) or build_empty(
            path, description, originals[path]
        )
        exact = is_ours(contents) and not contents.altered
        if exact and is_altered(originals[path], made[path]):
            raise ValueError(
                f"module {path!a} must compress that of a {contents.network}, "
                f"got {describe(made[path])}"
            )
        model.set_submodule(path, made[path])
        _renew(originals, path, made[path])
    return model


def build_empty(
    path: str, description: Any, original: nn.Module | None
) -> nn.Module:
    """Make a described module without memory, in the place of another."""
    try:
        with torch.device("meta"):
            module = build_module(description)
    except (TypeError, ValueError) as error:
        raise ValueError(f"module {path!a}: {error}") from error
    if original is not None and not may_replace(original, module):
        raise ValueError(
            f"module {path!a}: a {type(module).__name__} cannot stand in the "
            f"place of a {type(original).__name__}"
        )
    return module


def _is_described(module: nn.Module, description: Any) -> bool:
    """Say whether a module is as described, and built of nothing else."""
    if describe(module) != description:
        return False
    return not (isinstance(module, FactoredLayer) and changed_parts(module))


def _renew(
    originals: dict[str, nn.Module], path: str, module: nn.Module
) -> None:
    """Note a module and its parts in the place of another's."""
    for name in [x for x in originals if x.startswith(f"{path}.")]:
        del originals[name]
    for name, part in module.named_modules(prefix=path):
        originals[name] = part


def is_ours(contents: Contents) -> bool:
    """Say whether the network is one of `models.NETWORKS`."""
    return contents.network in NETWORKS and not contents.own_class


def _skeleton(
    contents: Contents, network: nn.Module | type[nn.Module] | None
) -> nn.Module:
    """Return a network of the stored class whose tensors have no memory."""
    wanted = contents.network
    ours = is_ours(contents)
    if network is None:
        if not ours:
            raise ValueError(
                f"holds a {wanted}, which is none of {', '.join(NETWORKS)} "
                "in mini_compress.models: pass one as `network`"
            )
    else:
        kind = network if isinstance(network, type) else type(network)
        if kind.__name__ != wanted:
            raise ValueError(f"network must be a {wanted}, got {kind.__name__}")
        if ours and kind is not NETWORKS[wanted]:
            raise ValueError(
                f"network must be the {wanted} of mini_compress.models, got "
                f"that of {kind.__module__}"
            )
        if not ours:
            return copy_empty(network)
    return copy_structure(empty_network(wanted), {})


def _lone_layer(
    contents: Contents, network: nn.Module | type[nn.Module] | None
) -> nn.Module:
    """Return a layer that is a whole network; it needs no other to be made."""
    parts = dict(contents.modules)
    layer = build_empty("", parts.pop(""), None)
    if type(layer).__name__ != contents.network:
        raise ValueError(
            f"network must be {contents.network}, got {type(layer).__name__}"
        )
    built = dict(layer.named_children())
    for name, description in parts.items():
        if name not in built:
            raise ValueError(f"a layer by itself must have no part {name!a}")
        setattr(layer, name, build_empty(name, description, built[name]))
    if isinstance(network, nn.Module) and not may_replace(network, layer):
        raise ValueError(
            f"network must be a {contents.network}, "
            f"got {type(network).__name__}"
        )
    return layer


def _shared(
    path: str, contents: Contents, made: Mapping[str, nn.Module]
) -> nn.Module | None:
    """Return an earlier path's module if all its tensors are this one's."""
    start = f"{path}."
    own = {
        alias.removeprefix(start): target
        for alias, target in contents.tied.items()
        if alias.startswith(start)
    }
    others = {
        target.removesuffix(f".{name}")
        for name, target in own.items()
        if target.endswith(f".{name}")
    }
    if len(others) != 1:
        return None
    [other] = others
    if other not in made:
        return None
    names = [x for x in made[other].state_dict() if not is_training_only(x)]
    same = contents.modules[other] == contents.modules[path]
    whole = own == {name: f"{other}.{name}" for name in names}
    return made[other] if same and whole else None
