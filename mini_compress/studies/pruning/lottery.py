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

from ... import models, pruning, training
from ...datasets import Dataset
from ..engine.baselines import Baseline, load_data
from ..engine.grid import Run, Study
from ..engine.rows import FLOAT, Row
from ..engine.scoring import score_against

TRAINING_IMAGES = 5000
SEEDS = 5
ROUNDS = {"mnist": 15, "mnist5k": 2}  # the second for the smoke test
SETTINGS: dict[str, Any] = {
    "epochs": 15,
    "learning_rate": 0.003,
    "progress": False,
}
CONTROLS = ("reinitialized", "random_mask")  # of every second round
SHORT_EPOCHS = (1, 3)  # of a training whose speed counts
SHORT_ROUND = 7  # 21.1 % of the weights, the fastest of [frankle2019lottery]
OTHER_SEED = 1000  # added to a seed where the weights are drawn anew
SECONDS = 8.0  # of a run; the first of a seed climbs the ladder


def grid(smoke: bool) -> Sequence[Run]:
    """List for each seed the dense network, then the rungs by method."""
    dataset, seeds = ("mnist5k", 1) if smoke else ("mnist", SEEDS)
    return [
        Run("LeNet300", dataset, method, settings, seed)
        for seed in range(seeds)
        for method, settings in [
            (FLOAT, {}),
            *(
                (method, {"round": number})
                for number in range(1, ROUNDS[dataset] + 1)
                for method in ("ticket", *CONTROLS * (number % 2))
            ),
            *_short(min(SHORT_ROUND, ROUNDS[dataset])),
        ]
    ]


def measure(run: Run) -> Row:
    """Train what the run names, and score it on all test images."""
    rungs = climb(run.dataset, run.seed)
    dense = rungs[0].training.model
    test = load_data(run.dataset).test
    baseline = Baseline(dense, training.evaluate(dense, test))
    return score_against(baseline, run, train_rung)


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
    tuned = pruning.fine_tune(model, data, masks, seed=run.seed, **settings)
    return pruning.store_sparse(tuned.model)


@functools.lru_cache(maxsize=1)
def climb(dataset: str, seed: int) -> list[pruning.Rung]:
    """Find the tickets of a seed, once in each process."""
    return pruning.climb_ladder(
        models.build("LeNet300", seed=seed),
        few_images(dataset),
        rounds=ROUNDS[dataset],
        seed=seed,
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
    return SECONDS if run.dataset == "mnist" else 4.0


STUDY = Study(
    name="lottery",
    summary="sparse networks from their first weights, and from others",
    grid=grid,
    measure=measure,
    run_seconds=run_seconds,
    margin=0.5,
    own_baselines=True,
)
