"""What the studies found: reading the results that ship with the package."""

import itertools
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ... import measuring
from ..._require import require_one_of
from ..catalog import STUDIES
from .grid import key_of
from .rows import FLOAT, AnyRow, Row
from .schema import read_file

_FOLDER = Path(str(resources.files("mini_compress.results")))


@dataclass(frozen=True)
class Setting:
    """One method with one choice of settings: its rows, seed by seed.

    non_inferior : whether, for every seed, a loss of accuracy as large as the
        study's margin is ruled out (see `Result.table`)
    """

    rows: tuple[Row, ...]
    non_inferior: bool

    @property
    def method(self) -> str:
        """What was done; "float" is the baseline."""
        return self.rows[0].method

    @property
    def settings(self) -> Mapping[str, Any]:
        """Of the method."""
        return self.rows[0].settings

    @property
    def accuracies(self) -> tuple[float, ...]:
        """Accuracy on the test images for each seed, in percent."""
        return tuple(row.accuracy for row in self.rows)

    @property
    def mean_accuracy(self) -> float:
        """Mean over the seeds, in percent; not beyond the highest of them."""
        return statistics.mean(self.accuracies)

    @property
    def drops(self) -> tuple[float, ...]:
        """Loss of accuracy against each seed's baseline, in pp."""
        return tuple(row.comparison.drop for row in self.rows)

    @property
    def num_bytes(self) -> int:
        """Length of the file: the largest, should seeds differ."""
        return max(row.num_bytes for row in self.rows)


@dataclass(frozen=True)
class Result:
    """All that a study wrote down; the fields are those of its file.

    created : date and time, ISO 8601
    seconds : of processor time, all runs together
    machine, versions, dataset_sha256 : where the figures come from
    rows : in the order of the grid
    """

    study: str
    command: str
    created: str
    seconds: float
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    dataset_sha256: Mapping[str, str]
    rows: tuple[AnyRow, ...]

    def select(self, **wanted: Any) -> tuple[AnyRow, ...]:
        """Return the rows with these values, at least one.

        wanted : fields of a row (network="ConvNet") or settings (bits=4)
        """
        found = tuple(row for row in self.rows if _matches(row, wanted))
        if not found:
            words = ", ".join(f"{name}={wanted[name]!r}" for name in wanted)
            raise ValueError(f"{self.study} must have rows, got none: {words}")
        return found

    def table(self, **wanted: Any) -> tuple[Setting, ...]:
        """Put the rows of each setting together, and say what lost nothing.

        wanted : as for `select`

        Non-inferior is judged at the margin that the study fixed beforehand,
        row by row against the same seed's baseline, corrected by Holm's
        method for all rows of the network and the data set: for those that
        are not wanted, too, so that a choice of rows changes no verdict. A
        setting passes where each seed does; the baselines themselves do.
        """
        passing = {key_of(row) for row in self._passing()}
        return tuple(
            Setting(rows, all(key_of(row) in passing for row in rows))
            for rows in _grouped(self.select(**wanted), "seed")
        )

    def _passing(self) -> list[AnyRow]:
        """List the rows for which the margin is ruled out."""
        margin = STUDIES[self.study].margin
        if margin is None:
            raise ValueError(f"{self.study} must measure accuracy to judge it")
        passing = [row for row in self.rows if row.method == FLOAT]
        others = [row for row in self.rows if row.method != FLOAT]
        for rows in _grouped(others, "method", "settings", "seed"):
            verdicts = measuring.non_inferior(
                [row.comparison for row in rows], margin=margin
            )
            passing += itertools.compress(rows, verdicts)
        return passing


def load(name: str) -> Result:
    """Return a result that ships with the package.

    name : of the study; see `python -m mini_compress.studies list`

    >>> result = load("post_training_quantization")
    >>> settings = result.table(network="LeNet5", bits=8, granularity="group")
    >>> [(x.method, len(x.accuracies), x.non_inferior) for x in settings]
    [('quantize_weights', 3, True)]
    """
    require_one_of("name", name, shipped())
    return read(_FOLDER / f"{name}.json")


def read(path: Path) -> Result:
    """Return a result that the runner wrote anywhere."""
    return Result(**read_file(path))


def shipped() -> list[str]:
    """Name the results that ship with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.json"))


def _matches(row: AnyRow, wanted: Mapping[str, Any]) -> bool:
    facts = {**row.settings, **vars(row)}
    return all(
        name in facts and facts[name] == value for name, value in wanted.items()
    )


def _grouped(
    rows: Iterable[AnyRow], *varying: str
) -> Iterator[tuple[Row, ...]]:
    """Put together the rows that differ in these fields of a run alone."""
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(key_of(row, but=varying), []).append(row)
    return map(tuple, groups.values())
