"""The header of a network's file: is the file ours, whole and undamaged?

A safetensors file starts with the length of its header in 8 bytes, then the
header as JSON: where each tensor is, and our own part, as text. Read without
safetensors, whose errors do not tell a truncated file from a corrupt one.

A file may come from anyone, its checksum made to fit. So both parts of the
header are checked here, key by key, before anything is built from them.
"""

import hashlib
import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors

from .._require import require_one_of
from ..layers.plain_data import require_keywords
from .schema import VERSION, Contents, Entry, check_entries

FORMAT = "mini_compress"
NO_DIGEST = b"0" * 64  # in place of the checksum while it is computed
LARGEST_HEADER = 1_000_000  # bytes; that of a large network has 100,000
LONGEST_MESSAGE, LONGEST_NAME = 500, 200  # characters


@dataclass(frozen=True)
class Header:
    """A header that was taken apart, but not checked yet.

    entries : safetensors' part
    text : our part
    start : the byte at which the tensors start
    """

    entries: dict[str, Any]
    text: Any
    start: int

    @property
    def num_bytes(self) -> int:
        """How long the file must be, as far as the header tells."""
        ends = [self.start]
        for entry in self.entries.values():
            try:
                ends.append(self.start + int(entry["data_offsets"][1]))
            except (ArithmeticError, LookupError, TypeError, ValueError):
                continue  # checked later, once the file is whole
        return max(ends)


@contextmanager
def naming(name: str) -> Iterator[str]:
    """Turn whatever is wrong with a file into one ValueError of some length.

    name : of the file; what is yielded is how messages call it
    """
    shown = name if len(name) <= LONGEST_NAME else f"...{name[-LONGEST_NAME:]}"
    try:
        yield shown
    except (
        safetensors.SafetensorError,  # no ValueError, unlike json's
        ArithmeticError,
        AttributeError,
        LookupError,
        RuntimeError,  # and RecursionError
        TypeError,
        ValueError,
    ) as error:
        text = str(error)
        text = text if shown in text else f"{shown}: {text}"
        if len(text) > LONGEST_MESSAGE:
            text = f"{text[: LONGEST_MESSAGE - 3]}..."
        raise ValueError(text) from error


def read_file(path: Path, name: str) -> bytes:
    """Read a file whole, but no more of it than shows that it is not ours."""
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would never end
        raise ValueError(f"{name} must be a file of {FORMAT}, got no file")
    with path.open("rb") as file:
        size = path.stat().st_size
        head = file.read(9)
        head += file.read(_find_start(head, size, name) - len(head))
        header = take_apart(head, name, size)
        if size > header.num_bytes:
            raise ValueError(
                f"{name} is corrupt: it must have {header.num_bytes} bytes, "
                f"got {size}"
            )
        file.seek(0)
        return file.read(size)  # at once: to join two parts copies them


def take_apart(data: bytes, name: str, size: int) -> Header:
    """Parse both parts of the header; refuse all but a whole file of ours.

    data : the file, or its header alone
    size : of the file, in bytes
    """
    start = _find_start(data, size, name)
    entries = _parse_json(data[8:start], name)
    metadata = entries.pop("__metadata__", None)
    if not isinstance(metadata, dict) or FORMAT not in metadata:
        raise ValueError(
            f"{name} must be a file of {FORMAT}, "
            "got a safetensors file of another kind"
        )
    header = Header(entries, metadata[FORMAT], start)
    if size < header.num_bytes:
        raise ValueError(
            f"{name} is truncated: it must have {header.num_bytes} bytes, "
            f"got {size}"
        )
    return header


def read_header(
    data: bytes, name: str
) -> tuple[Contents, dict[str, Entry], int]:
    """Return our part of the header, the tensors' entries, and their start.

    data : a whole file
    """
    header = take_apart(data, name, len(data))
    if not isinstance(header.text, str):
        raise ValueError(f"{name} is corrupt: its header cannot be read")
    ours = _parse_json(header.text, name)
    require_one_of(f"version of {name}", ours.get("version"), [VERSION])
    _require_digest(data, header.start, ours.get("sha256"), name)
    require_keywords("the header", Contents, ours)
    contents = Contents(**ours)
    entries = check_entries(header.entries, len(data) - header.start)
    for alias, target in contents.tied.items():
        if alias in entries or target not in entries:
            raise ValueError(f"{alias!a} must be tied to a stored tensor")
    return contents, entries, header.start


def digest_of(data: bytes, position: int) -> bytes:
    """Return the checksum of a file, as if none stood at the position."""
    whole = memoryview(data)
    digest = hashlib.sha256(whole[:position])
    digest.update(NO_DIGEST)
    digest.update(whole[position + len(NO_DIGEST) :])
    return digest.hexdigest().encode()


def _require_digest(data: bytes, start: int, found: Any, name: str) -> None:
    digest = found.encode("ascii", "replace") if isinstance(found, str) else b""
    position = data.find(digest, 0, start)
    right = len(digest) == len(NO_DIGEST) and position >= 0
    if not right or digest_of(data, position) != digest:
        raise ValueError(f"{name} is corrupt: its checksum does not match")


def _find_start(data: bytes, size: int, name: str) -> int:
    """Return the byte at which the tensors start."""
    start = 8 + int.from_bytes(data[:8], "little")
    if data[8:9] != b"{" or start > LARGEST_HEADER:
        raise ValueError(
            f"{name} must be a file of {FORMAT}, got something else"
        )
    if size < start:
        raise ValueError(
            f"{name} is truncated: its header must have {start} bytes, "
            f"got {size}"
        )
    return start


def _parse_json(text: bytes | str, name: str) -> dict[str, Any]:
    try:
        found = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_number
        )
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"{name} is corrupt: its header cannot be read")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what two readers could take for two different files."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")
