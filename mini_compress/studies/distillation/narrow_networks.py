"""What does distillation add to a network with a fraction of the channels?

ConvNets of a half and a quarter of the width learn Fashion-MNIST, all of its
training images, from the labels alone or from what the whole ConvNet answers
besides. Both train for as many epochs, with the whole network's learning rate.
"""

import functools
from collections.abc import Sequence
from typing import Any

from torch import nn

from ... import distillation, models, training
from ..engine.baselines import load_data, recipe_arguments
from ..engine.grid import UNTRAINED, Run, Study, cross
from .classroom import OTHER_SEED

SEEDS = 3
PLACE = ("ConvNet", "fashion_mnist")
WIDTHS = (0.5, 0.25)
EPOCHS = 20
USUAL: dict[str, Any] = {"temperature": 4.0, "weight": 0.9}
EPOCH_SECONDS = {0.5: 9.0, 0.25: 4.0}  # on one thread


def grid(smoke: bool) -> Sequence[Run]:
    """List for each seed the whole network, and narrow ones taught two ways."""
    epochs = 1 if smoke else EPOCHS
    settings = []
    for width in WIDTHS:
        student = {"width": width, "start": UNTRAINED, "epochs": epochs}
        settings += [
            ("hard_labels", student),
            ("distilled", {**student, **USUAL}),
        ]
    if smoke:
        return cross([("ConvNet", "mnist5k")], [0], settings)
    return cross([PLACE], range(SEEDS), settings)


def compress(teacher: nn.Module, run: Run) -> nn.Module:
    """Make the student of a run."""
    student = models.build(
        run.network, seed=OTHER_SEED + run.seed, width=run.settings["width"]
    )
    lesson = recipe_arguments(run.network, run.dataset, run.seed)
    lesson |= {"epochs": run.settings["epochs"], "progress": False}
    data = load_data(run.dataset)
    if run.method == "hard_labels":
        return training.train(student, data, **lesson).model
    return distillation.distill(
        _answers(teacher, run.dataset), student, data, **USUAL, **lesson
    ).model


@functools.lru_cache(maxsize=1)
def _answers(teacher: nn.Module, dataset: str) -> distillation.CachedLogits:
    """Ask a teacher once about all training images, for all its students."""
    return distillation.cache_logits(teacher, load_data(dataset).train)


STUDY = Study(
    name="narrow_networks",
    summary="narrow networks on labels and on soft targets",
    grid=grid,
    run_seconds=lambda run: (
        EPOCH_SECONDS[run.settings["width"]] * run.settings["epochs"]
        if run.settings
        else 2.0
    ),
    compress=compress,
    margin=0.5,
    claims=lambda run: run.method == "distilled",
    controls=("hard_labels",),
    constants={"widths": WIDTHS},
    together=lambda run: str(run.seed),
)
