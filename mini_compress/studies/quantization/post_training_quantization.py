"""What fewer bits cost in accuracy when nothing is trained again.

Weights alone, or weights and activations, at 8 down to 2 bits for a weight,
with one step per tensor, per channel or per group. Batch normalization is
folded in first, as every runtime does.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ...quantization import fold_batchnorm, quantize_static, quantize_weights
from ..engine.baselines import load_data
from ..engine.grid import Run, Study, cross

BITS = (8, 6, 4, 3, 2)
FEWEST_CLAIMED = 4
# A group's float32 step costs 32 bits: one for each of 32 weights. With
# groups of 16 it would be two, as much as the smallest codes themselves.
GROUP_SIZE = 32
# of the training set; they show the ranges of the activations
CALIBRATION_IMAGES = 500
# for 10,000 images on one thread; integer layers take up to four times that
SCORING_SECONDS = {"LeNet300": 0.2, "LeNet5": 2, "ConvNet": 1, "ResNet8": 1.5}


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        settings = list(_settings(bits=(4,)))
        return [
            *cross([("LeNet300", "mnist5k")], range(2), settings),
            *cross([("ConvNet", "mnist5k")], range(1), settings),
        ]
    networks = ("LeNet5", "ConvNet", "ResNet8")
    places = [(network, "fashion_mnist") for network in networks]
    return cross(places, range(3), _settings(BITS))


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim: of 3 and 2 bits nothing is claimed."""
    return run.settings.get("bits", 0) >= FEWEST_CLAIMED


def quantize(model: nn.Module, run: Run) -> nn.Module:
    """Fold batch normalization and call the function that the run names."""
    folded, settings = fold_batchnorm(model), dict(run.settings)
    if run.method == "quantize_weights":
        return quantize_weights(folded, **settings)
    examples = load_data(run.dataset).train.take(
        settings.pop("calibration_images")
    )
    return quantize_static(folded, examples.images, **settings)


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds, training aside."""
    factor = 4 if run.method == "quantize_static" else 1
    return factor * SCORING_SECONDS[run.network]


def _settings(bits: Sequence[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the functions to call, and their arguments."""
    for num_bits in bits:
        for granularity in ("tensor", "channel"):
            chosen = {"bits": num_bits, "granularity": granularity}
            yield "quantize_weights", chosen
            calibrated = {"calibration_images": CALIBRATION_IMAGES}
            yield "quantize_static", chosen | calibrated
        group = {"granularity": "group", "group_size": GROUP_SIZE}
        yield "quantize_weights", {"bits": num_bits} | group


STUDY = Study(
    name="post_training_quantization",
    summary="accuracy and bytes at 8 to 2 bits, without training",
    grid=grid,
    run_seconds=run_seconds,
    compress=quantize,
    margin=0.5,
    claims=is_claimed,
)
