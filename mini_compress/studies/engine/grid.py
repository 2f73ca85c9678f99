"""What a study is: a name, a grid of runs, and how one run is measured."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from .rows import Row, TimingRow


@dataclass(frozen=True)
class Run:
    """One point of a grid, which gives one row of the result.

    network, dataset : names; empty where a kernel is timed by itself
    method : what is done to the network; "float" is the baseline
    settings : of the method, as JSON can hold them
    seed : of the baseline: of its first weights and of the order of images
    """

    network: str
    dataset: str
    method: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    def __str__(self) -> str:
        where = [self.network, f"seed {self.seed}" * bool(self.network)]
        options = [f"{name}={value}" for name, value in self.settings.items()]
        return " ".join(filter(None, [*where, self.method, *options]))


@dataclass(frozen=True)
class Study:
    """A question, the grid that answers it, and what it will take.

    name : of its result
    summary : one line
    grid : called with True for the cut-down grid of `--smoke`
    measure : turns a run into its row, in whatever process it is called
    run_seconds : about how long a run takes, training of baselines aside
    margin : the smallest drop of accuracy that would matter, in percentage
        points, fixed before the first run; None where no accuracy is measured
    uses : extra packages whose versions belong in the result
    alone : runs disturb each other, as timings do: one at a time
    own_baselines : the study trains its baselines itself, by another recipe
    """

    name: str
    summary: str
    grid: Callable[[bool], Sequence[Run]]
    measure: Callable[[Run], Row | TimingRow]
    run_seconds: Callable[[Run], float]
    margin: float | None = None
    uses: tuple[str, ...] = ()
    alone: bool = False
    own_baselines: bool = False


def key_of(
    run: Run | Row | TimingRow | Mapping[str, Any], but: Sequence[str] = ()
) -> str:
    """Name a run, or the run that a row came from; equal runs, equal keys.

    but : fields to leave out
    """
    found = run if isinstance(run, Mapping) else vars(run)
    names = [x.name for x in fields(Run) if x.name not in but]
    return json.dumps({x: found[x] for x in names}, sort_keys=True)
