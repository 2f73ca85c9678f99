"""What fewer ranks cost in accuracy, without and with fine-tuning.

Right after it, over a full grid of shares of the weights: by
the SVD of the weight and by that of the output, with ranks that give every
layer the same share, that spend one budget where it buys most, that keep a
share of the energy, or that variational Bayes finds; of convolutions by
channel SVD, spatial SVD and Tucker. Then with fine-tuning, against four
controls: the whole network trained for as long, a small dense network whose
file is as long, the same factors trained from scratch, both by the recipe of
the baseline.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor, nn

from ... import artifact, low_rank, training
from ...layers.selection import treatable_layers
from ...pruning import recalibrate_norms
from ...zoo.recipes import find_recipe
from ..engine.baselines import load_data, train_by_recipe
from ..engine.controls import reinitialize, shrink_to
from ..engine.grid import UNTRAINED, Run, Study, cross
from ..pruning.tuning import CONSTANTS, EPOCH_SECONDS, fine_tune_dense, tuning

SHARES = (0.5, 0.25, 0.125, 0.0625, 0.03125)  # of a layer's weights
ENERGIES = (0.5, 0.7, 0.8, 0.9, 0.95)
EPOCHS = {"LeNet300": 3, "ConvNet": 2, "LeNet5": 2}  # of fine-tuning
NUM_IMAGES = 5_000  # of the training set, for moments and normalizations
FLOOR = 2  # the lowest rank, whatever variational Bayes says
CONV_METHODS = ("channel", "spatial", "tucker")
CONV_SHARES = {"ConvNet": (0.75, 0.5, 0.25), "LeNet5": (0.5, 0.25)}
NORMALIZED = ("ConvNet",)  # whose normalizations may be measured anew
CONV_TUNED = {"ConvNet": (0.5, 0.25), "LeNet5": (0.25,)}
TUNED_ENERGY = 0.9
SCRATCH_SHARES = {  # of the controls that are trained from scratch
    ("LeNet300", "mnist"): (0.25, 0.125, 0.0625),
    ("LeNet300", "fashion_mnist"): (0.125,),
    ("ConvNet", "fashion_mnist"): (0.25,),
    ("LeNet5", "fashion_mnist"): (0.25,),
}
SCORING_SECONDS = 1.5
Settings = dict[str, Any]


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        return [
            *cross(
                [("LeNet300", "mnist5k")],
                [0],
                [*_linear([0.25], [0.9], 1), *_scratch("LeNet300", [0.25], 2)],
            ),
            *cross([("ConvNet", "mnist5k")], [0], _convolutional("ConvNet", 1)),
        ]
    runs: list[Run] = []
    for dataset in ("mnist", "fashion_mnist"):
        settings = [
            *_linear(SHARES, ENERGIES, EPOCHS["LeNet300"]),
            *_from_scratch("LeNet300", dataset),
        ]
        runs += cross([("LeNet300", dataset)], range(3), settings)
    for network in CONV_SHARES:
        settings = [
            *_convolutional(network, EPOCHS[network]),
            *_from_scratch(network, "fashion_mnist"),
        ]
        runs += cross([(network, "fashion_mnist")], range(3), settings)
    return runs


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim: factored, and fine-tuned."""
    methods = ("svd", "output_svd", *CONV_METHODS)
    return run.method in methods and run.settings["epochs"] > 0


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Do to the baseline what the run names."""
    epochs = run.settings["epochs"]
    if run.method == "fine_tuned":
        return fine_tune_dense(model, run)
    if run.method in ("small_dense", "born_factored"):
        return train_from_scratch(model, run)
    factored = factorize(model, run)
    if run.settings.get("norms") == "measured":
        factored = recalibrate_norms(factored, some_images(run))
    if not epochs:
        return factored
    data = load_data(run.dataset)
    return training.train(factored, data, **tuning(run, epochs)).model


def factorize(model: nn.Module, run: Run) -> nn.Module:
    """Put factors in the place of a network's layers, by a run's settings."""
    images = some_images(run) if run.method == "output_svd" else None
    method = run.method if run.method in CONV_METHODS else "channel"
    ranks = choose_ranks(model, run, method, images)
    return low_rank.factorize(model, ranks, method=method, images=images).model


def some_images(run: Run) -> Tensor:
    """Take the first training images, for moments and normalizations."""
    train = load_data(run.dataset).train
    return train.take(min(NUM_IMAGES, len(train))).images


def choose_ranks(
    model: nn.Module, run: Run, method: str, images: Tensor | None
) -> dict[str, Any]:
    """Choose the rank of each layer but the last, whose outputs are classes."""
    settings = run.settings
    layers = list(treatable_layers(model, None))[:-1]
    if settings["choice"] == "energy":
        return low_rank.energy_ranks(model, settings["share"], layers=layers)
    if settings["choice"] == "bayes":
        return low_rank.evbmf_ranks(model, floor=FLOOR, layers=layers)
    if settings["choice"] == "budget":
        even = low_rank.share_ranks(model, settings["share"], layers=layers)
        budget = low_rank.count_weights(model, even)
        return low_rank.budget_ranks(
            model, budget, images=images, layers=layers
        )
    return low_rank.share_ranks(
        model, settings["share"], method=method, layers=layers
    )


def train_from_scratch(model: nn.Module, run: Run) -> nn.Module:
    """Train what a factored network can be compared with, by the recipe.

    model : the whole network; from it come the ranks, or the file's length
    """
    as_run = Run(
        run.network, run.dataset, "svd", {**run.settings, "choice": "even"}
    )
    small = factorize(model, as_run)
    if run.method == "born_factored":
        small = reinitialize(small, seed=run.seed)
    else:
        num_bytes = len(artifact.to_bytes(small))
        small = shrink_to(run.network, num_bytes, seed=run.seed)
    return train_by_recipe(small, run)


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds, training of baselines aside."""
    epochs = run.settings.get("epochs", 0)
    if run.settings.get("start") == UNTRAINED:
        epochs /= 2  # an epoch of a small network is shorter
    return SCORING_SECONDS + epochs * EPOCH_SECONDS[run.network]


def _linear(
    shares: Sequence[float], energies: Sequence[float], epochs: int
) -> Iterator[tuple[str, Settings]]:
    """List what is done to linear layers, and the whole network's control."""
    yield "fine_tuned", {"epochs": epochs}
    for share in shares:
        for method in ("svd", "output_svd"):
            for choice in ("even", "budget"):
                settings = {"choice": choice, "share": share}
                yield method, {**settings, "epochs": 0}
                if (method, choice) != ("svd", "budget"):
                    yield method, {**settings, "epochs": epochs}
    for share in energies:
        yield "svd", {"choice": "energy", "share": share, "epochs": 0}
    tuned = {"choice": "energy", "share": TUNED_ENERGY, "epochs": epochs}
    yield "svd", tuned
    for own in (0, epochs):
        yield "svd", {"choice": "bayes", "epochs": own}


def _convolutional(network: str, epochs: int) -> Iterator[tuple[str, Settings]]:
    """List what is done to convolutions, and the whole network's control."""
    yield "fine_tuned", {"epochs": epochs}
    for share in CONV_SHARES[network]:
        for method in CONV_METHODS:
            settings = {"choice": "even", "share": share}
            yield method, {**settings, "epochs": 0}
            if network in NORMALIZED:
                yield method, {**settings, "epochs": 0, "norms": "measured"}
            if share in CONV_TUNED[network]:
                yield method, {**settings, "epochs": epochs}


def _from_scratch(network: str, dataset: str) -> Iterator[tuple[str, Settings]]:
    """List the controls that are trained for as long as the baseline."""
    shares = SCRATCH_SHARES.get((network, dataset), ())
    return _scratch(network, shares, find_recipe(network, dataset).epochs)


def _scratch(
    network: str, shares: Sequence[float], epochs: int
) -> Iterator[tuple[str, Settings]]:
    """List the controls that are trained from scratch."""
    recipe = {"start": UNTRAINED, "epochs": epochs}
    for share in shares:
        yield "small_dense", {"share": share, **recipe}
        if network == "LeNet300":
            yield "born_factored", {"share": share, **recipe}


STUDY = Study(
    name="factorization",
    summary="accuracy and bytes with fewer ranks, tuned and not",
    grid=grid,
    run_seconds=run_seconds,
    compress=compress,
    margin=0.5,
    claims=is_claimed,
    controls=("fine_tuned", "small_dense", "born_factored"),
    constants={**CONSTANTS, "images": NUM_IMAGES, "floor": FLOOR},
)
