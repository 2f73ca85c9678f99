"""Tables of settings, as Markdown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...writing import markdown_table
from .settings import Setting

Column = str | Callable[[Setting], Any]


def settings_table(
    settings: Sequence[Setting],
    columns: Mapping[str, Column],
    *,
    names: Sequence[str] | None = None,
) -> str:
    """Write settings as a pipe table, one to a line.

    columns : header -> what stands below it, see `cell`
    names : of the settings, in a first column
    """
    lines = [
        [cell(setting, column) for column in columns.values()]
        for setting in settings
    ]
    header = list(columns)
    if names is not None:
        header = ["", *header]
        lines = [[n, *line] for n, line in zip(names, lines, strict=True)]
    return markdown_table(header, lines)


def crossing_table(
    found: Mapping[str, Sequence[Setting]],
    header: Sequence[str],
    column: Column,
) -> str:
    """Write one quantity of settings that lie in rows and columns.

    found : name of a row -> its settings, one for each column
    header : one entry more, for the names
    column : what is shown of each, see `cell`
    """
    rows = [
        [name, *(cell(setting, column) for setting in settings)]
        for name, settings in found.items()
    ]
    return markdown_table(header, rows)


def cell(setting: Setting, column: Column) -> str:
    """Write what a setting has in a column.

    column : "drop" or "verdict.bound", a property of `Setting`; or "bits",
        one of its settings, empty where it has none; either with a format,
        "drop:+.2f"; or a function of the setting

    >>> from mini_compress import studies
    >>> setting = studies.load("slimming").one(method="float")
    >>> [cell(setting, x) for x in ("method", "drop:+.2f", "bits")]
    ['float', '+0.00', '']
    >>> cell(setting, lambda setting: f"{setting.num_bytes / 1000:.0f} KB")
    '136 KB'
    """
    if callable(column):
        return str(column(setting))
    path, _, spec = column.partition(":")
    name, *inner = path.split(".")
    value: Any = setting.settings.get(name)
    if name not in setting.settings and hasattr(setting, name):
        value = getattr(setting, name)
    for attribute in inner:
        value = None if value is None else getattr(value, attribute)
    return "" if value is None else format(value, spec)
