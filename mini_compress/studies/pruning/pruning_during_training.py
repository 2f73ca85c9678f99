"""Is it better to prune while a network learns than afterwards?

Every method gets the same number of epochs. From the trained baseline: by
magnitude in one shot and in rounds, as `weight_pruning` does it, which is
where they are claimed at 90 %; a mask that grows (gradual) and a mask that
moves (regrow), all with the epochs of fine-tuning; and as a control the dense
network trained for as long. From an untrained network: gradual and regrow,
with the baseline's epochs and those of fine-tuning together.

`num_bytes` is the length of a file without the zeros (`store_sparse`).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from torch import nn

from ... import models, pruning
from ...zoo.recipes import find_recipe
from ..engine.baselines import load_data
from ..engine.grid import UNTRAINED, Run, Study, cross
from .tuning import CONSTANTS, EPOCH_SECONDS, fine_tune_dense, tuning
from .weight_pruning import ROUNDS
from .weight_pruning import compress as prune_by_magnitude

SPARSITIES = (0.9, 0.95, 0.98)
FROM_SCRATCH = (0.95,)  # these runs are long
SEEDS = {"mnist": 3, "fashion_mnist": 5}  # 5: as many as "better" takes
TUNING_EPOCHS = 6
SCORING_SECONDS = 1.0


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        settings = _settings("mnist5k", (0.9,), (0.9,), TUNING_EPOCHS)
        return cross([("LeNet300", "mnist5k")], range(1), settings)
    runs: list[Run] = []
    for dataset, seeds in SEEDS.items():
        settings = _settings(dataset, SPARSITIES, FROM_SCRATCH, TUNING_EPOCHS)
        runs += cross([("LeNet300", dataset)], range(seeds), settings)
    return runs


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim that no other study makes."""
    if run.method == "magnitude":
        return run.settings["sparsity"] > 0.9
    return run.method in ("gradual", "regrow")


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Do what the run names, to its baseline or to an untrained network."""
    if run.settings.get("start") == UNTRAINED:
        model = models.build(run.network, seed=run.seed)
    return METHODS[run.method](model, run)


def gradual(model: nn.Module, run: Run) -> nn.Module:
    """Let the mask grow along the cubic schedule."""
    trained = pruning.prune_gradually(
        model,
        load_data(run.dataset),
        run.settings["sparsity"],
        scope="global",  # as magnitude, with which it is compared
        **_train(run),
    )
    return pruning.store_sparse(trained.model)


def regrow(model: nn.Module, run: Run) -> nn.Module:
    """Let the mask move; it begins at random where the network is untrained."""
    sparsity = run.settings["sparsity"]
    if run.settings["start"] == UNTRAINED:
        masks = pruning.random_masks(model, sparsity, seed=1000 + run.seed)
    else:
        masks = pruning.magnitude_masks(model, sparsity, scope="global")
    trained = pruning.prune_and_regrow(
        model, load_data(run.dataset), masks, **_train(run)
    )
    return pruning.store_sparse(trained.model)


METHODS: dict[str, Callable[[nn.Module, Run], nn.Module]] = {
    "fine_tuned": fine_tune_dense,
    "magnitude": prune_by_magnitude,
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
    if run.settings["start"] == UNTRAINED:
        recipe = find_recipe(run.network, run.dataset)
        settings["learning_rate"] = recipe.learning_rate
    return settings


def _settings(
    dataset: str,
    sparsities: Sequence[float],
    scratch: Sequence[float],
    epochs: int,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the methods from the trained and from the untrained network."""
    yield "fine_tuned", {"epochs": epochs}
    for sparsity in sparsities:
        for rounds in (1, ROUNDS):
            pruned = {"sparsity": sparsity, "scope": "global", "rounds": rounds}
            yield "magnitude", {**pruned, "epochs": epochs}
        for method in ("gradual", "regrow"):
            trained = {"start": "trained", "epochs": epochs}
            yield method, {"sparsity": sparsity, **trained}
    whole = find_recipe("LeNet300", dataset).epochs + epochs
    for sparsity in scratch:
        for method in ("gradual", "regrow"):
            untrained = {"start": UNTRAINED, "epochs": whole}
            yield method, {"sparsity": sparsity, **untrained}


STUDY = Study(
    name="pruning_during_training",
    summary="pruning while learning and afterwards, at equal training",
    grid=grid,
    run_seconds=run_seconds,
    compress=compress,
    margin=0.5,
    claims=is_claimed,
    controls=("fine_tuned",),
    constants=CONSTANTS,
)
