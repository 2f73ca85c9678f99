"""Which criterion to remove filters by, and whether it matters after training.

Each criterion removes the same number of filters from each group of a trained
network, which is scored right away, with its batch normalizations measured
anew, and, for most criteria, after a short training. Three controls: filters
drawn at random; a network of the small shape that was never large, trained by
the baseline's whole recipe; the large network trained on for as long as the
pruned ones.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ... import models, training
from ...pruning import CRITERIA, prune_filters, recalibrate_norms
from ...zoo.recipes import find_recipe
from ..engine.baselines import load_data
from ..engine.controls import renew
from ..engine.grid import Run, Study
from ..engine.rows import FLOAT, Row
from ..engine.scoring import score_run

TUNED = ("l1", "mean_activation", "random")
CHANNEL_RATIOS = (0.25, 0.5, 0.75)
SCRATCH_RATIO = 0.5  # training from scratch takes the longest
# of the training set, for activations and for what normalizations measure
NUM_IMAGES = 1_000
TUNING_EPOCHS = 2
# of 0.001, 0.003 and 0.01 the best for the validation images, with half of the
# filters of seed 0 removed by l1; it is that of the baselines' recipes too
TUNING_RATE = 0.01
# an epoch of fashion_mnist on one thread, by the share of channels removed
EPOCH_SECONDS = {
    "ConvNet": {0.0: 19, 0.25: 13, 0.5: 8, 0.75: 5},
    "ResNet8": {0.0: 23, 0.25: 17, 0.5: 11, 0.75: 7},
}
SCORING_SECONDS = 2


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        return _runs("mnist5k", [("ConvNet", 0)], scratch_epochs=2)
    places = [(network, seed) for network in EPOCH_SECONDS for seed in range(3)]
    epochs = find_recipe("ConvNet", "fashion_mnist").epochs
    return _runs("fashion_mnist", places, scratch_epochs=epochs)


def measure(run: Run) -> Row:
    """Prune the run's baseline, train, and score it on the test images."""
    return score_run(run, compress)


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Make the network that the run names of its baseline."""
    settings = dict(run.settings)
    epochs, norms = settings.pop("epochs"), settings.pop("norms", "stale")
    recipe = find_recipe(run.network, run.dataset)
    rate, decay = TUNING_RATE, recipe.weight_decay
    if run.method == "prune_filters":
        images = load_data(run.dataset).train.take(NUM_IMAGES)
        model, _ = prune_filters(
            model,
            images=images.images,
            labels=images.labels,
            seed=run.seed,
            **settings,
        )
        if norms == "measured":
            model = recalibrate_norms(model, images.images)
    elif run.method == "from_scratch":
        fresh = models.build(run.network, seed=run.seed)
        small, _ = prune_filters(fresh, **settings)
        model, rate = renew(small, seed=run.seed), recipe.learning_rate
    if not epochs:
        return model
    return training.train(
        model,
        load_data(run.dataset),
        epochs=epochs,
        learning_rate=rate,
        weight_decay=decay,
        batch_size=recipe.batch_size,
        seed=run.seed,
        progress=False,
    ).model


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds."""
    if run.dataset == "mnist5k" or run.method == FLOAT:
        return SCORING_SECONDS
    ratio = run.settings.get("channel_ratio", 0.0)
    epoch = EPOCH_SECONDS[run.network][ratio]
    return SCORING_SECONDS + run.settings["epochs"] * epoch


def _runs(
    dataset: str, places: Sequence[tuple[str, int]], scratch_epochs: int
) -> list[Run]:
    return [
        Run(network, dataset, method, settings, seed)
        for network, seed in places
        for method, settings in _settings(scratch_epochs)
    ]


def _settings(scratch_epochs: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the baseline, the controls, and what is pruned and trained on."""
    yield FLOAT, {}
    yield "fine_tune", {"epochs": TUNING_EPOCHS}
    scratch = {"channel_ratio": SCRATCH_RATIO, "epochs": scratch_epochs}
    yield "from_scratch", scratch
    for ratio in CHANNEL_RATIOS:
        for criterion in CRITERIA:
            pruned = {"channel_ratio": ratio, "criterion": criterion}
            for norms in ("stale", "measured"):
                yield "prune_filters", {**pruned, "epochs": 0, "norms": norms}
            if criterion in TUNED:
                yield "prune_filters", {**pruned, "epochs": TUNING_EPOCHS}


STUDY = Study(
    name="filter_criteria",
    summary="filters removed by seven criteria, before and after training",
    grid=grid,
    measure=measure,
    run_seconds=run_seconds,
    margin=0.5,
)
