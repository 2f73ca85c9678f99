"""The file of a compressed network: real bytes, safely read."""

from .file import file_kb, file_parts, from_bytes, load, save, to_bytes

__all__ = ["file_kb", "file_parts", "from_bytes", "load", "save", "to_bytes"]
