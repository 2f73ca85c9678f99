"""What was asked of a result, in words, and how settings differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .grid import key_of
from .rows import AnyRow
from .settings import Setting


def words(wanted: Mapping[str, Any]) -> str:
    """Write what was asked for, as it was.

    >>> words({"method": "float", "bits": (4, 8)})
    "method='float', bits=(4, 8)"
    """
    return ", ".join(f"{name}={wanted[name]!r}" for name in wanted)


def differences(found: Sequence[Setting]) -> str:
    """Say in which fields settings differ, and what they have there."""
    own = [
        {"network": x.network, "dataset": x.dataset, "method": x.method}
        | dict(x.settings)
        for x in found
    ]
    names = dict.fromkeys(name for x in own for name in x)
    values = {
        name: dict.fromkeys(str(x.get(name, "-")) for x in own)
        for name in names
    }
    return "; ".join(
        f"{name}: {', '.join(values[name])}"
        for name in names
        if len(values[name]) > 1
    )


def grouped(rows: Iterable[AnyRow], *varying: str) -> Iterator[tuple[Any, ...]]:
    """Put together the rows that differ in these fields of a run alone."""
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(key_of(row, but=varying), []).append(row)
    return map(tuple, groups.values())
