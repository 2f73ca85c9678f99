"""What rounding with a look at the outputs saves at 4, 3 and 2 bits.

Weights alone become codes, with one step per channel, by plain rounding, by
GPTQ with its columns in the given order or by the size of their inputs, and
by AdaRound. The images that the methods learn from are of the training set,
others for each seed; all are scored on the whole test set.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...quantization import (
    fold_batchnorm,
    quantize_adaround,
    quantize_gptq,
    quantize_weights,
)
from ..engine.baselines import load_data
from ..engine.grid import Run, Study, cross

BITS = (4, 3, 2)
FEWEST_CLAIMED = 4
NUM_IMAGES = 1_024  # of the training set; the paper of AdaRound takes as many
ADAROUND_STEPS = 2_000  # a layer
# on one thread: all but AdaRound, and 2,000 steps of it for all layers
SECONDS = {"LeNet300": 2, "LeNet5": 6, "ConvNet": 3, "ResNet8": 5}
ADAROUND_SECONDS = {"LeNet300": 5, "LeNet5": 50, "ConvNet": 15, "ResNet8": 35}


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        settings = list(_settings(bits=(4,), steps=100))
        return [
            *cross([("LeNet300", "mnist5k")], range(2), settings),
            *cross([("ConvNet", "mnist5k")], range(1), settings),
        ]
    networks = ("LeNet5", "ConvNet", "ResNet8")
    places = [(network, "fashion_mnist") for network in networks]
    return cross(places, range(3), _settings(BITS, ADAROUND_STEPS))


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim: of 3 and 2 bits nothing is claimed."""
    learns = run.method in ("gptq", "gptq_diagonal", "adaround")
    return learns and run.settings["bits"] >= FEWEST_CLAIMED


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Fold batch normalization and round by the method that the run names."""
    folded, bits = fold_batchnorm(model), run.settings["bits"]
    if run.method == "rounding":
        return quantize_weights(folded, bits=bits)
    images = some_images(run)
    if run.method == "adaround":
        return quantize_adaround(
            folded,
            images,
            bits=bits,
            steps=run.settings["steps"],
            seed=run.seed,
        ).model
    order = "diagonal" if run.method == "gptq_diagonal" else "given"
    return quantize_gptq(folded, images, bits=bits, order=order).model


def some_images(run: Run) -> Tensor:
    """Draw the training images that a run learns from, by its seed."""
    images = load_data(run.dataset).train.images
    rng = np.random.default_rng(run.seed)
    chosen = rng.choice(len(images), NUM_IMAGES, replace=False)
    return images[torch.from_numpy(chosen)]


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds, training of baselines aside."""
    seconds: float = SECONDS[run.network]
    if run.method == "adaround":
        share = run.settings["steps"] / ADAROUND_STEPS
        seconds += ADAROUND_SECONDS[run.network] * share
    return seconds


def _settings(
    bits: Sequence[int], steps: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the methods and their settings."""
    for num_bits in bits:
        for method in ("rounding", "gptq", "gptq_diagonal"):
            yield method, {"bits": num_bits}
        yield "adaround", {"bits": num_bits, "steps": steps}


STUDY = Study(
    name="second_order_rounding",
    summary="accuracy at 4 to 2 bits, rounded with a look at the outputs",
    grid=grid,
    run_seconds=run_seconds,
    compress=compress,
    margin=0.5,
    claims=is_claimed,
    controls=("rounding",),
    constants={"images": NUM_IMAGES},
)
