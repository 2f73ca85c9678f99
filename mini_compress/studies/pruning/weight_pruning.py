"""What fewer weights cost in accuracy, without and with fine-tuning.

Right after pruning, over a full grid of sparsities: by magnitude, by the
first-order Taylor score, at random; layer by layer and globally. Then with
fine-tuning, in one shot and in rounds, against three controls: random masks,
a small dense network with as many weights trained from scratch, and the
unpruned network trained for as long.

`num_bytes` is the length of a file without the zeros (`store_sparse`).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from ... import pruning, training
from ...zoo.recipes import find_recipe
from ..engine.baselines import load_data, recipe_arguments
from ..engine.controls import narrow
from ..engine.grid import Run, Study
from ..engine.rows import FLOAT, Row
from ..engine.scoring import score_run
from .tuning import EPOCH_SECONDS, tuning

SPARSITIES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
TUNED = {
    "LeNet300": (0.9, 0.95, 0.98, 0.99),
    "ConvNet": (0.5, 0.7, 0.8, 0.9),
}
EPOCHS = {"LeNet300": 6, "ConvNet": 2, "LeNet5": 3}  # of fine-tuning
ROUNDS = 3
# what the claim of 90 % may take: more rounds and more epochs
PATIENT = {"sparsity": 0.9, "scope": "global", "rounds": 5, "epochs": 15}
TAYLOR_IMAGES = 2000  # of the training set
# what [han2016deep], table 3, keeps of each layer of LeNet5
LENET5_KEPT = {
    "features.0": 0.66,
    "features.3": 0.12,
    "classifier.1": 0.08,
    "classifier.3": 0.19,
}
SCORING_SECONDS = 2.0
Settings = dict[str, Any]
PATIENTLY: list[tuple[str, Settings]] = [
    ("fine_tuned", {"epochs": PATIENT["epochs"]}),
    ("magnitude", PATIENT),
]


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        settings = [(FLOAT, {}), *_pruned([0.9]), *_tuned([0.9], epochs=1)]
        return [
            Run("LeNet300", "mnist5k", method, chosen, seed)
            for seed in range(2)
            for method, chosen in settings
        ]
    places = [
        ("LeNet300", "mnist"),
        ("LeNet300", "fashion_mnist"),
        ("ConvNet", "fashion_mnist"),
    ]
    runs = [
        Run(network, dataset, method, settings, seed)
        for network, dataset in places
        for seed in range(3)
        for method, settings in [
            (FLOAT, {}),
            *_pruned(SPARSITIES),
            *_tuned(TUNED[network], EPOCHS[network]),
            *(PATIENTLY if network == "LeNet300" else ()),
        ]
    ]
    as_in_paper = {"scope": "paper", "rounds": 1, "epochs": EPOCHS["LeNet5"]}
    return [
        *runs,
        Run("LeNet5", "mnist", FLOAT),
        Run("LeNet5", "mnist", "magnitude", as_in_paper),
    ]


def measure(run: Run) -> Row:
    """Prune the run's baseline, train what is left, score on test images."""
    return score_run(run, compress)


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Do to the baseline what the run names."""
    settings = dict(run.settings)
    if run.method == "fine_tuned":
        data, chosen = load_data(run.dataset), tuning(run, settings["epochs"])
        return training.train(model, data, **chosen).model
    if run.method == "small_dense":
        return train_small_dense(run, settings["sparsity"])
    for sparsity in _stages(settings):
        masks = make_masks(model, run, sparsity)
        model = pruning.apply_masks(model, masks)
        if settings["epochs"]:
            epochs = settings["epochs"] // settings["rounds"]
            data, chosen = load_data(run.dataset), tuning(run, epochs)
            model = pruning.fine_tune(model, data, masks, **chosen).model
    return pruning.store_sparse(model)


def make_masks(
    model: nn.Module, run: Run, sparsity: float
) -> dict[str, torch.Tensor]:
    """Choose the weights to keep, by the method and the scope of the run."""
    scope = run.settings["scope"]
    if scope == "paper":
        shares = {name: 1 - kept for name, kept in LENET5_KEPT.items()}
        return pruning.magnitude_masks(model, shares)
    if run.method == "random":
        return pruning.random_masks(
            model, sparsity, scope=scope, seed=1000 + run.seed
        )
    if run.method == "taylor":
        examples = load_data(run.dataset).train.take(TAYLOR_IMAGES)
        return pruning.taylor_masks(
            model,
            sparsity,
            examples.images,
            examples.labels,  # type: ignore[arg-type]  # MNIST has them
            scope=scope,
        )
    return pruning.magnitude_masks(model, sparsity, scope=scope)


def train_small_dense(run: Run, sparsity: float) -> nn.Module:
    """Train a narrower network from scratch, by the recipe of the large one.

    sparsity : its weights are as many as a network this sparse keeps, or a
        few fewer
    """
    model = narrow(run.network, 1 - sparsity, seed=run.seed)
    recipe = recipe_arguments(run.network, run.dataset, run.seed)
    data = load_data(run.dataset)
    return training.train(model, data, progress=False, **recipe).model


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds, training of baselines aside."""
    epochs = run.settings.get("epochs", 0)
    if run.method == "small_dense":
        epochs = find_recipe(run.network, run.dataset).epochs / 2
    return SCORING_SECONDS + epochs * EPOCH_SECONDS[run.network]


def _stages(settings: Settings) -> list[float]:
    """Return the sparsity of each round."""
    if settings["scope"] == "paper":
        return [0.0]
    return pruning.round_sparsities(settings["sparsity"], settings["rounds"])


def _pruned(sparsities: Sequence[float]) -> Iterator[tuple[str, Settings]]:
    """List what is scored right after pruning."""
    for sparsity in sparsities:
        for method in ("magnitude", "taylor", "random"):
            for scope in ("layer", "global"):
                if (method, scope) != ("random", "global"):  # the same thing
                    chosen = {"sparsity": sparsity, "scope": scope}
                    yield method, {**chosen, "rounds": 1, "epochs": 0}


def _tuned(
    sparsities: Sequence[float], epochs: int
) -> Iterator[tuple[str, Settings]]:
    """List what is fine-tuned, and the controls."""
    yield "fine_tuned", {"epochs": epochs}
    for sparsity in sparsities:
        layer = {"sparsity": sparsity, "scope": "layer", "rounds": 1}
        overall = {**layer, "scope": "global"}
        yield "random", {**layer, "epochs": epochs}
        yield "magnitude", {**overall, "epochs": epochs}
        if epochs >= ROUNDS:  # one epoch a round at least
            in_rounds = {**overall, "rounds": ROUNDS}
            yield "magnitude", {**in_rounds, "epochs": epochs}
        else:
            yield "magnitude", {**layer, "epochs": epochs}
        if sparsity >= 0.9:
            yield "small_dense", {"sparsity": sparsity}


STUDY = Study(
    name="weight_pruning",
    summary="accuracy and bytes with fewer weights, tuned and not",
    grid=grid,
    measure=measure,
    run_seconds=run_seconds,
    margin=0.5,
)
