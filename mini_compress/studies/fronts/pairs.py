"""Two methods on one network, beside each of them alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...writing import markdown_table, signed
from ..engine.results import Result, load
from ..engine.settings import Setting
from ..engine.values import Values

TUNED = {"method": "filters", "start": None, "temperature": None, "epochs": 2}
# step of `combinations` -> its study, and what the setting has there that took
# the step alone, with as many epochs; filters by their share
ALONE: dict[Any, tuple[str, dict[str, Any]]] = {
    ("filters", 0.5): ("combinations", TUNED | {"channel_ratio": 0.5}),
    ("filters", 0.25): ("combinations", TUNED | {"channel_ratio": 0.25}),
    "codebook": ("combinations", {"method": "codebook"}),
    "int8": ("trained_levels", {"method": "min_max", "weight_bits": 8}),
    "lsq": ("trained_levels", {"method": "lsq", "weight_bits": 4}),
    "ranks": (
        "factorization",
        {"network": "ConvNet", "method": "spatial", "share": 0.5, "epochs": 2},
    ),
    "weights": (
        "weight_pruning",
        {
            "network": "ConvNet",
            "method": "magnitude",
            "sparsity": 0.7,
            "scope": "global",
            "epochs": 2,
        },
    ),
}


@dataclass(frozen=True, eq=False)
class Pair:
    """Two steps, one after the other, and each of them alone.

    name : of the steps, in order
    both, one, other : settings of the same network and seeds
    """

    name: str
    both: Setting
    one: Setting
    other: Setting

    @property
    def excess(self) -> Values:
        """The drop of both, less the drops of each, in pp, by seed."""
        drops = zip(self.both.drop, self.one.drop, self.other.drop, strict=True)
        return Values(tuple(x - one - other for x, one, other in drops))

    @property
    def product(self) -> float:
        """What the two compression ratios would come to if they multiplied."""
        return (
            self.one.compression_ratio.mean * self.other.compression_ratio.mean
        )


def pairs_of(study: Result) -> list[Pair]:
    """Return the pairs of the study `combinations`, trained after each step.

    >>> pairs = pairs_of(load("combinations"))
    >>> print(pairs[0].name, f"{pairs[0].product:.1f}")
    filters + int8, a quarter removed 5.9
    """
    methods = tuple(x for x in study.grids if x.count(" + ") == 1)
    return [
        _pair(study, setting)
        for setting in study.table(method=methods, tuned=None)
    ]


def _pair(study: Result, both: Setting) -> Pair:
    ratio = both.settings.get("channel_ratio")
    found = []
    for step in both.method.split(" + "):
        name, wanted = ALONE[(step, ratio) if step == "filters" else step]
        home = study if name == study.study else load(name)
        found.append(home.one(**wanted))
    quarter = ", a quarter removed" * (ratio == 0.25)
    return Pair(both.method + quarter, both, *found)


def pair_table(pairs: Sequence[Pair]) -> str:
    """Write pairs as a pipe table: what both lose, and how small they are."""
    rows = [
        [
            x.name,
            f"{x.both.accuracy:.2f}",
            f"{signed(x.one.drop.mean)} and {signed(x.other.drop.mean)}",
            signed(x.both.drop.mean),
            f"{x.excess:+.2f}",
            f"{x.both.compression_ratio.mean:.1f} of {x.product:.1f}",
        ]
        for x in pairs
    ]
    header = [
        *("steps", "accuracy (%)", "drops alone (pp)", "drop of both (pp)"),
        *("excess (pp)", "times smaller, of the product"),
    ]
    return markdown_table(header, rows)
