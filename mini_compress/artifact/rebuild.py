"""A network made of what a file says: shapes first, numbers last.

Modules are made on torch's meta device, where a tensor has a shape and no
memory. Only once every name, shape and type is that of the file's tensors do
they take those as their own: a file costs no more than it has bytes.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from .._inference import copy_model
from ..layers.base import CompressedLayer
from ..layers.describe import build_module, describe
from ..layers.kinds import TRAINING_ONLY
from ..models import NETWORKS
from .forms import is_altered, may_replace
from .header import Contents, Entry

SHOWN = 3  # of the tensors that do not fit


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
        if describe(originals[path]) == description:
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


def require_fit(
    state: Mapping[str, Tensor],
    entries: Mapping[str, Entry],
    fixed: Iterable[str],
) -> None:
    """Refuse a file whose tensors are not those of the network.

    state : of the network
    entries : of the file, by name, those that are tied too
    fixed : the paths of modules whose floats are of one type. All others have
        the type that the file says.
    """
    starts = tuple(f"{path}." if path else "" for path in fixed)
    wrong = []
    for name in [*state, *(entries.keys() - state.keys())]:
        tensor, entry = state.get(name), entries.get(name)
        if (
            tensor is None
            or entry is None
            or not _fits(
                tensor, entry, name.startswith(starts) if starts else False
            )
        ):
            wrong.append(
                f"{name[:80]} must be {_shown(tensor)}, got {_shown(entry)}"
            )
    if wrong:
        more = len(wrong) - SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        raise ValueError(
            f"does not fit the network: {'; '.join(wrong[:SHOWN])}{rest}"
        )


def fill(
    model: nn.Module, tensors: Mapping[str, Tensor], contents: Contents
) -> None:
    """Let a network take tensors as its own, those that are tied as one."""
    state = model.state_dict(keep_vars=True)
    metadata = state._metadata  # type: ignore[attr-defined]
    for path, module in model.named_modules(remove_duplicate=False):
        if path in metadata and has_own_version(module):
            metadata[path]["version"] = contents.versions.get(path, 1)
    taken: dict[str, Tensor] = {}
    for name, old in state.items():
        source = contents.tied.get(name, name)
        if source not in tensors:  # of training only
            state[name] = torch.zeros_like(old, device="cpu")
            continue
        if source not in taken:
            new = tensors[source]
            parameter = isinstance(old, nn.Parameter)
            taken[source] = (
                nn.Parameter(new, old.requires_grad) if parameter else new
            )
        state[name] = taken[source]
    model.load_state_dict(state, assign=True)


def is_ours(contents: Contents) -> bool:
    """Say whether the network is one of `models.NETWORKS`."""
    return contents.network in NETWORKS and not contents.own_class


def has_own_version(module: nn.Module) -> bool:
    """Say whether a module's class, not torch's nor ours, may have versions."""
    home = type(module).__module__.partition(".")[0]
    return home not in ("torch", __name__.partition(".")[0])


def is_training_only(name: str) -> bool:
    """Say whether a tensor is of no use to a network in use."""
    return name.rpartition(".")[2] == TRAINING_ONLY


def compressed_paths(model: nn.Module) -> list[str]:
    """List the paths of the layers that are compressed."""
    return [
        path
        for path, module in model.named_modules(remove_duplicate=False)
        if isinstance(module, CompressedLayer)
    ]


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
            return _without_numbers(network)
    with torch.device("meta"):
        return NETWORKS[wanted]()


def _without_numbers(network: nn.Module | type[nn.Module]) -> nn.Module:
    """Copy a network, but not the tensors that a file holds."""
    found = network if isinstance(network, nn.Module) else _made(network)
    memo: dict[int, Any] = {}
    for name, tensor in found.state_dict(keep_vars=True).items():
        if isinstance(tensor, Tensor) and not is_training_only(name):
            empty = torch.empty_like(tensor, device="meta")
            if isinstance(tensor, nn.Parameter):
                empty = nn.Parameter(empty, tensor.requires_grad)
            memo[id(tensor)] = empty
    try:
        return copy.deepcopy(found, memo)
    except Exception:  # attributes may be of any kind
        return copy_model(found)  # says which of them cannot be copied


def _made(kind: type[nn.Module]) -> nn.Module:
    """Make a network of a class; nothing is drawn from torch's generator."""
    try:
        with torch.random.fork_rng(devices=[]):
            return kind()
    except TypeError as error:
        raise ValueError(
            "network must be a class that needs no arguments, or one of its "
            f"objects: {error}"
        ) from error


def _lone_layer(
    contents: Contents, network: nn.Module | type[nn.Module] | None
) -> nn.Module:
    """Return a layer that is a whole network; it needs no other to be made."""
    [description, *others] = contents.modules.values()
    if others:
        raise ValueError("a layer by itself must be the only module")
    layer = build_empty("", description, None)
    if type(layer).__name__ != contents.network:
        raise ValueError(
            f"network must be {contents.network}, got {type(layer).__name__}"
        )
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
    own = {
        alias.removeprefix(f"{path}."): target
        for alias, target in contents.tied.items()
        if alias.startswith(f"{path}.")
    }
    for other, module in made.items():
        names = [x for x in module.state_dict() if not is_training_only(x)]
        if (
            contents.modules[other] == contents.modules[path]
            and own.keys() == set(names)
            and all(own[x] == f"{other}.{x}" for x in names)
            and names
        ):
            return module
    return None


def _fits(tensor: Tensor, entry: Entry, fixed: bool) -> bool:
    if tensor.shape != entry.shape:
        return False
    floats = tensor.is_floating_point() and entry.dtype.is_floating_point
    return tensor.dtype == entry.dtype or (floats and not fixed)


def _shown(tensor: Tensor | Entry | None) -> str:
    if tensor is None:
        return "absent"
    dtype = str(tensor.dtype).removeprefix("torch.")
    return f"{dtype} {tuple(tensor.shape)}"
