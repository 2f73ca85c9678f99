"""What each number format costs at its own bits, and what a rotation saves.

Weights alone are stored in blocks, by each of the formats, nothing is trained;
evenly spaced codes with a step per channel stand beside them. Rotation is
tried on the networks as they are, and on the same networks with outliers: one
channel in 64 is made smaller by one layer and larger by the next, so that the
function is the same and some weights are far larger than their neighbors.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from ...kernels.block_formats import FORMATS
from ...quantization import (
    fold_batchnorm,
    layer_pairs,
    quantize_format,
    quantize_weights,
)
from ...quantization.equalization import scale_channels
from ..engine.grid import Better, Run, Study, cross

BITS = (8, 6, 5, 4, 3, 2)  # of evenly spaced codes, the control
FEWEST_CLAIMED = 4
OUTLIERS = (4, 16, 64)  # times as large as before
OUTLIER = 16  # that of the claims, chosen on mnist5k
EVERY = 64  # channels, of which one becomes an outlier
WITH_OUTLIERS = ("mxfp8_e4m3", "mxfp4", "nvfp4", "q4_0", "q4_k", "nf4", "q2_k")
FORMATS_OF_4_5_BITS = ("nvfp4", "q4_k", "nf4")
# to encode, and to decode and score on 10,000 images, on one thread
SECONDS = {"LeNet300": 1, "LeNet5": 5, "ConvNet": 2}


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        settings = _settings((OUTLIER,))
        return cross([("LeNet300", "mnist5k")], range(1), settings)
    data, one = "fashion_mnist", (OUTLIER,)
    return [
        *cross([("LeNet300", data)], range(5), _settings(OUTLIERS)),
        *cross([("LeNet300", "mnist")], range(3), _settings(one)),
        *cross([("ConvNet", data)], range(3), _settings(one)),
        *cross([("LeNet5", data)], range(3), _settings(())),
    ]


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Fold batch normalization, make outliers, and call what the run names."""
    folded, settings = fold_batchnorm(model), dict(run.settings)
    outlier = settings.pop("outlier", 1)
    if outlier > 1:
        add_outliers(folded, outlier)
    if run.method == "uniform":
        return quantize_weights(folded, **settings)
    return quantize_format(folded, format=run.method, seed=run.seed, **settings)


def add_outliers(model: nn.Module, factor: float) -> None:
    """Make one channel in 64 so much larger where it is read.

    model : without batch normalization; is changed, what it computes is not
    """
    for name, after in layer_pairs(model):
        layer: Any = model.get_submodule(name)
        scale = torch.ones(len(layer.weight))
        scale[::EVERY] = factor
        scale_channels(layer, model.get_submodule(after), scale)


def _settings(
    outliers: Sequence[int],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """List what is called, on the network as it is and with outliers."""
    for bits in BITS:
        yield "uniform", {"bits": bits}
    for rotate in (False, True):
        for name in FORMATS:
            yield name, {"rotate": rotate}
    for outlier in outliers:
        yield "uniform", {"bits": 4, "outlier": outlier}
        for rotate in (False, True):
            for name in WITH_OUTLIERS:
                yield name, {"rotate": rotate, "outlier": outlier}


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim: formats of 4 bits or more, as is."""
    if run.method not in FORMATS or "outlier" in run.settings:
        return False
    return FORMATS[run.method].code_bits >= FEWEST_CLAIMED


def claims_of_better() -> Iterator[Better]:
    """List what is said to be better than what, on LeNet300 with 5 seeds."""
    place = {"network": "LeNet300", "dataset": "fashion_mnist"}
    for name in ("mxfp4", "q4_0", "q4_k", "nf4"):
        with_outliers = {**place, "method": name, "outlier": OUTLIER}
        yield Better(
            f"{name} rotated, with outliers",
            "not rotated",
            first={**with_outliers, "rotate": True},
            second={**with_outliers, "rotate": False},
        )
    plain = {**place, "rotate": False, "outlier": None}
    for name in FORMATS_OF_4_5_BITS:  # as many bits as Q4_0
        yield Better(
            name,
            "q4_0",
            first={**plain, "method": name},
            second={**plain, "method": "q4_0"},
        )


STUDY = Study(
    name="number_formats",
    summary="accuracy and bytes of block formats, rotated and not",
    grid=grid,
    run_seconds=lambda run: SECONDS[run.network],
    compress=compress,
    margin=0.5,
    claims=is_claimed,
    controls=("uniform",),
    better=tuple(claims_of_better()),
    constants={"every": EVERY},
)
