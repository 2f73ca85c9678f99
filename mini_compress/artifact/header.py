"""The header of a network's file: is the file ours, whole and undamaged?

A safetensors file starts with the length of its header in 8 bytes, then the
header as JSON: where each tensor is, and our own part, as text. Read without
safetensors, whose errors do not tell a truncated file from a corrupt one.
"""

import hashlib
import json
from typing import Any

from .._require import require_one_of

FORMAT, VERSION = "mini_compress", 1
NO_DIGEST = b"0" * 64  # in place of the checksum while it is computed
LARGEST_HEADER = 100_000_000  # safetensors' own limit, in bytes


def read_header(data: bytes, name: str) -> dict[str, Any]:
    """Return our part of the header; refuse all but a whole file of ours."""
    entries, start = read_entries(data, name)
    metadata = entries.pop("__metadata__", {})
    if FORMAT not in metadata:
        raise ValueError(
            f"{name} must be a file of mini_compress, "
            "got a safetensors file of another kind"
        )
    header = _parse_json(metadata[FORMAT], name)
    require_one_of(f"version of {name}", header.get("version"), [VERSION])
    digest = str(header.get("sha256")).encode()
    blank = data.replace(digest, NO_DIGEST, 1)
    if hashlib.sha256(blank).hexdigest().encode() != digest:
        expected = start + _num_tensor_bytes(entries)
        if len(data) < expected:
            raise ValueError(
                f"{name} is truncated: it must have {expected} bytes, "
                f"got {len(data)}"
            )
        raise ValueError(f"{name} is corrupt: its checksum does not match")
    return header


def read_entries(data: bytes, name: str) -> tuple[dict[str, Any], int]:
    """Return safetensors' header and the byte at which the tensors start."""
    start = 8 + int.from_bytes(data[:8], "little")
    if data[8:9] != b"{" or start > LARGEST_HEADER:
        raise ValueError(
            f"{name} must be a file of mini_compress, got something else"
        )
    if len(data) < start:
        raise ValueError(
            f"{name} is truncated: its header must have {start} bytes, "
            f"got {len(data)}"
        )
    return _parse_json(data[8:start], name), start


def _parse_json(text: bytes | str, name: str) -> dict[str, Any]:
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(
            f"{name} is corrupt: its header cannot be read"
        ) from None


def _num_tensor_bytes(entries: dict[str, Any]) -> int:
    """Return where the last tensor ends, as far as the header tells."""
    ends = [
        entry["data_offsets"][1]
        for entry in entries.values()
        if "data_offsets" in entry
    ]
    return max(ends, default=0)
