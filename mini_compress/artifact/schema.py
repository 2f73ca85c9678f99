"""What the two parts of a file's header may say, key by key."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch

from .._require import (
    require_bool,
    require_equal,
    require_int,
    require_one_of,
)
from ..layers.plain_data import require_object

VERSION = 1
DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


@dataclass(frozen=True)
class Entry:
    """What the header says of one tensor."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    num_bytes: int


@dataclass(frozen=True)
class Contents:
    """Our part of the header.

    network : name of its class
    trained_on : name of the data set, if known
    modules : what `layers.describe` says of those that a fresh network has
        otherwise, by path
    tied : names of tensors that are stored under another name
    versions : of modules that tell old states from new ones, by path
    own_class : the class is not one of `models`, but is called the same
    altered : of a network of `models`: more than widths and the way in which
        weights are kept is not as its class has it, a stride for example
    """

    version: int
    network: str
    trained_on: str | None
    modules: dict[str, Any]
    sha256: str
    tied: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    own_class: bool = False
    altered: bool = False

    def __post_init__(self) -> None:
        require_int("version", self.version, VERSION, VERSION)
        if not isinstance(self.network, str) or not self.network.isidentifier():
            raise ValueError(
                f"network must be the name of a class, got {self.network!a}"
            )
        if not isinstance(self.trained_on, str | None):
            got = type(self.trained_on).__name__
            raise TypeError(f"trained_on must be a string or null, got {got}")
        for name in ("modules", "tied", "versions"):
            require_object(name, getattr(self, name))
        for target in self.tied.values():
            require_equal("kind of name in tied", str, type(target))
        for version in self.versions.values():
            require_int("versions", version, 0)
        require_bool("own_class", self.own_class)
        require_bool("altered", self.altered)


def check_entries(entries: dict[str, Any], num_bytes: int) -> dict[str, Entry]:
    """Return the entries; they must cover the tensors' bytes, each once."""
    checked = {}
    spans = []
    for name, value in entries.items():
        try:
            entry, begin = _check_entry(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"entry of {name[:80]!a}: {error}") from None
        checked[name] = entry
        spans.append((begin, begin + entry.num_bytes))
    end = 0
    for begin, next_end in sorted(spans):
        require_equal("next byte of the tensors", end, begin)
        end = next_end
    require_equal("last byte of the tensors", num_bytes, end)
    return checked


def _check_entry(value: Any) -> tuple[Entry, int]:
    """Return an entry, and the byte at which its tensor begins."""
    found = require_object("it", value)
    require_equal("keys", ["data_offsets", "dtype", "shape"], sorted(found))
    require_one_of("dtype", found["dtype"], list(DTYPES))
    dtype = DTYPES[found["dtype"]]
    shape, offsets = found["shape"], found["data_offsets"]
    for numbers in (shape, offsets):
        require_equal("shape and data_offsets", list, type(numbers))
        for number in numbers:
            require_int("each number", number, 0)
    require_equal("length of data_offsets", 2, len(offsets))
    num_bytes = math.prod(shape) * dtype.itemsize
    require_equal("bytes of the shape", offsets[1] - offsets[0], num_bytes)
    return Entry(dtype, tuple(shape), num_bytes), offsets[0]
