"""Does a penalty on the scales make channels that can be removed?

ConvNet loses half of its channels. Network slimming trains with the penalty,
removes the channels of the smallest scales, by one threshold for all layers or
by a share of each layer, and trains again. Strength 0 is the same without the
penalty. Filters removed in one shot by their l1 norm get all epochs afterwards.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ... import pruning, training
from ..engine.baselines import load_data
from ..engine.grid import Run, Study
from ..engine.rows import FLOAT, Row
from ..engine.scoring import score_run
from .tuning import EPOCH_SECONDS, tuning

STRENGTHS = (0.0, 0.003, 0.03)
CHANNEL_RATIO = 0.5
PENALTY_EPOCHS, AFTER_EPOCHS = 3, 2
EPOCHS = PENALTY_EPOCHS + AFTER_EPOCHS
SCORING_SECONDS = 1.0


def grid(smoke: bool) -> Sequence[Run]:
    """List for each seed the baseline, the control, and slimming."""
    dataset, seeds = ("mnist5k", 1) if smoke else ("fashion_mnist", 3)
    return [
        Run("ConvNet", dataset, method, settings, seed)
        for seed in range(seeds)
        for method, settings in [(FLOAT, {}), *_settings()]
    ]


def measure(run: Run) -> Row:
    """Train the network of a run and score it on the test images."""
    return score_run(run, compress)


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Remove half of the channels, by their scales or by their filters."""
    data = load_data(run.dataset)
    scope, epochs = run.settings["scope"], EPOCHS
    criterion = "l1"
    if run.method == "slimming":
        loss = pruning.slimming_loss(run.settings["strength"])
        model = training.train(
            model, data, loss=loss, **tuning(run, PENALTY_EPOCHS)
        ).model
        criterion, epochs = "bn_scale", AFTER_EPOCHS
    small, _ = pruning.prune_filters(
        model, CHANNEL_RATIO, criterion=criterion, scope=scope
    )
    return training.train(small, data, **tuning(run, epochs)).model


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds, training of baselines aside."""
    if run.dataset == "mnist5k" or run.method == FLOAT:
        return 5 * SCORING_SECONDS
    return SCORING_SECONDS + EPOCHS * EPOCH_SECONDS["ConvNet"]


def _settings() -> Iterator[tuple[str, dict[str, Any]]]:
    """List slimming by strength and scope, and the filters' norm."""
    common = {"channel_ratio": CHANNEL_RATIO, "epochs": EPOCHS}
    yield "one_shot", {"scope": "group", **common}
    for strength in STRENGTHS:
        for scope in ("global", "group"):
            yield "slimming", {"strength": strength, "scope": scope, **common}


STUDY = Study(
    name="slimming",
    summary="filters removed by their scales, with and without a penalty",
    grid=grid,
    measure=measure,
    run_seconds=run_seconds,
    margin=0.5,
)
