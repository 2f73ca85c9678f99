"""Where rounding afterwards ends and training must begin, in bits.

Networks of integers throughout. The same bits for weights and activations, or
8 for activations; the first and the last layer's weights have 8. Without
training: the widest ranges, or ranges by least squares with weights by
AdaRound. With training, from the same baseline: moving ranges, learned steps
(LSQ), learned clips (PACT), and weights that are ternary, binary or clustered.
`fine_tuned`, the control, is the float network trained on for as long.

Bits by layer: `mixed` and `mixed_lsq` give each layer its own, under the bytes
of the file with 3 bits; `one_layer` rounds one layer's weight and no other.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from torch import Tensor, nn

from ... import artifact, training
from ...quantization import (
    allocate_bits,
    calibrate,
    fold_batchnorm,
    quantize_adaround,
    quantize_network,
    quantize_weights,
    train_quantized,
)
from ...quantization.trained import METHODS as TRAINED
from ..engine.baselines import load_data
from ..engine.grid import Run, Study, cross

BITS = (8, 4, 3, 2)
FEWEST_CLAIMED = 3
OUTER_BITS = 8  # of the first and of the last layer's weight
LAYERS = {
    "LeNet300": ("classifier.1", "classifier.3", "classifier.5"),
    "ConvNet": (
        *("features.0", "features.3", "features.6", "features.9"),
        "classifier.2",
    ),
}
EPOCHS = 2
# of 0.002 and 0.005 the better one on validation images, with 2 bits and
# seed 0; the float network loses nothing by it
LEARNING_RATE = 0.005
IMAGES = 1_000  # of the training set, for what is not trained
ADAROUND_STEPS = 2_000
MIXED_BITS = 3  # whose bytes the mixed networks may have
EPOCH_SECONDS = {"LeNet300": 0.5, "ConvNet": 17.0}
SCORING_SECONDS = {"LeNet300": 1.0, "ConvNet": 5.0}
ADAROUND_SECONDS = {"LeNet300": 5.0, "ConvNet": 15.0}

Settings = tuple[str, dict[str, Any]]


def grid(smoke: bool) -> Sequence[Run]:
    """List the runs: for each network and seed the baseline, then the rest."""
    if smoke:
        settings = list(_settings("LeNet300", (3,), epochs=1))
        return cross([("LeNet300", "mnist5k")], range(1), settings)
    settings = list(_settings("ConvNet", BITS, EPOCHS))
    return cross([("ConvNet", "fashion_mnist")], range(3), settings)


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim: trained, and not below 3 bits."""
    bits = run.settings.get("weight_bits", 0)
    return run.method in ("moving_range", "lsq", "pact") and (
        bits >= FEWEST_CLAIMED
    )


def min_max(model: nn.Module, run: Run) -> nn.Module:
    """Round, with ranges that cover all."""
    return _network(model, run, bits=_outer(run))


def adaround(model: nn.Module, run: Run) -> nn.Module:
    """Choose ranges by least squares, and weights by AdaRound."""
    images, bits = _images(run), run.settings["activation_bits"]
    ranges = calibrate(model, images, method="least_squares", bits=bits)
    rounded = quantize_adaround(
        fold_batchnorm(model),
        images,
        bits=run.settings["weight_bits"],
        steps=ADAROUND_STEPS,
        seed=run.seed,
        layers=LAYERS[run.network][1:-1],
    )
    return _network(rounded.model, run, bits=_outer(run), ranges=ranges)


def trained(model: nn.Module, run: Run) -> nn.Module:
    """Train with rounded numbers, by the method that the run names."""
    return _train(model, run, run.method, _outer(run))


def mixed(model: nn.Module, run: Run) -> nn.Module:
    """Give each layer its own bits, and round."""
    return _network(model, run, bits=_allocated(model, run))


def mixed_lsq(model: nn.Module, run: Run) -> nn.Module:
    """Give each layer its own bits, and learn the steps."""
    return _train(model, run, "lsq", _allocated(model, run))


def one_layer(model: nn.Module, run: Run) -> nn.Module:
    """Round the weight of one layer."""
    layer, bits = run.settings["layer"], run.settings["weight_bits"]
    return quantize_weights(fold_batchnorm(model), bits=bits, layers=[layer])


def fine_tuned(model: nn.Module, run: Run) -> nn.Module:
    """Train on for as long, with nothing rounded; what is trained is folded."""
    folded, data = fold_batchnorm(model), load_data(run.dataset)
    return training.train(folded, data, **_training(run)).model


METHODS: dict[str, Callable[[nn.Module, Run], nn.Module]] = {
    "fine_tuned": fine_tuned,
    "min_max": min_max,
    "adaround": adaround,
    **dict.fromkeys(TRAINED, trained),
    "mixed": mixed,
    "mixed_lsq": mixed_lsq,
    "one_layer": one_layer,
}


def compress(model: nn.Module, run: Run) -> nn.Module:
    """Do what the run names to its baseline."""
    return METHODS[run.method](model, run)


def run_seconds(run: Run) -> float:
    """Estimate a run's seconds, training of baselines aside."""
    seconds: float = SCORING_SECONDS[run.network]
    seconds += run.settings.get("epochs", 0) * EPOCH_SECONDS[run.network]
    if run.method == "adaround":
        seconds += ADAROUND_SECONDS[run.network]
    return seconds


def _train(
    model: nn.Module, run: Run, method: str, bits: dict[str, int]
) -> nn.Module:
    return train_quantized(
        model,
        load_data(run.dataset),
        method=method,
        weight_bits=run.settings.get("weight_bits", OUTER_BITS),
        activation_bits=run.settings["activation_bits"],
        bits=bits,
        **_training(run),
    ).model


def _network(model: nn.Module, run: Run, **given: Any) -> nn.Module:
    return quantize_network(
        model,
        _images(run),
        weight_bits=run.settings.get("weight_bits", OUTER_BITS),
        activation_bits=run.settings["activation_bits"],
        **given,
    )


def _training(run: Run) -> dict[str, Any]:
    """Return the arguments of the training, the same for all methods."""
    return {
        "epochs": run.settings["epochs"],
        "learning_rate": LEARNING_RATE,
        "seed": run.seed,
        "progress": False,
    }


def _allocated(model: nn.Module, run: Run) -> dict[str, int]:
    """Choose the bits of each layer; the file is no longer than with 3."""
    images, bits = _images(run), run.settings["bytes_of_bits"]
    even = quantize_network(model, images, weight_bits=bits, bits=_outer(run))
    max_bytes = len(artifact.to_bytes(even))
    return allocate_bits(model, images, max_bytes=max_bytes)


def _outer(run: Run) -> dict[str, int]:
    """Return the bits of the first and the last layer's weight."""
    first, *_, last = LAYERS[run.network]
    return {first: OUTER_BITS, last: OUTER_BITS}


def _images(run: Run) -> Tensor:
    """Return the images that methods without training look at."""
    return load_data(run.dataset).train.take(IMAGES).images


def _settings(
    network: str, all_bits: Sequence[int], epochs: int
) -> Iterator[Settings]:
    """List the methods and their settings."""
    learns = {"epochs": epochs}
    yield "fine_tuned", learns
    for bits in all_bits:
        both = {"weight_bits": bits, "activation_bits": bits}
        yield from (("min_max", both), ("adaround", both))
        for method in ("moving_range", "lsq", "pact"):
            yield method, both | learns
    for bits in sorted({*all_bits} & {3, 2}, reverse=True):
        weights = {"weight_bits": bits, "activation_bits": 8}
        yield "min_max", weights
        yield "lsq", weights | learns
    for method, bits in (("clustered", 2), ("ternary", 2), ("binary", 1)):
        yield method, {"weight_bits": bits, "activation_bits": 8} | learns
    mixture = {"bytes_of_bits": MIXED_BITS, "activation_bits": 8}
    yield from (("mixed", mixture), ("mixed_lsq", mixture | learns))
    for layer in LAYERS[network]:
        for bits in all_bits[1:] or all_bits:
            yield "one_layer", {"layer": layer, "weight_bits": bits}


STUDY = Study(
    name="trained_levels",
    summary="levels that learn, at 8 to 2 bits, beside rounding afterwards",
    grid=grid,
    run_seconds=run_seconds,
    compress=compress,
    margin=0.5,
    claims=is_claimed,
    controls=(
        *("fine_tuned", "min_max", "adaround", "ternary", "binary"),
        *("clustered", "mixed", "mixed_lsq", "one_layer"),
    ),
    constants={
        "outer_bits": OUTER_BITS,
        "learning_rate": LEARNING_RATE,
        "images": IMAGES,
        "adaround_steps": ADAROUND_STEPS,
    },
)
