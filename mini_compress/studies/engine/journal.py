"""The journal of a study in progress: one line for every run that ended.

Its first line says what is being run, so that rows of another grid, another
version or another machine are never added to it. Whatever moment a study is
interrupted at, the journal holds every row that had been measured.
"""

import json
import os
from pathlib import Path
from typing import Any

from .grid import key_of
from .rows import AnyRow, read_row, write_row

Header = dict[str, Any]


class Journal:
    """A file of JSON lines: a header, then rows in the order they came.

    path : made if it is not there
    header : what all rows have in common. A file whose header says something
        else is a ValueError that names the difference.

    rows : what the file held when it was opened, and what was added since. A
        last line that was cut short, by a kill or a full disk, is dropped.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.header = header
        self.rows: list[AnyRow] = []
        if not path.exists() or not self._read(header):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
            self._write_line(header)

    def append(self, row: AnyRow) -> None:
        """Add a row, and see to it that it is on disk."""
        self._write_line(write_row(row))
        self.rows.append(row)

    def _write_line(self, facts: dict[str, Any]) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps(facts) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self, header: Header) -> bool:
        """Take over the rows of the file; False where not one line is whole."""
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if not whole:
            return False
        first, *others = whole.decode().splitlines()
        _require_same(self.path, _parse(first, self.path), header)
        self.rows = [
            read_row(_parse(line, self.path), f"row {number} of {self.path}")
            for number, line in enumerate(others, start=1)
        ]
        _require_once(self.path, self.rows)
        os.truncate(self.path, len(whole))
        return True


def _parse(line: str, path: Path) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise ValueError(
            f"{path} must hold JSON lines, got {line[:40]!r}; {RESTART}"
        ) from None


def _require_same(path: Path, found: Any, header: Header) -> None:
    if found == header:
        return
    known = found if isinstance(found, dict) else {}
    changed = [name for name in header if known.get(name) != header[name]]
    changes = "; ".join(
        f"{name} was {known.get(name)}, is {header[name]}" for name in changed
    )
    raise ValueError(
        f"{path} must be of the same study, got another: {changes}. "
        f"Its rows and new ones do not belong in one result; {RESTART}"
    )


def _require_once(path: Path, rows: list[AnyRow]) -> None:
    keys = [key_of(row) for row in rows]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise ValueError(
            f"{path} must hold each run once, got {min(twice)} more often: "
            f"two processes wrote to it; {RESTART}"
        )


RESTART = "--restart begins anew without it"
