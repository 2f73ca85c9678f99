"""Does a penalty on the scales make channels that can be removed?

ConvNet loses half of its channels. Network slimming trains with the penalty,
removes the channels of the smallest scales, by one threshold for all layers or
by a share of each layer, and trains again. Strength 0 is the same without the
penalty. Filters removed in one shot by their l1 norm get all epochs afterwards,
and so does the control, the network with all of its filters.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ... import pruning, training
from ..engine.baselines import load_data
from ..engine.grid import Run, Study, cross
from ..engine.rows import FLOAT
from .tuning import CONSTANTS, EPOCH_SECONDS, fine_tune_dense, tuning

STRENGTHS = (0.0, 0.003, 0.03)
CHANNEL_RATIO = 0.5
PENALTY_EPOCHS, AFTER_EPOCHS = 3, 2
EPOCHS = PENALTY_EPOCHS + AFTER_EPOCHS
SCORING_SECONDS = 1.0


def grid(smoke: bool) -> Sequence[Run]:
    """List for each seed the baseline, the controls, and slimming."""
    dataset, seeds = ("mnist5k", 1) if smoke else ("fashion_mnist", 3)
    return cross([("ConvNet", dataset)], range(seeds), _settings())


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim: strength 0 is a control, too."""
    return run.method == "one_shot" or run.settings.get("strength", 0) > 0


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Remove half of the channels, by their scales or by their filters."""
    if run.method == "fine_tuned":
        return fine_tune_dense(model, run)
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
    yield "fine_tuned", {"epochs": EPOCHS}
    yield "one_shot", {"scope": "layer", **common}
    for strength in STRENGTHS:
        for scope in ("global", "layer"):
            yield "slimming", {"strength": strength, "scope": scope, **common}


STUDY = Study(
    name="slimming",
    summary="filters removed by their scales, with and without a penalty",
    grid=grid,
    run_seconds=run_seconds,
    compress=compress,
    margin=0.5,
    claims=is_claimed,
    controls=("fine_tuned",),
    constants={
        **CONSTANTS,
        "penalty_epochs": PENALTY_EPOCHS,
        "epochs_afterwards": AFTER_EPOCHS,
    },
)
