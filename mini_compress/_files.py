"""Writing files so that a reader never meets half of one."""

import contextlib
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def write_beside(path: Path) -> Iterator[Path]:
    """Give a path to write to; rename it to `path` once it is complete.

    The folder is made if it is absent. If the writing fails, nothing is left
    behind and a file that was there before stays as it was.

    >>> folder = tempfile.TemporaryDirectory()
    >>> target = Path(folder.name) / "figures.json"
    >>> with write_beside(target) as unfinished:
    ...     _ = unfinished.write_text("[1, 2]")
    >>> target.read_text(), len(list(Path(folder.name).iterdir()))
    ('[1, 2]', 1)
    >>> folder.cleanup()
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=".writing-", dir=path.parent
    ) as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        if path.exists():  # who may read it stays as it was
            unfinished.chmod(stat.S_IMODE(path.stat().st_mode))
        unfinished.replace(path)
