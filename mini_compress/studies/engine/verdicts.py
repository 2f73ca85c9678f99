"""One verdict for one claim, in its home study, wherever it is shown.

A claim says of a setting, for one network and data set: for every seed it
loses less than the margin. Who declares it before the run is its home.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ...measuring import Comparison
from ...measuring.seeds import claim_p_values, largest_p_value
from .grid import key_of
from .rows import FLOAT, AnyRow, Row
from .schema import read_file

FOLDER = Path(str(resources.files("mini_compress.results")))
LEVEL = 0.05


@dataclass(frozen=True)
class Verdict:
    """Whether a loss as large as the margin is ruled out, for every seed.

    p : the largest over the seeds
    p_adjusted : corrected by Holm's method for the claims of the family
    bound : the largest, over the seeds, of the one-sided upper 95 % bounds of
        the paired drop, in pp; not corrected
    margin : fixed before the run, in pp
    margin_share : the margin in percent of the baselines' errors
    family_size : claims of the home for this network and data set
    home : the study that declares the claim
    declared : before the run; False for what nobody claimed beforehand, which
        is judged as one claim more
    """

    p: float
    p_adjusted: float
    bound: float
    margin: float
    margin_share: float
    family_size: int
    home: str
    declared: bool

    @property
    def passes(self) -> bool:
        """Whether it is shown that less than the margin is lost."""
        return self.p_adjusted < LEVEL

    def __bool__(self) -> bool:
        return self.passes

    @property
    def answer(self) -> str:
        """Whether it passes, as Markdown: "**yes**" or "no"."""
        return "**yes**" if self.passes else "no"

    def __str__(self) -> str:
        answer = "ruled out" if self.passes else "not ruled out"
        late = "" if self.declared else ", declared after the run"
        return (
            f"a drop of {self.margin} pp is {answer} (p-value corrected for "
            f"{self.family_size} claims of {self.home}{late}; largest upper "
            f"95 % bound {self.bound:.2f} pp, not corrected)"
        )


@dataclass(frozen=True, eq=False)
class Claims:
    """What a study claims, and the rows that decide.

    keys : of the claims, see `claim_key`
    controls : methods of which nothing is claimed
    """

    study: str
    margin: float | None
    keys: tuple[str, ...]
    controls: tuple[str, ...]
    rows: tuple[AnyRow, ...]

    @functools.cached_property
    def _seeds(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            if isinstance(row, Row):
                found.setdefault(claim_key(row), []).append(row)
        return found

    def judge(self, key: str) -> Verdict | None:
        """Judge a setting of this study; None for a control's.

        That the study has no margin is a ValueError.
        """
        rows = self._seeds[key]
        if rows[0].method in (FLOAT, *self.controls):
            return None
        if self.margin is None:
            raise ValueError(f"margin of {self.study} must be given, got none")
        place = rows[0].network, rows[0].dataset
        family = [
            claim
            for claim in self.keys
            if (self._seeds[claim][0].network, self._seeds[claim][0].dataset)
            == place
        ]
        declared = key in family
        family += [] if declared else [key]
        pairs = [[row.comparison for row in self._seeds[x]] for x in family]
        adjusted = claim_p_values(pairs, margin=self.margin)
        own = pairs[family.index(key)]
        return Verdict(
            p=largest_p_value(own, margin=self.margin),
            p_adjusted=float(adjusted[family.index(key)]),
            bound=max(pair.upper_bound() for pair in own),
            margin=self.margin,
            margin_share=100 * self.margin / _mean_error(rows),
            family_size=len(family),
            home=self.study,
            declared=declared,
        )


def claim_key(run: Any) -> str:
    """Name a setting: network, data set, method, settings; not the seed."""
    return key_of(run, but=["seed"])


def find_verdict(key: str, here: Claims) -> Verdict | None:
    """Judge a setting where it is claimed: here, or in a study that ships.

    here : the study whose row is shown
    """
    if key in here.keys:
        return here.judge(key)
    for name in shipped():
        home = claims_of(name, facts_of(name))
        if name != here.study and key in home.keys:
            return home.judge(key)
    return here.judge(key)


def claims_of(study: str, facts: dict[str, Any]) -> Claims:
    """Take the claims out of what a result file holds."""
    return Claims(
        study,
        facts["margin"],
        tuple(claim_key(claim) for claim in facts["claims"]),
        tuple(facts["controls"]),
        facts["rows"],
    )


@functools.cache
def facts_of(name: str) -> dict[str, Any]:
    """Read a result that ships, once."""
    return read_file(FOLDER / f"{name}.json")


def shipped() -> list[str]:
    """Name the results that ship with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def _mean_error(rows: Sequence[Row]) -> float:
    """Return the mean error of the rows' baselines, in percent."""
    pairs: list[Comparison] = [row.comparison for row in rows]
    errors = [
        100 - row.accuracy - pair.drop
        for row, pair in zip(rows, pairs, strict=True)
    ]
    return sum(errors) / len(errors)
