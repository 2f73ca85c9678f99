"""Where the levels of weights lie, at 8 down to 2 bits.

One codebook for each layer, by every method; some of them also with groups
that are divided by the largest of their magnitudes first, or as a Huffman
stream, which changes the bytes alone. A layer with fewer weights than levels
stays as it is. Batch normalization is folded in first. Then, of k-means, the
levels are trained, and beside them the float network for as long.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ... import training
from ...layers.selection import treatable_layers
from ...quantization import (
    fold_batchnorm,
    quantize_codebook,
    tune_codebooks,
)
from ..engine.baselines import load_data
from ..engine.grid import Better, Run, Study, cross

BITS = (8, 6, 4, 3, 2)
FEWEST_CLAIMED = 4
# the exact optimum for 256 levels takes a minute, and k-means is close to it
OPTIMAL_BITS = (6, 4, 3, 2)
SIMPLE = ("kmeans", "equal_mass", "uniform")
TABLES = ("power_of_two", "apot", "normal_float")
CLAIMED = ("kmeans", "optimal", "apot", "normal_float")
OTHER_STARTS = ("density", "random")  # of k-means; "linear" is the usual one
GROUP_SIZE = 64  # as in NF4
SEEDS = {"LeNet300": 5, "LeNet5": 3, "ConvNet": 3}
DATASETS = {"LeNet300": "mnist"}  # of the others it is fashion_mnist
BITS_OF = {"LeNet300": BITS, "LeNet5": (4, 3, 2), "ConvNet": BITS}
TUNED_BITS = {"LeNet300": (3, 2), "ConvNet": (3, 2)}
EPOCHS = {"LeNet300": 4, "ConvNet": 1}
# a few levels bear more than many weights do; chosen on validation images
TUNING_RATES = {"LeNet300": 0.01, "ConvNet": 0.01}
FLOAT_RATES = {"LeNet300": 0.006, "ConvNet": 0.005}
# on one thread: to choose levels and to score 10,000 images; an epoch
SECONDS = {"LeNet300": 1.0, "LeNet5": 4.0, "ConvNet": 2.0}
EPOCH_SECONDS = {"LeNet300": 3.0, "ConvNet": 25.0}
Setting = tuple[str, dict[str, Any]]


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        settings = [*_settings((4,)), *_stored((4,)), *_trained((2,), 1)]
        return cross([("LeNet300", "mnist5k")], range(1), settings)
    runs: list[Run] = []
    for network, seeds in SEEDS.items():
        place = (network, DATASETS.get(network, "fashion_mnist"))
        settings = list(_settings(BITS_OF[network]))
        if network == "LeNet300":
            settings += _stored(BITS)
        if network in TUNED_BITS:
            settings += _trained(TUNED_BITS[network], EPOCHS[network])
        runs += cross([place], range(seeds), settings)
    return runs


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim: bytes of Huffman's are no new one."""
    settings = run.settings
    if settings.get("huffman") or settings.get("first_levels"):
        return False
    if run.method == "tuned":
        return True
    return run.method in CLAIMED and settings["bits"] >= FEWEST_CLAIMED


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Choose levels by the method that the run names, and train them."""
    settings, data = dict(run.settings), load_data(run.dataset)
    folded = fold_batchnorm(model)
    if run.method == "fine_tuned":
        return training.train(
            folded,
            data,
            epochs=settings["epochs"],
            learning_rate=FLOAT_RATES[run.network],
            seed=run.seed,
            progress=False,
        ).model
    epochs = settings.pop("epochs", None)
    small = quantize_codebook(
        folded,
        method="kmeans" if run.method == "tuned" else run.method,
        start=settings.pop("first_levels", "linear"),
        seed=run.seed,
        layers=_large_enough(folded, settings["bits"]),
        **settings,
    )
    if epochs is None:
        return small
    return tune_codebooks(
        small,
        data,
        epochs=epochs,
        learning_rate=TUNING_RATES[run.network],
        seed=run.seed,
        progress=False,
    ).model


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds, training of baselines aside."""
    seconds = SECONDS[run.network]
    if run.method == "optimal":
        seconds += run.settings["bits"]
    epochs: int = run.settings.get("epochs", 0)
    return seconds + epochs * EPOCH_SECONDS.get(run.network, 0.0)


def _large_enough(model: nn.Module, bits: int) -> list[str]:
    """Name the layers with as many distinct weights as there are levels."""
    return [
        name
        for name, layer in treatable_layers(model, None).items()
        if len(layer.weight.unique()) >= 2**bits
    ]


def _settings(bits: Sequence[int]) -> Iterator[Setting]:
    """List the methods that train nothing, and their settings."""
    for num_bits in bits:
        chosen = {"bits": num_bits}
        for method in (*SIMPLE, *TABLES):
            yield method, chosen
        if num_bits in OPTIMAL_BITS:
            yield "optimal", chosen
        for method in ("kmeans", "uniform", "normal_float"):
            yield method, {**chosen, "group_size": GROUP_SIZE}


def _stored(bits: Sequence[int]) -> Iterator[Setting]:
    """List the same as Huffman streams, and k-means from other levels."""
    for num_bits in bits:
        chosen = {"bits": num_bits}
        for method in SIMPLE:
            yield method, {**chosen, "huffman": True}
        for start in OTHER_STARTS:
            yield "kmeans", {**chosen, "first_levels": start}


def _trained(bits: Sequence[int], epochs: int) -> Iterator[Setting]:
    """List what is trained: the float network, and levels of k-means."""
    yield "fine_tuned", {"epochs": epochs}
    for num_bits in bits:
        yield "tuned", {"bits": num_bits, "epochs": epochs}


def _better(other: str, bits: int) -> Better:
    """Claim that k-means is better than another method on LeNet300."""
    shared = {"network": "LeNet300", "dataset": "mnist", "bits": bits}
    plain = dict.fromkeys(("group_size", "huffman", "first_levels"))
    return Better(
        f"k-means at {bits} bits",
        f"{other.replace('_', ' ')} levels",
        first={"method": "kmeans", **shared, **plain},
        second={"method": other, **shared, **plain},
    )


STUDY = Study(
    name="codebooks",
    summary="accuracy and bytes of levels that are not even, by bits",
    grid=grid,
    run_seconds=run_seconds,
    compress=compress,
    margin=0.5,
    claims=is_claimed,
    controls=("uniform", "equal_mass", "power_of_two", "fine_tuned"),
    better=tuple(
        _better(other, bits)
        for bits in (4, 3, 2)
        for other in ("equal_mass", "uniform")
    ),
    constants={
        "tuning_rates": TUNING_RATES,
        "float_rates": FLOAT_RATES,
        "group_size": GROUP_SIZE,
    },
)
