"""Which test images each row has wrong: NAME.npz beside NAME.json.

For each data set the file holds one array, (rows, bytes) uint8: the rows of
that data set in the order of the result, eight images to a byte.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..._files import write_beside
from ..._require import require_equal
from .rows import AnyRow, Row


def write_images(path: Path, rows: Sequence[AnyRow]) -> None:
    """Write the images of a result's rows; nothing where none are kept."""
    kept = _by_dataset(rows)
    if not kept or not all(row.wrong for part in kept.values() for row in part):
        return
    arrays = {
        name: np.stack([np.frombuffer(row.wrong, np.uint8) for row in part])
        for name, part in kept.items()
    }
    with write_beside(path) as unfinished:
        np.savez_compressed(unfinished, **arrays)  # type: ignore[arg-type]


def read_images(path: Path, rows: Sequence[AnyRow]) -> tuple[AnyRow, ...]:
    """Give rows their images; as they are where there is no such file.

    A file that does not belong to the rows is a ValueError that names it.
    """
    if not path.exists():
        return tuple(rows)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            packed = {name: arrays[name] for name in arrays.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path.name} must be npz, got {error}") from None
    kept = _by_dataset(rows)
    require_equal(f"data sets of {path.name}", sorted(kept), sorted(packed))
    for name, part in kept.items():
        require_equal(f"rows of {path.name}", len(part), len(packed[name]))
    turns = {name: iter(array) for name, array in packed.items()}
    return tuple(
        replace(row, wrong=next(turns[row.dataset]).tobytes())
        if isinstance(row, Row)
        else row
        for row in rows
    )


def _by_dataset(rows: Sequence[AnyRow]) -> dict[str, list[Row]]:
    parts: dict[str, list[Row]] = {}
    for row in rows:
        if isinstance(row, Row):
            parts.setdefault(row.dataset, []).append(row)
    return parts
