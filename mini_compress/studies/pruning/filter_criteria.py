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
from ..engine.baselines import load_data, train_by_recipe
from ..engine.controls import reinitialize
from ..engine.grid import UNTRAINED, Run, Study, cross
from ..engine.rows import FLOAT
from .tuning import CONSTANTS, fine_tune_dense, tuning

CHANNEL_RATIOS = (0.25, 0.5, 0.75)
TUNED = {  # the criteria whose networks are fine-tuned
    0.25: ("l1", "random"),
    0.5: ("l1", "mean_activation", "random"),
    0.75: ("l1", "random"),
}
SCRATCH_RATIO = 0.5  # training from scratch takes the longest
# of the training set, for activations and for what normalizations measure
NUM_IMAGES = 1_000
TUNING_EPOCHS = 3
# an epoch of fashion_mnist on one thread, by the share of channels removed
EPOCH_SECONDS = {
    "ConvNet": {0.0: 19, 0.25: 13, 0.5: 8, 0.75: 5},
    "ResNet8": {0.0: 23, 0.25: 17, 0.5: 11, 0.75: 7},
}
SCORING_SECONDS = 2


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        settings = _settings(scratch_epochs=2)
        return cross([("ConvNet", "mnist5k")], range(1), settings)
    epochs = find_recipe("ConvNet", "fashion_mnist").epochs
    places = [(network, "fashion_mnist") for network in EPOCH_SECONDS]
    return cross(places, range(3), _settings(epochs))


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim: by a criterion, and fine-tuned."""
    return (
        run.method == "prune_filters"
        and run.settings["epochs"] > 0
        and run.settings["criterion"] != "random"
    )


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Make the network that the run names of its baseline."""
    if run.method == "fine_tuned":
        return fine_tune_dense(model, run)
    if run.method == "from_scratch":
        return train_from_scratch(run)
    settings = dict(run.settings)
    epochs, norms = settings.pop("epochs"), settings.pop("norms", "stale")
    data = load_data(run.dataset)
    images = data.train.take(NUM_IMAGES)
    model, _ = prune_filters(
        model,
        images=images.images,
        labels=images.labels,
        seed=run.seed,
        **settings,
    )
    if norms == "measured":
        model = recalibrate_norms(model, images.images)
    if not epochs:
        return model
    return training.train(model, data, **tuning(run, epochs)).model


def train_from_scratch(run: Run) -> nn.Module:
    """Train a network of the pruned one's shape by the baseline's recipe."""
    whole = models.build(run.network)
    small, _ = prune_filters(whole, run.settings["channel_ratio"])
    small = reinitialize(small, seed=run.seed)
    return train_by_recipe(small, run)


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds."""
    if run.dataset == "mnist5k" or run.method == FLOAT:
        return SCORING_SECONDS
    ratio = run.settings.get("channel_ratio", 0.0)
    epoch = EPOCH_SECONDS[run.network][ratio]
    return SCORING_SECONDS + run.settings["epochs"] * epoch


def _settings(scratch_epochs: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the controls, and what is pruned and trained on."""
    yield "fine_tuned", {"epochs": TUNING_EPOCHS}
    scratch = {"start": UNTRAINED, "epochs": scratch_epochs}
    yield "from_scratch", {"channel_ratio": SCRATCH_RATIO, **scratch}
    for ratio in CHANNEL_RATIOS:
        for criterion in CRITERIA:
            pruned = {"channel_ratio": ratio, "criterion": criterion}
            for norms in ("stale", "measured"):
                yield "prune_filters", {**pruned, "epochs": 0, "norms": norms}
            if criterion in TUNED[ratio]:
                yield "prune_filters", {**pruned, "epochs": TUNING_EPOCHS}


STUDY = Study(
    name="filter_criteria",
    summary="filters removed by seven criteria, before and after training",
    grid=grid,
    run_seconds=run_seconds,
    compress=compress,
    margin=0.5,
    claims=is_claimed,
    controls=("fine_tuned", "from_scratch"),
    constants={**CONSTANTS, "images": NUM_IMAGES},
)
