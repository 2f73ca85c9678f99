"""The journal of a study in progress: one line for every run that ended.

Its first line says what is being run and what is claimed of it, so that the
claims are on disk before the first row, and rows of another grid, another
version or another machine are never added to it. Whatever moment a study is
interrupted at, the journal holds every row that had been measured.
"""

import json
import os
from pathlib import Path
from typing import Any, BinaryIO

from .grid import key_of
from .locks import lock
from .rows import AnyRow, read_row, write_row

Header = dict[str, Any]
DATE = "declared"  # the one entry of a header that may differ


class Journal:
    """A file of JSON lines: a header, then rows in the order they came.

    path : made if it is not there; locked until `close`
    header : what all rows have in common. A file whose header says something
        else, but for the date of the declaration, is a ValueError that names
        the difference; so is one that another process has locked.
    restart : throw away what the file holds

    header : as the file has it
    rows : what the file held when it was opened, and what was added since. A
        last line that was cut short, by a kill or a full disk, is dropped.
    """

    def __init__(
        self, path: Path, header: Header, *, restart: bool = False
    ) -> None:
        self.path = path
        self.header = header
        self.rows: list[AnyRow] = []
        self._file = _open_locked(path)
        try:
            if restart or not self._read():
                self._file.truncate(0)
                self._write_line(header)
        except BaseException:
            self._file.close()
            raise

    def append(self, row: AnyRow) -> None:
        """Add a row with its images, and see to it that it is on disk."""
        self._write_line(write_row(row, images=True))
        self.rows.append(row)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def remove(self) -> None:
        """Delete the file: its rows stand in a result."""
        self.path.unlink()
        self.close()

    def _write_line(self, facts: dict[str, Any]) -> None:
        self._file.write(json.dumps(facts).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self) -> bool:
        """Take over the rows of the file; False where not one line is whole."""
        self._file.seek(0)
        content = self._file.read()
        whole = content[: content.rfind(b"\n") + 1]
        if not whole:
            return False
        first, *others = whole.splitlines()
        found = _parse(first, self.path)
        _require_same(self.path, found, self.header)
        self.rows = [
            read_row(_parse(line, self.path), f"row {number} of {self.path}")
            for number, line in enumerate(others, start=1)
        ]
        _require_once(self.path, self.rows)
        self.header = found
        self._file.truncate(len(whole))
        return True


def _open_locked(path: Path) -> BinaryIO:
    """Open a file that no other process has open here; make it if absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = path.open("ab+")
        if not lock(file, wait=False):
            file.close()
            raise ValueError(
                f"{path} must be written by one process, got another that is "
                "at it: wait for it, or choose another --out"
            )
        if path.exists() and os.path.samestat(
            os.fstat(file.fileno()), path.stat()
        ):
            return file
        file.close()  # it was removed while it was being opened: once more


def _parse(line: bytes, path: Path) -> Any:
    try:
        return json.loads(line.decode())
    except ValueError:
        raise ValueError(
            f"{path} must hold JSON lines, got {line[:40]!r}; {RESTART}"
        ) from None


def _require_same(path: Path, found: Any, header: Header) -> None:
    known = found if isinstance(found, dict) else {}
    changed = [
        name
        for name in {**header, **known}
        if name != DATE and known.get(name) != header.get(name)
    ]
    if not changed and DATE in known:
        return
    changes = "; ".join(
        f"{name} was {known.get(name)}, is {header.get(name)}"
        for name in changed
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
            f"{path} must hold each run once, got {min(twice)} more often; "
            f"{RESTART}"
        )


RESTART = "--restart begins anew without it"
