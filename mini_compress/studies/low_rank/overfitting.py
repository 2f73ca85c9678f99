"""Does low rank reduce overfitting?

LeNet300 learns few images by heart. A factored copy is trained on; beside it
stand the whole network trained on for as long, factors that were trained from
scratch, a small dense network whose file is as long, and the whole network
with weight decay, which is what one would try first. All but the baseline see
as many examples. Every network is kept as it is after its last epoch: to
choose the best one on validation images would hide what the study looks for.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ... import artifact, low_rank, models, training
from ..engine.controls import reinitialize, shrink_to
from ..engine.grid import UNTRAINED, Better, Run, Study, cross
from ..engine.rows import FLOAT
from ..engine.subsets import load_subset

SEEDS = 5
DATASETS, COUNTS = ("mnist", "fashion_mnist"), (1000, 5000)
SHARES = (0.25, 0.1)  # of the weights of both hidden layers
EXAMPLES, MORE_EXAMPLES = 200_000, 100_000  # seen at first, and afterwards
RATE, LOWER_RATE = 0.003, 0.001  # the highest of the learning rate
WEIGHT_DECAY = 0.1
LAYERS = ("classifier.1", "classifier.3")
SECONDS = 8.0  # of a run
SCRATCH = ("small_dense", "born_factored", "weight_decay")


def grid(smoke: bool) -> Sequence[Run]:
    """List for each seed the baseline, what is made of it, and controls."""
    if smoke:
        return cross([("LeNet300", "mnist5k_500")], [0], _settings(2, 1))
    runs: list[Run] = []
    for dataset in DATASETS:
        for count in COUNTS:
            passes = EXAMPLES // count, MORE_EXAMPLES // count
            place = ("LeNet300", f"{dataset}_{count}")
            runs += cross([place], range(SEEDS), _settings(*passes))
    return runs


@functools.lru_cache(maxsize=2)
def train_baseline(dataset: str, seed: int) -> nn.Module:
    """Train the whole network, once in each process."""
    epochs = 2 if dataset == "mnist5k_500" else _passes(dataset, EXAMPLES)
    return training.train(
        models.build("LeNet300", seed=seed),
        load_subset(dataset),
        epochs=epochs,
        learning_rate=RATE,
        seed=seed,
        progress=False,
        first_kept=epochs,
    ).model


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Make the network that the run names."""
    data = load_subset(run.dataset)
    lesson: dict[str, Any] = {
        "epochs": run.settings["epochs"],
        "learning_rate": RATE if run.method in SCRATCH else LOWER_RATE,
        "seed": run.seed,
        "progress": False,
        "first_kept": run.settings["epochs"],
    }
    if run.method == "fine_tuned":
        return training.train(model, data, **lesson).model
    if run.method == "weight_decay":
        whole = models.build("LeNet300", seed=run.seed)
        lesson["weight_decay"] = WEIGHT_DECAY
        return training.train(whole, data, **lesson).model
    ranks = low_rank.share_ranks(model, run.settings["share"], layers=LAYERS)
    small = low_rank.factorize(model, ranks).model
    if run.method == "small_dense":
        num_bytes = len(artifact.to_bytes(small))
        small = shrink_to("LeNet300", num_bytes, seed=run.seed)
    elif run.method == "born_factored":
        small = reinitialize(small, seed=run.seed)
    return training.train(small, data, **lesson).model


def list_better() -> tuple[Better, ...]:
    """Claim that factors generalize better than what they replace."""
    share = {"share": SHARES[0]}
    svd, born = (
        {"method": method, **share} for method in ("svd", "born_factored")
    )
    longer = {"method": "fine_tuned"}
    return tuple(
        Better(
            f"{name}, {count:,} images of {dataset}",
            other,
            first={**first, "dataset": f"{dataset}_{count}"},
            second={**second, "dataset": f"{dataset}_{count}"},
        )
        for dataset in DATASETS
        for count in COUNTS
        for name, first, other, second in (
            ("factored", svd, "dense", {"method": FLOAT}),
            ("factored", svd, "dense for as long", longer),
            ("factored", svd, "small", {"method": "small_dense", **share}),
            ("factored from scratch", born, "dense for as long", longer),
        )
    )


def total_epochs(run: Run) -> int:
    """Count the baseline's epochs, where a run began with it, and its own."""
    own = run.settings.get("epochs", 0)
    if run.settings.get("start") == UNTRAINED:
        return own
    return own + (
        2 if run.dataset == "mnist5k_500" else _passes(run.dataset, EXAMPLES)
    )


def _passes(dataset: str, examples: int) -> int:
    """Return how often all training images are seen in so many examples."""
    return examples // len(load_subset(dataset).train)


def _settings(first: int, more: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """List what is trained on for `more` epochs, or for all from scratch."""
    scratch = {"start": UNTRAINED, "epochs": first + more}
    yield "fine_tuned", {"epochs": more}
    yield "weight_decay", scratch
    for share in SHARES:
        yield "svd", {"share": share, "epochs": more}
        yield "small_dense", {"share": share, **scratch}
        yield "born_factored", {"share": share, **scratch}


STUDY = Study(
    name="overfitting",
    summary="low rank and overfitting, on few training images",
    grid=grid,
    run_seconds=lambda run: SECONDS,
    compress=compress,
    margin=0.5,
    better=list_better(),
    controls=("fine_tuned", "small_dense", "born_factored", "weight_decay"),
    constants={
        "layers": LAYERS,
        "rates": {"first": RATE, "afterwards": LOWER_RATE},
        "weight_decay": WEIGHT_DECAY,
    },
    baseline=lambda run: train_baseline(run.dataset, run.seed),
    recipe={"epochs": EXAMPLES // COUNTS[-1], "learning_rate": RATE},
    total_epochs=total_epochs,
    data=load_subset,
    together=lambda run: f"{run.dataset} {run.seed}",
)
