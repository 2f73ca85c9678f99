"""What a study is: a name, a grid of runs, and how one run is measured."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from torch import nn

from ..._require import require_text
from ...datasets import Dataset
from .rows import FLOAT, Row, TimingRow

UNTRAINED = "untrained"  # the setting `start` of what is trained from scratch


@dataclass(frozen=True)
class Run:
    """One point of a grid, which gives one row of the result.

    network, dataset : names; empty where a kernel is timed by itself
    method : what is done to the network; "float" is the baseline
    settings : of the method, as JSON can hold them. Two of them mean the same
        everywhere: `epochs`, what the run trains for, and `start`, which is
        "untrained" where it does not begin with the baseline
    seed : of the baseline: of its first weights and of the order of images

    >>> print(Run("LeNet300", "mnist", "magnitude", {"sparsity": 0.9}))
    LeNet300 seed 0 magnitude sparsity=0.9
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
class Better:
    """A claim that one setting is better than another: see `superiority`.

    name, other : what the two settings are called, in words
    first, second : what each of them has, as `Result.one` is asked for it:
        network, dataset, method or settings; None is a setting that it does
        not have. Each must match one setting of the grid, with five seeds.

    >>> claim = Better(
    ...     "distilled",
    ...     "hard labels",
    ...     first={"method": "distill", "temperature": 4},
    ...     second={"method": "train", "epochs": 20},
    ... )
    """

    name: str
    other: str
    first: Mapping[str, Any] = field(kw_only=True)
    second: Mapping[str, Any] = field(kw_only=True)

    def __post_init__(self) -> None:
        require_text("name", self.name)
        require_text("other", self.other)
        for side in (self.first, self.second):
            if "seed" in side:
                raise ValueError(
                    f"setting of {self.name!r} better than {self.other!r} "
                    f"must be of all seeds, got seed={side['seed']}"
                )


@dataclass(frozen=True, kw_only=True)
class Study:
    """A question, the grid that answers it, and what it will take.

    name : of its result
    summary : one line
    grid : called with True for the cut-down grid of `--smoke`; every network,
        data set and seed with its run of method "float"
    run_seconds : about how long a run takes, training of baselines aside

    compress : (baseline, run) -> the run's network, which is then scored
    measure : in place of `compress`, turns a run into its row, such as a time

    margin : the smallest drop of accuracy that would matter, in percentage
        points, fixed before the first run; None where no accuracy is measured
    claims : whether the study claims that a run loses less than the margin;
        said of a method, for all of its seeds
    controls : methods of which nothing is claimed
    better : which settings it claims to be better than which others
    constants : what explains the rows without this code, as JSON can hold it

    baseline : (run) -> the trained network to start from, the same each time
        it is asked for; None trains those of the zoo's recipes
    recipe : of a baseline of its own: a table with its `epochs`
    total_epochs : (run) -> all that its network was trained for; None adds
        the setting `epochs` to the baseline's
    data : name -> the data set; None takes those of `datasets.load`

    together : (run) -> a name; runs of the same name are measured by one
        process, one after the other, which can keep what they share
    uses : extra packages whose versions belong in the result
    alone : runs disturb each other, as timings do: one at a time

    >>> study = Study(
    ...     name="halving",
    ...     summary="what half of the weights are worth",
    ...     grid=lambda smoke: cross(
    ...         [("LeNet300", "mnist5k")], range(3), [("halve", {})]
    ...     ),
    ...     run_seconds=lambda run: 1.0,
    ...     compress=lambda baseline, run: baseline,
    ...     margin=0.5,
    ...     claims=lambda run: run.method == "halve",
    ... )
    >>> len(study.grid(False)), study.list_claims(study.grid(False))[0].method
    (6, 'halve')
    """

    name: str
    summary: str
    grid: Callable[[bool], Sequence[Run]]
    run_seconds: Callable[[Run], float]
    compress: Callable[[nn.Module, Run], nn.Module] | None = None
    measure: Callable[[Run], Row | TimingRow] | None = None
    margin: float | None = None
    claims: Callable[[Run], bool] = lambda run: False
    controls: tuple[str, ...] = ()
    better: tuple[Better, ...] = ()
    constants: Mapping[str, Any] = field(default_factory=dict)
    baseline: Callable[[Run], nn.Module] | None = None
    recipe: Mapping[str, Any] | None = None
    total_epochs: Callable[[Run], int] | None = None
    data: Callable[[str], Dataset] | None = None
    together: Callable[[Run], str] | None = None
    uses: tuple[str, ...] = ()
    alone: bool = False

    def __post_init__(self) -> None:
        if (self.compress is None) == (self.measure is None):
            got = "none" if self.compress is None else "both"
            raise ValueError(
                f"{self.name} must have either compress or measure, got {got}"
            )
        if self.baseline and "epochs" not in (self.recipe or {}):
            raise ValueError(
                f"recipe of {self.name} must say the epochs of its baselines, "
                f"got {self.recipe}"
            )

    def list_claims(self, runs: Iterable[Run]) -> list[Run]:
        """List what is claimed, each setting once, for whatever seeds."""
        claimed = {
            key_of(run, but=["seed"]): run for run in runs if self.claims(run)
        }
        return list(claimed.values())


def cross(
    places: Iterable[tuple[str, str]],
    seeds: Iterable[int],
    settings: Iterable[tuple[str, Mapping[str, Any]]],
) -> list[Run]:
    """List the runs: for each place and seed the baseline, then all settings.

    places : networks with data sets
    settings : methods with their settings, without "float"

    >>> runs = cross([("LeNet5", "mnist")], [0, 1], [("prune", {"bits": 4})])
    >>> [f"{run.seed} {run.method}" for run in runs]
    ['0 float', '0 prune', '1 float', '1 prune']
    """
    chosen, seeds = [(FLOAT, {}), *settings], list(seeds)
    return [
        Run(network, dataset, method, dict(options), seed)
        for network, dataset in places
        for seed in seeds
        for method, options in chosen
    ]


def key_of(
    run: Run | Row | TimingRow | Mapping[str, Any], but: Sequence[str] = ()
) -> str:
    """Name a run, or the run that a row came from; equal runs, equal keys.

    but : fields to leave out
    """
    found = run if isinstance(run, Mapping) else vars(run)
    names = [x.name for x in fields(Run) if x.name not in but]
    return json.dumps({x: found[x] for x in names}, sort_keys=True)


def facts_of_run(run: Run | Row | TimingRow) -> dict[str, Any]:
    """Return the fields of a run or a row, its settings among them."""
    return {**run.settings, **vars(run)}


def matches(run: Run | Row | TimingRow, wanted: Mapping[str, Any]) -> bool:
    """Tell whether a run, or a row, has these values.

    wanted : fields and settings; a tuple is any of its values, and None is a
        run that has no such setting
    """
    facts = facts_of_run(run)
    return all(
        facts.get(name) in (value if isinstance(value, tuple) else (value,))
        for name, value in wanted.items()
    )
