"""Claims that one setting is better than another, declared before the run.

The rule: the paired gain in accuracy, seed by seed, whose 95 % t-interval over
at least five seeds is above 0. Nothing is corrected for how many such claims a
study makes; all of them are shown, with those that were not borne out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._require import require_equal
from ...measuring.seeds import MIN_SEEDS
from ...writing import markdown_table, names_in_words, signed
from .gains import Gain
from .grid import Better, Run, Study, key_of, matches

WORDS = {  # what a verdict says of the first, before the second is named
    "better": "is better than",
    "worse": "is worse than",
    "not shown": "is not shown to be better than",
    "too few seeds": f"has too few seeds (of {MIN_SEEDS}) to be better than",
}


@dataclass(frozen=True, eq=False, repr=False)
class BetterClaim:
    """A claim that was declared, and what the rows say of it.

    name, other : what the two settings are called
    gain : of the first over the second

    >>> from mini_compress.studies import Row
    >>> def rows(corrects):
    ...     return tuple(
    ...         Row("A", "B", "m", {}, seed, 1000, correct, 0, 0, 1, 1, 1, 1)
    ...         for seed, correct in enumerate(corrects)
    ...     )
    >>> gain = Gain(rows([953, 955, 954, 954, 955]), rows([950] * 5))
    >>> claim = BetterClaim("distilled", "hard labels", gain)
    >>> claim.verdict, bool(claim)
    ('better', True)
    >>> print(claim)
    distilled is better than hard labels: +0.42 pp on average over 5 seeds, \
95 % interval +0.32 to +0.52 pp, ahead in 5 of 5
    """

    name: str
    other: str
    gain: Gain

    @property
    def words(self) -> str:
        """What is claimed."""
        return f"{self.name} better than {self.other}"

    @property
    def verdict(self) -> str:
        """Either "better", "worse", "not shown" or "too few seeds"."""
        if self.gain.better is None:
            return "too few seeds"
        if self.gain.better:
            return "better"
        return "worse" if self.gain.interval[1] < 0 else "not shown"

    @property
    def interval(self) -> str:
        """That of the gain, in pp, as text; empty for a single seed."""
        return self.gain.between

    def __bool__(self) -> bool:
        return self.verdict == "better"

    def __str__(self) -> str:
        seeds = len(self.gain.first)
        interval = f", 95 % interval {self.interval} pp" * bool(self.interval)
        return (
            f"{self.name} {WORDS[self.verdict]} {self.other}: "
            f"{signed(self.gain.values.mean)} pp on average over {seeds} "
            f"seed{'s' * (seeds > 1)}{interval}, ahead in {self.gain.ahead}"
        )

    def __repr__(self) -> str:
        return f"BetterClaim({self})"


def better_table(
    claims: Sequence[BetterClaim], words: Sequence[str] = ()
) -> str:
    """Write claims as a pipe table, one to a line, whatever became of them.

    Names of the code, such as those of data sets, are shown in words.

    words : what a claim has to say to be shown, all of it
    """
    shown = [x for x in claims if all(word in x.words for word in words)]
    if words and not shown:
        raise ValueError(
            f"words must be those of a claim, got {', '.join(words)}; claims "
            f"are {'; '.join(x.words for x in claims)}"
        )
    header = ["claim", "gain (pp)", "95 % interval (pp)", "ahead", "verdict"]
    return markdown_table(
        header,
        [
            [
                names_in_words(x.words),
                f"{x.gain:+.2f}",
                x.interval,
                x.gain.ahead,
                x.verdict,
            ]
            for x in shown
        ],
    )


def declare(study: Study, *, smoke: bool) -> list[dict[str, Any]]:
    """Find the settings of a study's claims of "better" in its grid.

    returns : for each claim a table {names, first, second}, which goes into
        the result; the latter two say network, dataset, method and settings.
        A claim of whose settings the cut-down grid lacks one is left out.

    That each claim fits the whole grid is checked whatever is run: its
    patterns match one setting each, of one data set, with enough seeds.
    """
    found = [_declared(study, claim) for claim in study.better]
    names = [facts["names"] for facts in found]
    for pair in names:
        if names.count(pair) > 1:
            raise ValueError(
                f"names of what {study.name} claims must differ, got "
                f"{' better than '.join(pair)} twice"
            )
    if not smoke:
        return found
    known = {key_of(run, but=["seed"]) for run in study.grid(True)}
    return [
        facts
        for facts in found
        if {key_of(facts[x], but=["seed"]) for x in SIDES} <= known
    ]


SIDES = ("first", "second")


def _declared(study: Study, claim: Better) -> dict[str, Any]:
    """Find both settings of a claim in the whole grid."""
    runs = study.grid(False)
    title = f"of {claim.name!r} better than {claim.other!r} in {study.name}"
    first, second = (
        _one_setting(f"{side} {title}", runs, getattr(claim, side))
        for side in SIDES
    )
    require_equal(f"dataset {title}", first[0].dataset, second[0].dataset)
    shared = {run.seed for run in first} & {run.seed for run in second}
    if len(shared) < MIN_SEEDS:
        raise ValueError(
            f"seeds {title} must be at least {MIN_SEEDS} that both settings "
            f"have, got {len(shared)}"
        )
    if key_of(first[0]) == key_of(second[0]):
        raise ValueError(f"settings {title} must be two, got one twice")
    return {
        "names": [claim.name, claim.other],
        "first": _facts(first[0]),
        "second": _facts(second[0]),
    }


def _one_setting(
    name: str, runs: Sequence[Run], wanted: Mapping[str, Any]
) -> list[Run]:
    """Return the runs, seed by seed, of the one setting that matches."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        if matches(run, wanted):
            found.setdefault(key_of(run, but=["seed"]), []).append(run)
    if len(found) != 1:
        got = "".join(f"; {_shown(part[0])}" for part in found.values())
        raise ValueError(
            f"{name} must match one setting of the grid, got {len(found)} "
            f"with {dict(wanted)}{got}"
        )
    return next(iter(found.values()))


def _shown(run: Run) -> str:
    facts = _facts(run)
    settings = facts.pop("settings")
    return " ".join([*facts.values(), str(settings)])


def _facts(run: Run) -> dict[str, Any]:
    return {name: value for name, value in vars(run).items() if name != "seed"}
