"""The file of a compressed network: real bytes, safely read.

A file is a safetensors file: packed codes, scales, biases as they are, and a
header with the network's name and what differs from a freshly built one. Its
length is the size the book reports. Nothing is unpickled; a checksum over the
whole file tells a damaged one from a whole one.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from .._files import write_beside
from .._inference import HasModel, network_of, require_module
from ..layers.base import CompressedLayer
from ..layers.describe import describe, is_listed
from ..layers.plain import require_plain_weights
from ..models import NETWORKS
from .forms import is_altered
from .header import (
    DTYPES,
    FORMAT,
    NO_DIGEST,
    VERSION,
    digest_of,
    naming,
    read_file,
    read_header,
)
from .rebuild import (
    assemble,
    build_empty,
    compressed_paths,
    fill,
    has_own_version,
    is_training_only,
    require_fit,
)
from .values import require_values

LAZY = (UninitializedBuffer, UninitializedParameter)

__all__ = ["file_kb", "file_parts", "from_bytes", "load", "save", "to_bytes"]


def save(model: nn.Module | HasModel, path: str | Path) -> int:
    """Write a network to a file, and return the file's size in bytes.

    The file is written beside and renamed: `path` is never half a file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     size = save(nn.Linear(10, 4), f"{folder}/layer")
    ...     size == Path(folder, "layer").stat().st_size
    True
    """
    data = to_bytes(model)
    with write_beside(Path(path)) as unfinished:
        unfinished.write_bytes(data)
    return len(data)


def load(
    path: str | Path, network: nn.Module | type[nn.Module] | None = None
) -> nn.Module:
    """Read a network from a file that `save` wrote; see `from_bytes`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = save(nn.Linear(10, 4), f"{folder}/layer")
    ...     load(f"{folder}/layer")
    Linear(in_features=10, out_features=4, bias=True)
    """
    with naming(str(path)) as shown:
        data = read_file(Path(path), shown)
    return from_bytes(data, network, name=str(path))


def to_bytes(model: nn.Module | HasModel) -> bytes:
    """Return the file of a network as bytes.

    model : one of `models.NETWORKS`, compressed or not, or any module. What
        `from_bytes` could not read is refused here, by the layer's path. Or
        what a method gave back whose `.model` is one.

    Floats keep their type, a tensor under two names is stored once. Counters
    of training steps (num_batches_tracked) are not stored, and start at 0.

    >>> from_bytes(to_bytes(nn.Linear(3, 2)))
    Linear(in_features=3, out_features=2, bias=True)
    """
    model = network_of(model)
    require_plain_weights(model)
    require_values(model)
    tensors, tied = _tensors_of(model)
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


def file_kb(model: nn.Module | HasModel) -> float:
    """Return the length of a network's file, in KB of 1,000 bytes.

    >>> from mini_compress.models import LeNet300
    >>> file_kb(LeNet300()) > 4 * 266.61  # four bytes for each parameter
    True
    """
    return len(to_bytes(model)) / 1000


def from_bytes(
    data: bytes,
    network: nn.Module | type[nn.Module] | None = None,
    *,
    name: str = "data",
) -> nn.Module:
    """Rebuild the network that `to_bytes` stored, in evaluation mode.

    data : a whole file
    network : for a network that is not one of `models.NETWORKS`: a module of
        the same class, which is copied and filled, not changed; or the class,
        if it can be called without arguments
    name : what error messages call the data

    A file that is damaged, foreign or made up is one ValueError.

    >>> from_bytes(b"something")
    Traceback (most recent call last):
    ValueError: data must be a file of mini_compress, got something else
    """
    data = _require_bytes(data)
    if not isinstance(network, type):
        if network is not None:
            require_module("network", network)
    elif not issubclass(network, nn.Module):
        raise TypeError(f"network must be a torch.nn.Module, got {network}")
    with naming(name) as shown:
        contents, entries, _ = read_header(data, shown)
        model = assemble(contents, network)
        for alias, target in contents.tied.items():
            entries[alias] = entries[target]
        require_fit(_stored_state(model), entries, compressed_paths(model))
        fill(model, safetensors.torch.load(data), contents)
        require_values(model)
        model.trained_on = contents.trained_on  # type: ignore[assignment]
        return model.eval()


def file_parts(data: bytes) -> dict[str, int]:
    """Count the bytes of a file by what they are for.

    data : a whole file, as `to_bytes` returns it
    returns : bytes of "weights or codes", of "scales" (with the zero points
        that belong to them), of "biases" and of the "header", which add up to
        the length of the file

    >>> file_parts(to_bytes(nn.Linear(10, 4)))["biases"]
    16
    """
    data = _require_bytes(data)
    with naming("data") as shown:
        _, entries, start = read_header(data, shown)
    parts = dict.fromkeys(("weights or codes", "scales", "biases"), 0)
    for name, entry in entries.items():
        parts[_part_of(name.split(".")[-1])] += entry.num_bytes
    return {**parts, "header": start}


def _part_of(tensor_name: str) -> str:
    if tensor_name.endswith(("scale", "zero_point")):
        return "scales"
    return "biases" if tensor_name == "bias" else "weights or codes"


def _require_bytes(data: Any) -> bytes:
    if not isinstance(data, bytes | bytearray | memoryview):
        got = type(data).__name__
        raise TypeError(f"data must be bytes, got {got}; `load` reads a path")
    return bytes(data)


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
            described += (f"{path}." if path else "",)
            if description != describe(originals.get(path)):
                differences[path] = description
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
    if NETWORKS.get(kind.__name__) is not kind:
        return None
    with torch.device("meta"):
        return kind()


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


def _stored_state(model: nn.Module) -> dict[str, Tensor]:
    state = model.state_dict()
    return {x: state[x] for x in state if not is_training_only(x)}


def _require_readable(model: nn.Module, data: bytes) -> None:
    """Prove that a file can be read back, or say why not."""
    contents, entries, _ = read_header(data, "the file of this model")
    for alias, target in contents.tied.items():
        entries[alias] = entries[target]
    if _fresh(model) or "" in contents.modules:
        made = assemble(contents, None)
        require_fit(_stored_state(made), entries, compressed_paths(made))
        return
    # of any other network: what is not described, the one given later has
    state = _stored_state(model)
    for path, description in contents.modules.items():
        made = build_empty(path, description, model.get_submodule(path))
        for name in [x for x in state if x.startswith(f"{path}.")]:
            del state[name]
        for name, tensor in _stored_state(made).items():
            state[f"{path}.{name}"] = tensor
    require_fit(state, entries, compressed_paths(model))
