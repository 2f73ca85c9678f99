"""Which range of the activations, found on how many images?

Networks of integers throughout: weights of 8 bits, one step per channel, and
activations of 8 down to 2 bits, whose ranges a rule chooses on training images
that the seed has drawn. Batch normalization is folded in, nothing is trained.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...quantization import calibrate, quantize_network
from ...quantization.calibration import METHODS
from ..engine.baselines import load_data
from ..engine.grid import Run, Study, cross

BITS = (8, 4, 3, 2)
COUNTS = (1, 10, 100, 1000)  # calibration images
FEWEST_CLAIMED = 4
WEIGHT_BITS = 8
NETWORKS = ("ConvNet", "LeNet5", "ResNet8")
# to calibrate and to score 10,000 images, on one thread
SECONDS = {"LeNet300": 1, "LeNet5": 9, "ConvNet": 5, "ResNet8": 7}


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        settings = list(_settings((4,), (10,)))
        return cross([("LeNet300", "mnist5k")], range(1), settings)
    networks = [(name, "fashion_mnist") for name in NETWORKS]
    return cross(networks, range(3), list(_settings(BITS, COUNTS)))


def quantize(model: nn.Module, run: Run) -> nn.Module:
    """Choose ranges as the run says, and make a network of integers."""
    bits = run.settings["activation_bits"]
    images = draw(run.dataset, run.settings["images"], run.seed)
    ranges = calibrate(model, images, method=run.method, bits=bits)
    return quantize_network(
        model,
        images,
        weight_bits=WEIGHT_BITS,
        activation_bits=bits,
        ranges=ranges,
    )


def draw(dataset: str, count: int, seed: int) -> Tensor:
    """Draw training images; fewer of one seed are the first of more."""
    images = load_data(dataset).train.images
    order = torch.randperm(
        len(images), generator=torch.Generator().manual_seed(seed)
    )
    return images[order[:count]]


def _settings(
    all_bits: Sequence[int], counts: Sequence[int]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for method in METHODS:
        for bits in all_bits:
            for count in counts:
                yield method, {"activation_bits": bits, "images": count}


STUDY = Study(
    name="calibration",
    summary="ranges of activations: five rules, 1 to 1,000 images",
    grid=grid,
    run_seconds=lambda run: SECONDS[run.network],
    compress=quantize,
    margin=0.5,
    claims=lambda run: run.settings.get("activation_bits", 0) >= FEWEST_CLAIMED,
    constants={"weight_bits": WEIGHT_BITS, "granularity": "channel"},
)
