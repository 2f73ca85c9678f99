"""What the studies found: reading the results that ship with the package."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..._require import require_one_of
from .grid import facts_of_run, key_of, matches
from .images import read_images
from .rows import FLOAT, AnyRow, Row
from .schema import read_file
from .settings import Setting
from .showing import Column, settings_table
from .superiority import BetterClaim, better_table
from .verdicts import FOLDER, Claims, claim_key, claims_of, shipped


@dataclass(frozen=True)
class Result:
    """All that a study wrote down; the fields are those of its file.

    created : date and time, ISO 8601
    declared : when margin and claims were written down, before the first run
    seconds : of processor time, all runs together
    machine, versions, dataset_sha256 : where the figures come from
    margin : the smallest drop that matters, in pp; None for times
    claims : of which settings it claims to lose less: network, dataset,
        method, settings
    controls : methods of which nothing is claimed
    constants : of the study, such as the learning rate of its fine-tuning
    grids : the values of each setting of each method
    baselines : how they were trained, and their accuracy seed by seed
    rows : in the order of the grid
    better_claims : of which settings it claims that they are better than
        which others, see `better`; none where nothing of the kind is claimed
    """

    study: str
    command: str
    created: str
    declared: str
    seconds: float
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    dataset_sha256: Mapping[str, str]
    margin: float | None
    claims: Sequence[Mapping[str, Any]]
    controls: Sequence[str]
    constants: Mapping[str, Any]
    grids: Mapping[str, Mapping[str, Sequence[Any]]]
    baselines: Sequence[Mapping[str, Any]]
    rows: tuple[AnyRow, ...]
    better_claims: Sequence[Mapping[str, Any]] = ()

    def select(self, **wanted: Any) -> tuple[AnyRow, ...]:
        """Return the rows with these values, at least one.

        wanted : fields of a row (network="ConvNet") or settings (bits=4); a
            tuple is any of its values, and None is a row that has no such
            setting
        """
        found = tuple(row for row in self.rows if matches(row, wanted))
        if not found:
            raise ValueError(
                f"{self.study} must have rows, got none: {_words(wanted)}; "
                f"there are {self._choices(wanted)}"
            )
        return found

    def table(self, **wanted: Any) -> tuple[Setting, ...]:
        """Put the rows of each setting together.

        wanted : as for `select`
        """
        claims = claims_of(self.study, vars(self))
        return tuple(
            self._setting(rows, claims)
            for rows in _grouped(self.select(**wanted), "seed")
        )

    def one(self, **wanted: Any) -> Setting:
        """Return the one setting with these values.

        wanted : as for `select`. No setting, or several, is a ValueError that
            lists what there is.

        >>> study = load("slimming")
        >>> study.one(method="slimming", strength=0.003, scope="global")
        ... # doctest: +ELLIPSIS
        Setting(ConvNet, fashion_mnist, slimming, strength=0.003, ...)
        >>> study.one(method="slimming", strength=0.003)
        ... # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: slimming must have one setting with ... scope: global, layer
        """
        found = self.table(**wanted)
        if len(found) > 1:
            raise ValueError(
                f"{self.study} must have one setting with {_words(wanted)}, "
                f"got {len(found)}: they differ in {_differences(found)}"
            )
        return found[0]

    def markdown(
        self,
        *,
        columns: Mapping[str, Column],
        rows: Mapping[str, Mapping[str, Any] | Setting] | None = None,
    ) -> str:
        """Write a table of settings, one to a line.

        columns : header -> see `showing.cell`
        rows : name -> what `one` is asked for, or a setting; None takes all
            settings, without a column of names

        >>> print(load("slimming").markdown(
        ...     rows={"uncompressed": {"method": "float"}},
        ...     columns={"drop (pp)": "drop:+.2f"},
        ... ).splitlines()[0])
        |  | drop (pp) |
        """
        if rows is None:
            return settings_table(self.table(), columns)
        settings = [
            x if isinstance(x, Setting) else self.one(**x)
            for x in rows.values()
        ]
        return settings_table(settings, columns, names=list(rows))

    @property
    def better(self) -> list[BetterClaim]:
        """What was claimed to be better before the run, and what came out."""
        if not self.better_claims:
            return []
        settings = {claim_key(x.rows[0]): x for x in self.table()}
        return [
            BetterClaim(
                name=claim["names"][0],
                other=claim["names"][1],
                gain=settings[claim_key(claim["first"])]
                - settings[claim_key(claim["second"])],
            )
            for claim in self.better_claims
        ]

    def markdown_better(self) -> str:
        """Write all claims of "better" as a table, one to a line."""
        return better_table(self.better)

    def _setting(self, rows: tuple[Row, ...], claims: Claims) -> Setting:
        places = {
            (row.network, row.dataset, row.seed): row
            for row in self.rows
            if isinstance(row, Row) and row.method == FLOAT
        }
        if not isinstance(rows[0], Row):
            raise ValueError(
                f"{self.study} must measure accuracy, got {rows[0]}"
            )
        return Setting(
            rows,
            tuple(places[x.network, x.dataset, x.seed] for x in rows),
            self.dataset_sha256[rows[0].dataset],
            claims,
        )

    def _choices(self, wanted: Mapping[str, Any]) -> str:
        """List the values that the wanted fields have in this result."""
        facts = [facts_of_run(row) for row in self.rows]
        lists = []
        for name in wanted:
            values = {str(x[name]): None for x in facts if name in x}
            lists.append(f"{name} {', '.join(values) or 'nowhere'}")
        return "; ".join(lists)


def load(name: str) -> Result:
    """Return a result that ships with the package.

    name : of the study; see `python -m mini_compress.studies list`

    >>> result = load("post_training_quantization")
    >>> result.margin, len(result.one(network="LeNet5", method="float").seeds)
    (0.5, 3)
    """
    require_one_of("name", name, shipped())
    return read(FOLDER / f"{name}.json")


def read(path: Path) -> Result:
    """Return a result that the runner wrote anywhere.

    Images are read from the npz file beside it. Without that, two settings
    can be compared by seed, but not by image.
    """
    result = Result(**read_file(path))
    rows = read_images(path.with_suffix(".npz"), result.rows)
    return Result(**(vars(result) | {"rows": rows}))


def _words(wanted: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={wanted[name]!r}" for name in wanted)


def _differences(found: Sequence[Setting]) -> str:
    """Say in which fields settings differ, and what they have there."""
    facts = [
        {"network": x.network, "dataset": x.dataset, "method": x.method}
        | dict(x.settings)
        for x in found
    ]
    names = dict.fromkeys(name for x in facts for name in x)
    values = {
        name: dict.fromkeys(str(x.get(name, "-")) for x in facts)
        for name in names
    }
    return "; ".join(
        f"{name}: {', '.join(values[name])}"
        for name in names
        if len(values[name]) > 1
    )


def _grouped(
    rows: Iterable[AnyRow], *varying: str
) -> Iterator[tuple[Any, ...]]:
    """Put together the rows that differ in these fields of a run alone."""
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(key_of(row, but=varying), []).append(row)
    return map(tuple, groups.values())
