"""Writing TOML: Python's own library only reads it."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
DELETE = "\x7f"  # the one control character that JSON does not escape


def toml_text(
    head: Mapping[str, Any], steps: Iterable[Mapping[str, Any]]
) -> str:
    """Write a table, then each of some others as one of `[[steps]]`.

    >>> print(toml_text({"name": "a"}, [{"layers": ["x.1"], "on": True}]))
    name = "a"
    <BLANKLINE>
    [[steps]]
    layers = ["x.1"]
    on = true
    <BLANKLINE>
    """
    parts = [_lines(head), *("[[steps]]\n" + _lines(x) for x in steps)]
    return "\n".join(parts)


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{_key(x)} = {_value(y)}\n" for x, y in table.items())


def _key(name: str) -> str:
    return name if BARE_KEY.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = [f"{_key(x)} = {_value(y)}" for x, y in value.items()]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    # texts, whole numbers, true and false are written as JSON writes them
    text = json.dumps(value, ensure_ascii=False)
    return text.replace(DELETE, "\\u007f")
