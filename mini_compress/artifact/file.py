"""The file of a compressed network: real bytes, safely read.

A file is a safetensors file: packed codes, scales, biases as they are, and a
header with the network's name and what differs from a freshly built one. Its
length is the size the book reports. Nothing is unpickled; a checksum over the
whole file tells a damaged one from a whole one.
"""

from pathlib import Path
from typing import Any

import safetensors.torch
from torch import nn

from .._files import write_beside
from .._inference import HasModel, require_module
from .encode import to_bytes
from .header import naming, read_file, read_header
from .rebuild import assemble
from .state import (
    compressed_paths,
    fill,
    require_fit,
    stored_state,
)
from .values import require_values

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

    >>> from_bytes(to_bytes(nn.Linear(3, 2)))
    Linear(in_features=3, out_features=2, bias=True)
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
        require_fit(stored_state(model), entries, compressed_paths(model))
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
