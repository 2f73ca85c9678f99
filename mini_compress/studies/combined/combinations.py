"""Two methods on one network: do their gains add, and in which order?

A run's method names its steps, in order: "filters + int8" removes filters,
trains what is left, and makes integers of it. All of a run's epochs are shared
equally among the steps that train, or belong to the last of them alone. Each
step by itself is in its home study, or here where the epochs differ.

Besides: how long a network without half of its filters is to be trained on, and
the same network trained from scratch for as many epochs.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ... import models, pruning
from ..engine.baselines import train_by_recipe
from ..engine.controls import reinitialize
from ..engine.grid import UNTRAINED, Run, Study, cross
from .steps import STEP_CONSTANTS, STEPS, Part, factorize

EPOCHS = 2  # of all steps of a run together
TUNING_EPOCHS = (0, 1, 2, 4)  # without half of the filters
HALF = {"channel_ratio": 0.5}
QUARTER = {"channel_ratio": 0.25}
TAUGHT = {"temperature": 4.0, "weight": 0.9}  # by the baseline
BOTH = " + "
FLOAT_STEPS = ("filters", "weights", "ranks")  # after which weights are float32
SCORING_SECONDS = 4.0
# of an epoch on one thread, by the step that trains
EPOCH_SECONDS = {"filters": 9.0, "weights": 17.0, "ranks": 17.0, "lsq": 20.0}

Settings = dict[str, Any]


def grid(smoke: bool) -> Sequence[Run]:
    """List for each seed the baseline, the pairs, and what else is missing."""
    if smoke:
        return cross([("ConvNet", "mnist5k")], [0], _settings(1, (0, 1)))
    settings = list(_settings(EPOCHS, TUNING_EPOCHS))
    return cross([("ConvNet", "fashion_mnist")], range(3), settings)


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim: of two methods together."""
    return BOTH in run.method or "temperature" in run.settings


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Take the steps that the run names, from its baseline on."""
    if run.settings.get("start") == UNTRAINED:
        return train_from_scratch(run)
    small = model
    for step, epochs in zip(steps_of(run), share_epochs(run), strict=True):
        small = STEPS[step](small, Part(run, model, epochs))
    return pruning.store_sparse(small) if step in FLOAT_STEPS else small


def steps_of(run: Run) -> list[str]:
    """Return the steps of a run, in order."""
    return run.method.split(BOTH)


def share_epochs(run: Run) -> list[int]:
    """Return the epochs of each step; those that do not train have none.

    The last step that trains has what cannot be shared, or all.
    """
    trains = [step in EPOCH_SECONDS for step in steps_of(run)]
    found, left = [0] * len(trains), run.settings.get("epochs", 0)
    if not left:
        return found
    if run.settings.get("tuned") != "last":
        found = [trained * (left // sum(trains)) for trained in trains]
    last = len(trains) - 1 - trains[::-1].index(True)
    found[last] += left - sum(found)
    return found


def train_from_scratch(run: Run) -> nn.Module:
    """Train a network of the compressed one's shape, by the recipe."""
    whole = models.build(run.network)
    if run.method == "ranks":
        small = factorize(whole)
    else:
        ratio = run.settings["channel_ratio"]
        small = pruning.prune_filters(whole, ratio).model
    return train_by_recipe(reinitialize(small, seed=run.seed), run)


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds, training of baselines aside."""
    if run.dataset == "mnist5k" or not run.settings:
        return SCORING_SECONDS
    training = [
        epochs * EPOCH_SECONDS.get(step, 0)
        for step, epochs in zip(steps_of(run), share_epochs(run), strict=True)
    ]
    return SCORING_SECONDS + sum(training)


def _settings(
    epochs: int, tuning_epochs: Sequence[int]
) -> Iterator[tuple[str, Settings]]:
    """List what is done to each baseline."""
    both, four = {"epochs": epochs}, {"weight_bits": 4}
    for own in tuning_epochs:
        yield "filters", HALF | {"epochs": own}
        if own:
            yield "filters", HALF | {"start": UNTRAINED, "epochs": own}
    yield "ranks", {"start": UNTRAINED, **both}
    yield "filters", QUARTER | both
    yield "codebook", {}
    for ratio in (QUARTER, HALF):
        yield "filters + int8", ratio | both
        yield "filters + lsq", ratio | four | both
    yield "filters + codebook", HALF | both
    yield from ((f"weights + {x}", both) for x in ("int8", "codebook"))
    yield "weights + lsq", four | both
    yield "ranks + int8", both
    yield "ranks + lsq", four | both
    for one, other in (("filters", "ranks"), ("filters", "weights")):
        yield one + BOTH + other, HALF | both
        yield other + BOTH + one, HALF | both
    yield "filters + ranks + int8", HALF | both
    last = HALF | four | both | {"tuned": "last"}
    yield from (("filters + lsq", last), ("filters + lsq", last | TAUGHT))
    yield "filters", HALF | both | TAUGHT
    for bits in (4, 2):
        yield "lsq", {"weight_bits": bits} | both | TAUGHT


STUDY = Study(
    name="combinations",
    summary="two methods on one network, in both orders, beside each alone",
    grid=grid,
    run_seconds=run_seconds,
    compress=compress,
    margin=0.5,
    claims=is_claimed,
    controls=("ranks", "codebook"),
    constants=STEP_CONSTANTS,
)
