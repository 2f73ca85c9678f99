"""A network as the bytes of a file, proved to be readable."""

import json
from collections.abc import Iterable
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from .._inference import HasModel, network_of
from ..layers.base import CompressedLayer
from ..layers.describe import changed_parts, describe, is_listed
from ..layers.factored import FactoredLayer
from ..layers.plain import require_plain_weights
from ..models import NETWORKS
from .forms import is_altered
from .header import (
    FORMAT,
    LARGEST_HEADER,
    NO_DIGEST,
    digest_of,
    read_header,
)
from .rebuild import assemble, build_empty
from .schema import DTYPES, VERSION
from .skeleton import empty_network
from .state import (
    compressed_paths,
    has_own_version,
    is_training_only,
    require_fit,
    stored_state,
)
from .values import require_values

LAZY = (UninitializedBuffer, UninitializedParameter)


def to_bytes(model: nn.Module | HasModel) -> bytes:
    """Return the file of a network as bytes.

    model : one of `models.NETWORKS`, compressed or not, or any module. What
        `from_bytes` could not read is refused here, by the layer's path. Or
        what a method gave back whose `.model` is one.

    Floats keep their type, a tensor under two names is stored once. Counters
    of training steps (num_batches_tracked) are not stored, and start at 0.

    >>> len(to_bytes(nn.Linear(100, 10))) - 4 * (1000 + 10) < 500  # header
    True
    """
    model = network_of(model)
    require_plain_weights(model)
    tensors, tied = _tensors_of(model)
    require_values(model)
    kind = type(model)
    modules = _differences(model)
    others: dict[str, Any] = {
        "tied": tied,
        "versions": _versions_of(model),
        "own_class": NETWORKS.get(kind.__name__, kind) is not kind,
        "altered": _altered(model, modules),
    }
    header = {
        "version": VERSION,
        "network": kind.__name__,
        "trained_on": getattr(model, "trained_on", None),
        "modules": modules,
        **{name: value for name, value in others.items() if value},
        "sha256": NO_DIGEST.decode(),
    }
    # one entry: safetensors writes several in random order
    metadata = {FORMAT: json.dumps(header, separators=(",", ":"))}
    data = safetensors.torch.save(tensors, metadata)
    position = data.index(NO_DIGEST)
    data = data.replace(NO_DIGEST, digest_of(data, position), 1)
    _require_readable(model, data)
    return data


def _tensors_of(
    model: nn.Module,
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return what is stored, and under which name what has two of them."""
    tensors: dict[str, Tensor] = {}
    tied: dict[str, str] = {}
    names: dict[int, str] = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        if is_training_only(name):
            continue
        _require_storable(name, tensor)
        first = names.setdefault(id(tensor), name)
        if first != name:
            tied[name] = first
            continue
        # safetensors: no sharing of memory
        tensors[name] = tensor.detach().cpu().contiguous().clone()
    return tensors, tied


def _require_storable(name: str, tensor: Any) -> None:
    """Refuse what is no tensor, or has no numbers, or none that fit a file."""
    if not isinstance(tensor, Tensor):
        got = type(tensor).__name__
        raise ValueError(f"{name!r} must be a tensor to be stored, got {got}")
    if isinstance(tensor, LAZY) or tensor.is_meta:
        raise ValueError(f"{name!r} must have numbers to be stored, got none")
    if tensor.dtype not in DTYPES.values() or tensor.layout != torch.strided:
        expected = ", ".join(str(x).removeprefix("torch.") for x in DTYPES)
        raise ValueError(
            f"{name!r} must be dense and one of {expected} to be stored, "
            f"got {tensor.dtype}, {tensor.layout}"
        )


def _versions_of(model: nn.Module) -> dict[str, int]:
    """Return the versions of modules whose class tells old states by them."""
    return {
        path: module._version
        for path, module in model.named_modules(remove_duplicate=False)
        if has_own_version(module) and module._version != 1
    }


def _differences(model: nn.Module) -> dict[str, dict[str, Any]]:
    """Describe the modules that a freshly built network has otherwise."""
    fresh = _fresh(model)
    originals = dict(fresh.named_modules()) if fresh else {}
    differences = {}
    described: tuple[str, ...] = ()
    for path, module in model.named_modules(remove_duplicate=False):
        if path.startswith(described):  # part of a described module
            continue
        description = _describe(path, module)
        if description is not None:
            start = f"{path}." if path else ""
            described += (start,)
            if description != describe(originals.get(path)):
                differences[path] = description
            if isinstance(module, FactoredLayer):
                for name, part in changed_parts(module).items():
                    differences[f"{start}{name}"] = part
        elif fresh and type(module) is not type(originals.get(path)):
            raise ValueError(
                f"model must be made of known layers, got "
                f"{type(module).__name__} at {path!r}"
            )
    return differences


def _altered(model: nn.Module, paths: Iterable[str]) -> bool:
    """Say whether one of our networks is more than compressed."""
    fresh = _fresh(model)
    originals = dict(fresh.named_modules()) if fresh else {}
    return any(
        is_altered(originals[path], model.get_submodule(path))
        for path in paths
        if path in originals
    )


def _fresh(model: nn.Module) -> nn.Module | None:
    """Return an empty network of the model's class, if it is one of ours."""
    kind = type(model)
    ours = NETWORKS.get(kind.__name__) is kind
    return empty_network(kind.__name__) if ours else None


def _describe(path: str, module: nn.Module) -> dict[str, Any] | None:
    """Describe a module, or say where the one is that cannot be."""
    if isinstance(module, CompressedLayer) and not is_listed(module):
        raise ValueError(
            "model must be made of known layers, got "
            f"{type(module).__name__} at {path!r}, which is not in "
            "mini_compress.layers.kinds.COMPRESSED"
        )
    try:
        return describe(module)
    except (TypeError, ValueError) as error:
        raise type(error)(f"layer {path!r}: {error}") from None


def _require_readable(model: nn.Module, data: bytes) -> None:
    """Prove that a file can be read back, or say why not."""
    size = int.from_bytes(data[:8], "little")
    if 8 + size > LARGEST_HEADER:
        raise ValueError(
            f"header must have at most {LARGEST_HEADER:,} bytes, got "
            f"{size:,}: too many tensors for one file"
        )
    contents, entries, _ = read_header(data, "the file of this model")
    for alias, target in contents.tied.items():
        entries[alias] = entries[target]
    if _fresh(model) or "" in contents.modules:
        made = assemble(contents, None)
        require_fit(stored_state(made), entries, compressed_paths(made))
        return
    # of any other network: what is not described, the one given later has
    state = stored_state(model)
    for path, description in contents.modules.items():
        made = build_empty(path, description, model.get_submodule(path))
        for name in [x for x in state if x.startswith(f"{path}.")]:
            del state[name]
        for name, tensor in stored_state(made).items():
            state[f"{path}.{name}"] = tensor
    require_fit(state, entries, compressed_paths(model))
