"""The file of a compressed network: real bytes, safely read.

A file is a safetensors file: packed codes, scales, biases as they are, and a
header with the network's name and what differs from a freshly built one. Its
length is the size the book reports. Nothing is unpickled; a checksum over the
whole file tells a damaged one from a whole one.
"""

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor, nn

from .._files import write_beside
from .._inference import require_module
from ..layers.describe import build_module, describe
from ..models import NETWORKS, build
from .header import FORMAT, NO_DIGEST, VERSION, read_entries, read_header

__all__ = ["file_kb", "file_parts", "from_bytes", "load", "save", "to_bytes"]

# counts steps of training; a network in use has no need of it
TRAINING_ONLY = "num_batches_tracked"


def save(model: nn.Module, path: str | Path) -> int:
    """Write a network to a file, and return the file's size in bytes.

    The file is written beside and renamed: `path` is never half a file.
    """
    data = to_bytes(model)
    with write_beside(Path(path)) as unfinished:
        unfinished.write_bytes(data)
    return len(data)


def load(path: str | Path, network: nn.Module | None = None) -> nn.Module:
    """Read a network from a file that `save` wrote; see `from_bytes`."""
    return from_bytes(Path(path).read_bytes(), network, name=str(path))


def to_bytes(model: nn.Module) -> bytes:
    """Return the file of a network as bytes.

    model : one of `models.NETWORKS`, compressed or not, or any module whose
        layers are torch's and this package's
    """
    require_module("model", model)
    header = {
        "version": VERSION,
        "network": type(model).__name__,
        "trained_on": getattr(model, "trained_on", None),
        "modules": _differences(model),
        "sha256": NO_DIGEST.decode(),
    }
    tensors = {
        name: tensor.detach().contiguous().clone()  # safetensors: no sharing
        for name, tensor in model.state_dict().items()
        if not name.endswith(TRAINING_ONLY)
    }
    # one entry: safetensors writes several in random order
    metadata = {FORMAT: json.dumps(header, separators=(",", ":"))}
    data = safetensors.torch.save(tensors, metadata)
    digest = hashlib.sha256(data).hexdigest().encode()
    return data.replace(NO_DIGEST, digest, 1)


def file_kb(model: nn.Module) -> float:
    """Return the length of a network's file, in KB of 1,000 bytes."""
    return len(to_bytes(model)) / 1000


def from_bytes(
    data: bytes, network: nn.Module | None = None, *, name: str = "data"
) -> nn.Module:
    """Rebuild the network that `to_bytes` stored, in evaluation mode.

    data : a whole file
    network : for a network that is not one of `models.NETWORKS`: a module of
        the same class, which is copied and filled, not changed
    name : what error messages call the data
    """
    header = read_header(data, name)
    model = _skeleton(header["network"], network, name)
    for path, description in header["modules"].items():
        _replace(model, path, build_module(description), name)
    _fill(model, safetensors.torch.load(data), name)
    model.trained_on = header["trained_on"]
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
    read_header(data, "data")  # refuses what is not a whole file of ours
    entries, start = read_entries(data, "data")
    parts = dict.fromkeys(("weights or codes", "scales", "biases"), 0)
    for name, entry in entries.items():
        if "data_offsets" in entry:
            begin, end = entry["data_offsets"]
            parts[_part_of(name.split(".")[-1])] += end - begin
    return {**parts, "header": start}


def _part_of(tensor_name: str) -> str:
    if tensor_name.endswith(("scale", "zero_point")):
        return "scales"
    return "biases" if tensor_name == "bias" else "weights or codes"


def _differences(model: nn.Module) -> dict[str, dict[str, Any]]:
    """Describe the modules that a freshly built network has otherwise."""
    name = type(model).__name__
    fresh = build(name) if NETWORKS.get(name) is type(model) else None
    originals = dict(fresh.named_modules()) if fresh else {}
    differences = {}
    described: tuple[str, ...] = ()
    for path, module in model.named_modules(remove_duplicate=False):
        if path.startswith(described):  # part of a described module
            continue
        description = describe(module)
        if description is not None:
            described += (f"{path}.",)
            if description != describe(originals.get(path)):
                differences[path] = description
        elif fresh and type(module) is not type(originals.get(path)):
            raise ValueError(
                f"model must be made of known layers, got "
                f"{type(module).__name__} at {path!r}"
            )
    return differences


def _skeleton(
    network_name: str, network: nn.Module | None, name: str
) -> nn.Module:
    """Return a fresh network of the stored kind, to be filled."""
    if network is not None:
        got = type(network).__name__
        if got != network_name:
            raise ValueError(f"network must be a {network_name}, got {got}")
        return copy.deepcopy(network)
    if network_name not in NETWORKS:
        raise ValueError(
            f"{name} holds a {network_name}, which is none of "
            f"{', '.join(NETWORKS)}: pass one as `network`"
        )
    return build(network_name)  # draws nothing from torch's generator


def _replace(model: nn.Module, path: str, module: nn.Module, name: str) -> None:
    """Put a module at a dotted path."""
    try:
        model.get_submodule(path)
    except AttributeError:
        raise ValueError(
            f"{name} does not fit the network: it has no {path!r}"
        ) from None
    model.set_submodule(path, module)


def _fill(model: nn.Module, tensors: dict[str, Tensor], name: str) -> None:
    """Copy tensors into the model; every name and shape must fit."""
    state = {
        key: tensor
        for key, tensor in model.state_dict().items()
        if not key.endswith(TRAINING_ONLY)
    }
    wrong = [
        key
        for key in state.keys() | tensors.keys()
        if key not in state
        or key not in tensors
        or state[key].shape != tensors[key].shape
        or state[key].dtype != tensors[key].dtype
    ]
    if wrong:
        raise ValueError(
            f"{name} does not fit the network: {', '.join(sorted(wrong))}"
        )
    model.load_state_dict(tensors, strict=False)
