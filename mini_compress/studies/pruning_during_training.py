"""Is it better to prune while a network learns than afterwards?

Every method gets the same number of epochs. From the trained baseline: one
shot, rounds, a mask that grows (gradual) and a mask that moves (regrow), all
with the epochs of fine-tuning. From an untrained network: gradual and regrow,
with the baseline's epochs and those of fine-tuning together. Then network
slimming of ConvNet, with the same training without the penalty as its control.

`num_bytes` is the length of a file without the zeros (`store_sparse`).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from torch import nn

from .. import models, pruning, training
from ..zoo.recipes import find_recipe
from .baselines import load_data
from .grid import Run, Study
from .rows import FLOAT, Row
from .scoring import score_run
from .weight_pruning import EPOCH_SECONDS, RATES, ROUNDS, WEIGHT_DECAY

SPARSITIES = (0.9, 0.95, 0.98)
FROM_SCRATCH = (0.95,)  # these runs are long
TUNING_EPOCHS = 6
# ten times the strongest of [liu2017slimming]: the training is far shorter
STRENGTH = 1e-3  # of the penalty on the scales
CHANNEL_RATIOS = (0.5,)
PENALTY_EPOCHS, AFTER_EPOCHS = 3, 2
SCORING_SECONDS = 1.0


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        places = [("LeNet300", "mnist5k", 0), ("ConvNet", "mnist5k", 0)]
        return _runs(places, sparsities=[0.9], scratch=[0.9])
    mlps = [
        ("LeNet300", dataset, seed)
        for dataset in ("mnist", "fashion_mnist")
        for seed in range(3)
    ]
    convs = [("ConvNet", "fashion_mnist", seed) for seed in range(3)]
    return _runs([*mlps, *convs], SPARSITIES, FROM_SCRATCH)


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


def slimming(model: nn.Module, run: Run) -> nn.Module:
    """Train with the penalty, remove the smallest scales, train again."""
    data, settings = load_data(run.dataset), _train(run)
    penalty = pruning.scale_penalty(run.settings["strength"])
    settings["epochs"] = PENALTY_EPOCHS
    model = training.train(model, data, penalty=penalty, **settings).model
    small, _ = pruning.prune_filters(
        model,
        run.settings["channel_ratio"],
        criterion="bn_scale",
        scope="global",
    )
    settings["epochs"] = AFTER_EPOCHS
    return training.train(small, data, **settings).model


METHODS: dict[str, Callable[[nn.Module, Run], nn.Module]] = {
    "one_shot": one_shot,
    "iterative": iterative,
    "gradual": gradual,
    "regrow": regrow,
    "slimming": slimming,
}


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds, training of baselines aside."""
    epochs = run.settings.get("epochs", 0)
    if run.dataset == "mnist5k":
        epochs /= 10
    return SCORING_SECONDS + epochs * EPOCH_SECONDS[run.network]


def _train(run: Run) -> dict[str, Any]:
    """Return the arguments of the training; a recipe's for an untrained one."""
    recipe = find_recipe(run.network, run.dataset)
    untrained = run.settings.get("start") == "untrained"
    return {
        "epochs": run.settings["epochs"],
        "learning_rate": (
            recipe.learning_rate if untrained else RATES[run.network]
        ),
        "weight_decay": WEIGHT_DECAY[run.network],
        "seed": run.seed,
        "progress": False,
    }


def _runs(
    places: Sequence[tuple[str, str, int]],
    sparsities: Sequence[float],
    scratch: Sequence[float],
) -> list[Run]:
    runs = []
    for network, dataset, seed in places:
        settings = (
            _slimmed()
            if network == "ConvNet"
            else _pruned(network, dataset, sparsities, scratch)
        )
        runs += [
            Run(network, dataset, method, chosen, seed)
            for method, chosen in [(FLOAT, {}), *settings]
        ]
    return runs


def _pruned(
    network: str,
    dataset: str,
    sparsities: Sequence[float],
    scratch: Sequence[float],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the methods from the trained and from the untrained network."""
    for sparsity in sparsities:
        for method in ("one_shot", "iterative", "gradual", "regrow"):
            trained = {"start": "trained", "epochs": TUNING_EPOCHS}
            yield method, {"sparsity": sparsity, **trained}
    whole = find_recipe(network, dataset).epochs + TUNING_EPOCHS
    for sparsity in scratch:
        for method in ("gradual", "regrow"):
            untrained = {"start": "untrained", "epochs": whole}
            yield method, {"sparsity": sparsity, **untrained}


def _slimmed() -> Iterator[tuple[str, dict[str, Any]]]:
    """List slimming with and without its penalty."""
    for ratio in CHANNEL_RATIOS:
        for strength in (0.0, STRENGTH):
            chosen = {"channel_ratio": ratio, "strength": strength}
            epochs = PENALTY_EPOCHS + AFTER_EPOCHS
            yield "slimming", {**chosen, "epochs": epochs}


STUDY = Study(
    name="pruning_during_training",
    summary="pruning while learning and afterwards, at equal training",
    grid=grid,
    measure=measure,
    run_seconds=run_seconds,
    margin=0.5,
)
