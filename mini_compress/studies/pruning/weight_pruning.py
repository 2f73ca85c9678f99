"""What fewer weights cost in accuracy, without and with fine-tuning.

Right after pruning, over a full grid of sparsities: by magnitude, by the
first-order Taylor score of the mean gradient, at random; layer by layer and
globally. Then with
fine-tuning, in one shot and in rounds, against three controls: random masks,
a small dense network whose file is as long, trained from scratch, and the
unpruned network trained for as long.

This is the home of the claims that a network loses little with 90 % of its
weights gone; for ConvNet also of those with fewer gone. `num_bytes` is the
length of a file without the zeros (`store_sparse`).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from ... import artifact, pruning
from ...zoo.recipes import find_recipe
from ..engine.baselines import load_data, train_by_recipe
from ..engine.controls import shrink_to
from ..engine.grid import UNTRAINED, Run, Study, cross
from .tuning import CONSTANTS, EPOCH_SECONDS, fine_tune_dense, tuning

SPARSITIES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
TUNED = {
    "LeNet300": (0.9, 0.95, 0.98, 0.99),
    "ConvNet": (0.5, 0.7, 0.8, 0.9),
}
EPOCHS = {"LeNet300": 6, "ConvNet": 2, "LeNet5": 3}  # of fine-tuning
ROUNDS = 3
# what the claim of 90 % may take: more rounds and more epochs
CLAIMED = 0.9  # "90 % smaller without significant loss"
PATIENT = {"sparsity": CLAIMED, "scope": "global", "rounds": 5, "epochs": 15}
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
        place = ("LeNet300", "mnist5k")
        settings = [*_pruned([0.9]), *_tuned(*place, [0.9], epochs=1)]
        return cross([place], range(2), settings)
    runs: list[Run] = []
    for network, dataset in (
        ("LeNet300", "mnist"),
        ("LeNet300", "fashion_mnist"),
        ("ConvNet", "fashion_mnist"),
    ):
        settings = [
            *_pruned(SPARSITIES),
            *_tuned(network, dataset, TUNED[network], EPOCHS[network]),
            *(PATIENTLY if network == "LeNet300" else ()),
        ]
        runs += cross([(network, dataset)], range(3), settings)
    as_in_paper = {"scope": "paper", "rounds": 1, "epochs": EPOCHS["LeNet5"]}
    return [
        *runs,
        *cross([("LeNet5", "mnist")], [0], [("magnitude", as_in_paper)]),
    ]


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim: by magnitude, and fine-tuned."""
    settings = run.settings
    if run.method != "magnitude" or not settings["epochs"]:
        return False
    to_what_extent = run.network == "ConvNet" and settings["scope"] == "global"
    return settings.get("sparsity") == CLAIMED or to_what_extent


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Do to the baseline what the run names."""
    settings = dict(run.settings)
    if run.method == "fine_tuned":
        return fine_tune_dense(model, run)
    if run.method == "small_dense":
        return train_small_dense(model, run)
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
    if run.method == "mean_gradient_taylor":
        examples = load_data(run.dataset).train.take(TAYLOR_IMAGES)
        return pruning.taylor_masks(
            model,
            sparsity,
            examples.images,
            examples.labels,  # type: ignore[arg-type]  # MNIST has them
            scope=scope,
        )
    return pruning.magnitude_masks(model, sparsity, scope=scope)


def train_small_dense(model: nn.Module, run: Run) -> nn.Module:
    """Train a smaller network from scratch, by the recipe of the large one.

    model : the large one. The small one's file is as long as that of the
        large one without its smallest weights.
    """
    masks = pruning.magnitude_masks(
        model, run.settings["sparsity"], scope="global"
    )
    pruned = pruning.store_sparse(pruning.apply_masks(model, masks))
    num_bytes = len(artifact.to_bytes(pruned))
    small = shrink_to(run.network, num_bytes, seed=run.seed)
    return train_by_recipe(small, run)


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds, training of baselines aside."""
    epochs = run.settings.get("epochs", 0)
    if run.method == "small_dense":
        epochs /= 2  # an epoch of a small network is shorter
    return SCORING_SECONDS + epochs * EPOCH_SECONDS[run.network]


def _stages(settings: Settings) -> list[float]:
    """Return the sparsity of each round."""
    if settings["scope"] == "paper":
        return [0.0]
    return pruning.round_sparsities(settings["sparsity"], settings["rounds"])


def _pruned(sparsities: Sequence[float]) -> Iterator[tuple[str, Settings]]:
    """List what is scored right after pruning."""
    for sparsity in sparsities:
        for method in ("magnitude", "mean_gradient_taylor", "random"):
            for scope in ("layer", "global"):
                if (method, scope) != ("random", "global"):  # the same thing
                    chosen = {"sparsity": sparsity, "scope": scope}
                    yield method, {**chosen, "rounds": 1, "epochs": 0}


def _tuned(
    network: str, dataset: str, sparsities: Sequence[float], epochs: int
) -> Iterator[tuple[str, Settings]]:
    """List what is fine-tuned, and the controls."""
    yield "fine_tuned", {"epochs": epochs}
    whole = {"start": UNTRAINED, "epochs": find_recipe(network, dataset).epochs}
    for sparsity in sparsities:
        layer = {"sparsity": sparsity, "scope": "layer", "rounds": 1}
        overall = {**layer, "scope": "global"}
        yield "magnitude", {**overall, "epochs": epochs}
        if epochs >= ROUNDS:  # one epoch a round at least
            in_rounds = {**overall, "rounds": ROUNDS}
            yield "magnitude", {**in_rounds, "epochs": epochs}
        else:
            yield "magnitude", {**layer, "epochs": epochs}
        if network == "LeNet300" or sparsity >= 0.8:
            yield "random", {**layer, "epochs": epochs}
        if sparsity == CLAIMED:
            yield "small_dense", {"sparsity": sparsity, **whole}


STUDY = Study(
    name="weight_pruning",
    summary="accuracy and bytes with fewer weights, tuned and not",
    grid=grid,
    run_seconds=run_seconds,
    compress=compress,
    margin=0.5,
    claims=is_claimed,
    controls=("fine_tuned", "random", "small_dense"),
    constants={
        **CONSTANTS,
        "taylor_images": TAYLOR_IMAGES,
        "kept_in_paper": LENET5_KEPT,
    },
)
