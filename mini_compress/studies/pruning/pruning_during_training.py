"""Is it better to prune while a network learns than afterwards?

Every method gets the same number of epochs. From the trained baseline: one
shot, rounds, a mask that grows (gradual) and a mask that moves (regrow), all
with the epochs of fine-tuning. From an untrained network: gradual and regrow,
with the baseline's epochs and those of fine-tuning together.

`num_bytes` is the length of a file without the zeros (`store_sparse`).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from torch import nn

from ... import models, pruning
from ...zoo.recipes import find_recipe
from ..engine.baselines import load_data
from ..engine.grid import Run, Study
from ..engine.rows import FLOAT, Row
from ..engine.scoring import score_run
from .tuning import EPOCH_SECONDS, tuning
from .weight_pruning import ROUNDS

SPARSITIES = (0.9, 0.95, 0.98)
FROM_SCRATCH = (0.95,)  # these runs are long
TUNING_EPOCHS = 6
SCORING_SECONDS = 1.0


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    datasets = ("mnist5k",) if smoke else ("mnist", "fashion_mnist")
    sparsities = (0.9,) if smoke else SPARSITIES
    scratch = (0.9,) if smoke else FROM_SCRATCH
    return [
        Run("LeNet300", dataset, method, settings, seed)
        for dataset in datasets
        for seed in range(1 if smoke else 3)
        for method, settings in [
            (FLOAT, {}),
            *_settings(dataset, sparsities, scratch),
        ]
    ]


def measure(run: Run) -> Row:
    """Train the network of a run and score it on the test images."""
    return score_run(run, compress)


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Do what the run names, to its baseline or to an untrained network."""
    if run.settings.get("start") == "untrained":
        model = models.build(run.network, seed=run.seed)
    return METHODS[run.method](model, run)


def one_shot(model: nn.Module, run: Run) -> nn.Module:
    """Prune once, then train with the mask."""
    sparsity = run.settings["sparsity"]
    masks = pruning.magnitude_masks(model, sparsity, scope="global")
    tuned = pruning.fine_tune(
        model, load_data(run.dataset), masks, **_train(run)
    )
    return pruning.store_sparse(tuned.model)


def iterative(model: nn.Module, run: Run) -> nn.Module:
    """Prune in rounds, each with its part of the epochs."""
    settings = _train(run)
    settings["epochs"] //= ROUNDS
    rounds = pruning.prune_iteratively(
        model,
        load_data(run.dataset),
        run.settings["sparsity"],
        rounds=ROUNDS,
        **settings,
    )
    return pruning.store_sparse(rounds[-1].training.model)


def gradual(model: nn.Module, run: Run) -> nn.Module:
    """Let the mask grow along the cubic schedule."""
    trained = pruning.prune_gradually(
        model, load_data(run.dataset), run.settings["sparsity"], **_train(run)
    )
    return pruning.store_sparse(trained.model)


def regrow(model: nn.Module, run: Run) -> nn.Module:
    """Let the mask move; it begins at random where the network is untrained."""
    sparsity = run.settings["sparsity"]
    if run.settings["start"] == "untrained":
        masks = pruning.random_masks(model, sparsity, seed=1000 + run.seed)
    else:
        masks = pruning.magnitude_masks(model, sparsity, scope="global")
    trained = pruning.prune_and_regrow(
        model, load_data(run.dataset), masks, **_train(run)
    )
    return pruning.store_sparse(trained.model)


METHODS: dict[str, Callable[[nn.Module, Run], nn.Module]] = {
    "one_shot": one_shot,
    "iterative": iterative,
    "gradual": gradual,
    "regrow": regrow,
}


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds, training of baselines aside."""
    epochs = run.settings.get("epochs", 0)
    if run.dataset == "mnist5k":
        epochs /= 10
    return SCORING_SECONDS + epochs * EPOCH_SECONDS[run.network]


def _train(run: Run) -> dict[str, Any]:
    """Return the arguments of the training; from scratch at another rate."""
    settings = tuning(run, run.settings["epochs"])
    if run.settings["start"] == "untrained":
        recipe = find_recipe(run.network, run.dataset)
        settings["learning_rate"] = recipe.learning_rate
    return settings


def _settings(
    dataset: str, sparsities: Sequence[float], scratch: Sequence[float]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the methods from the trained and from the untrained network."""
    for sparsity in sparsities:
        for method in METHODS:
            trained = {"start": "trained", "epochs": TUNING_EPOCHS}
            yield method, {"sparsity": sparsity, **trained}
    whole = find_recipe("LeNet300", dataset).epochs + TUNING_EPOCHS
    for sparsity in scratch:
        for method in ("gradual", "regrow"):
            untrained = {"start": "untrained", "epochs": whole}
            yield method, {"sparsity": sparsity, **untrained}


STUDY = Study(
    name="pruning_during_training",
    summary="pruning while learning and afterwards, at equal training",
    grid=grid,
    measure=measure,
    run_seconds=run_seconds,
    margin=0.5,
)
