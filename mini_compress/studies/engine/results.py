"""What the studies found: reading the results that ship with the package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..._require import require_one_of
from .grid import facts_of_run, matches
from .images import read_images
from .rows import FLOAT, AnyRow, Row
from .schema import read_file
from .selection import differences, grouped, words
from .settings import Setting
from .showing import Column, crossing_table, settings_table
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
                f"{self.study} must have rows, got none: {words(wanted)}; "
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
            for rows in grouped(self.select(**wanted), "seed")
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
                f"{self.study} must have one setting with {words(wanted)}, "
                f"got {len(found)}: they differ in {differences(found)}"
            )
        return found[0]

    def beside(self, setting: Setting, *kept: str, **wanted: Any) -> Setting:
        """Return the one setting to hold against another.

        setting : whose network and data set it has
        kept : names of what it has in common with `setting` besides
        wanted : as for `select`

        >>> study = load("lottery")
        >>> ticket = study.one(method="ticket", round=7, epochs=None)
        >>> print(ticket - study.beside(ticket, "round", method="random_mask"))
        +1.85 (+1.54 to +2.26), 5 of 5, **better**
        """
        alike = {"network": setting.network, "dataset": setting.dataset}
        alike |= {name: setting.settings[name] for name in kept}
        return self.one(**alike | wanted)

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

    def markdown_better(self, *words: str) -> str:
        """Write the claims of "better" that say all of these words."""
        return better_table(self.better, words)

    def crosstab(
        self,
        rows: Mapping[str, Mapping[str, Any]],
        columns: Mapping[str, Mapping[str, Any]],
        cell: Column,
        *,
        corner: str = "",
    ) -> str:
        """Write one quantity in a table of two ways to choose a setting.

        rows, columns : name -> what `one` is asked for, in part
        cell : what stands where they cross, see `showing.cell`
        corner : what stands above the names of the rows

        >>> print(load("slimming").crosstab(
        ...     {x: {"scope": x} for x in ("global", "layer")},
        ...     {"0.03": {"method": "slimming", "strength": 0.03}},
        ...     lambda setting: f"{setting.drop.mean:.1f}",
        ...     corner="drop (pp)",
        ... ))
        | drop (pp) | 0.03 |
        | :-- | --: |
        | global | 3.7 |
        | layer | 3.4 |
        """
        found = {
            name: [self.one(**{**row, **column}) for column in columns.values()]
            for name, row in rows.items()
        }
        return crossing_table(found, [corner, *columns], cell)

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
