"""Does a sparse network owe its accuracy to its first weights?

LeNet300 learns from 5,000 images of mnist and is tested on all 10,000. Each
round removes a fifth of what is left and rewinds. A ticket is compared with
its mask on other first weights, and with its first weights under a random
mask as sparse; all are trained alike. The baseline of a row is the dense
network trained on the same 5,000 images. Whether a ticket learns faster is
told by short trainings: of the dense network (round 0), of a ticket, and of
its mask on other first weights.
"""

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ... import models, pruning
from ...datasets import Dataset
from ..engine.baselines import load_data
from ..engine.grid import Run, Study, cross

TRAINING_IMAGES = 5000
SEEDS = 5
ROUNDS = {"mnist": 15, "mnist5k": 2}  # the second for the smoke test
SETTINGS: dict[str, Any] = {"epochs": 15, "learning_rate": 0.003}
CONTROLS = ("reinitialized", "random_mask")  # of every second round
SHORT_EPOCHS = (1, 3)  # of a training whose speed counts
SHORT_ROUND = 7  # 21.1 % of the weights, the fastest of [frankle2019lottery]
OTHER_SEED = 1000  # added to a seed where the weights are drawn anew
SECONDS = 2.0  # of a run, the ladder shared out among all of a seed


def grid(smoke: bool) -> Sequence[Run]:
    """List for each seed the dense network, then the rungs by method."""
    dataset, seeds = ("mnist5k", 1) if smoke else ("mnist", SEEDS)
    last = ROUNDS[dataset]
    settings = [
        (method, {"round": number})
        for number in range(1, last + 1)
        for method in ("ticket", *CONTROLS * (number % 2))
    ]
    settings += _short(min(SHORT_ROUND, last))
    return cross([("LeNet300", dataset)], range(seeds), settings)


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim: a ticket, trained in full."""
    return run.method == "ticket" and "epochs" not in run.settings


def dense(run: Run) -> nn.Module:
    """Return the dense network of the run's seed, where its ladder begins."""
    return climb(run.dataset, run.seed)[0].training.model


def total_epochs(run: Run) -> int:
    """Count the run's own epochs and those of the rounds before it."""
    own = run.settings.get("epochs", SETTINGS["epochs"])
    return own + run.settings.get("round", 0) * SETTINGS["epochs"]


def train_rung(_: nn.Module, run: Run) -> nn.Module:
    """Train the sparse network of a rung, or one of its controls."""
    rung = climb(run.dataset, run.seed)[run.settings["round"]]
    model, masks = models.build("LeNet300", seed=run.seed), rung.masks
    epochs = run.settings.get("epochs")  # None: those of the ladder
    if run.method == "ticket" and epochs is None:
        return pruning.store_sparse(rung.training.model)
    if run.method == "reinitialized":
        model = models.build("LeNet300", seed=OTHER_SEED + run.seed)
    elif run.method == "random_mask":
        sparsities = {
            name: 1 - float(mask.float().mean()) for name, mask in masks.items()
        }
        masks = pruning.random_masks(model, sparsities, seed=run.seed)
    data = few_images(run.dataset)
    settings = SETTINGS | {"epochs": epochs or SETTINGS["epochs"]}
    tuned = pruning.fine_tune(
        model, data, masks, seed=run.seed, progress=False, **settings
    )
    return pruning.store_sparse(tuned.model)


@functools.lru_cache(maxsize=1)
def climb(dataset: str, seed: int) -> pruning.Rounds:
    """Find the tickets of a seed, once in each process."""
    return pruning.climb_ladder(
        models.build("LeNet300", seed=seed),
        few_images(dataset),
        rounds=ROUNDS[dataset],
        seed=seed,
        progress=False,
        **SETTINGS,
    )


def few_images(dataset: str) -> Dataset:
    """Return a data set with few training images, and all others."""
    data = load_data(dataset)
    few = min(TRAINING_IMAGES, len(data.train))
    return dataclasses.replace(data, train=data.train.take(few))


def _short(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the short trainings: dense, of a round's ticket, of its control."""
    for epochs in SHORT_EPOCHS:
        yield "ticket", {"round": 0, "epochs": epochs}
        yield "ticket", {"round": number, "epochs": epochs}
        yield "reinitialized", {"round": number, "epochs": epochs}


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds."""
    return SECONDS if run.dataset == "mnist" else SECONDS / 2


STUDY = Study(
    name="lottery",
    summary="sparse networks from their first weights, and from others",
    grid=grid,
    run_seconds=run_seconds,
    compress=train_rung,
    margin=0.5,
    claims=is_claimed,
    controls=CONTROLS,
    baseline=dense,
    recipe={**SETTINGS, "training_images": TRAINING_IMAGES},
    total_epochs=total_epochs,
    together=lambda run: str(run.seed),  # which climb the same ladder
)
