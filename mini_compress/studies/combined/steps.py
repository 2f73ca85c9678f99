"""The steps of the combined studies: each makes a network smaller, and trains.

A step that trains does so on the labels, or, where its run names a temperature,
on what the run's baseline answers too.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor, nn

from ... import distillation, low_rank, pruning, quantization, training
from ...layers.selection import treatable_layers
from ..engine.baselines import load_data
from ..engine.grid import Run
from ..pruning.tuning import CONSTANTS, tuning

SPARSITY = 0.7  # of all weights together
SHARE = 0.5  # of a layer's weights that its factors have
IMAGES = 1_000  # of the training set, for ranges and normalizations
CODEBOOK_BITS = 4
OUTER_BITS = 8  # of the first and of the last layer's weight, where steps learn
FIRST_STEPS: dict[tuple[Any, ...], nn.Module] = {}  # see `_tune`
LEARNING_RATE = 0.005  # of steps that learn, as in `trained_levels`
# of all steps, as a result is to say them
STEP_CONSTANTS = {
    **CONSTANTS,
    "sparsity": SPARSITY,
    "share": SHARE,
    "images": IMAGES,
    "codebook_bits": CODEBOOK_BITS,
    "outer_bits": OUTER_BITS,
    "learning_rate_of_steps": LEARNING_RATE,
}


class Part(NamedTuple):
    """What a step is told.

    teacher : the baseline, for runs that are taught
    epochs : of this step
    """

    run: Run
    teacher: nn.Module
    epochs: int


def remove_filters(model: nn.Module, part: Part) -> nn.Module:
    """Remove the filters of the smallest norm, and train on."""
    ratio = part.run.settings["channel_ratio"]
    return _tune(model, pruning.prune_filters(model, ratio).model, part)


def remove_weights(model: nn.Module, part: Part) -> nn.Module:
    """Set the smallest weights of all layers to 0, and train on."""
    masks = pruning.magnitude_masks(model, SPARSITY, scope="global")
    return _tune(model, pruning.apply_masks(model, masks), part)


def reduce_ranks(model: nn.Module, part: Part) -> nn.Module:
    """Put two layers in the place of each but the last, and train on."""
    return _tune(model, factorize(model), part)


def factorize(model: nn.Module) -> nn.Module:
    """Factorize all layers but the last, whose outputs are classes."""
    layers = list(treatable_layers(model, None))[:-1]
    ranks = low_rank.share_ranks(model, SHARE, method="spatial", layers=layers)
    return low_rank.factorize(model, ranks, method="spatial").model


def round_to_int8(model: nn.Module, part: Part) -> nn.Module:
    """Make integers of 8 bits, from pixels to logits; nothing is trained."""
    return quantization.quantize_network(model, some_images(part))


def share_weights(model: nn.Module, part: Part) -> nn.Module:
    """Give each layer 16 levels, and store the codes as a Huffman stream."""
    return quantization.quantize_codebook(
        quantization.fold_batchnorm(model), bits=CODEBOOK_BITS, huffman=True
    )


def learn_steps(model: nn.Module, part: Part) -> nn.Module:
    """Train with few bits, and make integers; what is 0 stays 0."""
    folded = pruning.store_sparse(quantization.fold_batchnorm(model))
    bits = part.run.settings["weight_bits"]
    trainable = quantization.prepare(
        folded,
        some_images(part),
        method="lsq",
        weight_bits=bits,
        activation_bits=bits,
        bits=dict.fromkeys(_outer_layers(model), OUTER_BITS),
    )
    learned = _learn(
        trainable,
        part,
        epochs=part.epochs,
        learning_rate=LEARNING_RATE,
        seed=part.run.seed,
        progress=False,
    )
    return quantization.to_integer(learned)  # type: ignore[arg-type]


STEPS: dict[str, Callable[[nn.Module, Part], nn.Module]] = {
    "filters": remove_filters,
    "weights": remove_weights,
    "ranks": reduce_ranks,
    "int8": round_to_int8,
    "codebook": share_weights,
    "lsq": learn_steps,
}


def some_images(part: Part) -> Tensor:
    """Take the first training images, for ranges and normalizations."""
    return load_data(part.run.dataset).train.take(IMAGES).images


def _tune(before: nn.Module, model: nn.Module, part: Part) -> nn.Module:
    """Train a network on, or measure its normalizations; what is 0 stays 0.

    before : what the step was given. Runs that begin with the same step share
        the network that it gives, trained once in each process; the row of the
        first has the seconds.
    """
    if not part.epochs:
        return pruning.recalibrate_norms(model, some_images(part))
    run, own = part.run, part.run.settings
    key = (
        *(run.network, run.dataset, run.seed, run.method.split(" + ")[0]),
        *(own.get("channel_ratio"), part.epochs, own.get("temperature")),
    )
    if before is part.teacher and key in FIRST_STEPS:
        return FIRST_STEPS[key]
    kept = pruning.keep_masked(pruning.masks_of(model))
    tuned = _learn(
        model, part, after_step=kept, **tuning(part.run, part.epochs)
    )
    if before is part.teacher:
        FIRST_STEPS[key] = tuned
    return tuned


def _learn(model: nn.Module, part: Part, **settings: Any) -> nn.Module:
    """Train on the labels, or besides on what the baseline answers."""
    data, own = load_data(part.run.dataset), part.run.settings
    if "temperature" not in own:
        return training.train(model, data, **settings).model
    return distillation.distill(
        _answers(part.teacher, part.run.dataset),
        model,
        data,
        temperature=own["temperature"],
        weight=own["weight"],
        **settings,
    ).model


@functools.lru_cache(maxsize=1)
def _answers(teacher: nn.Module, dataset: str) -> distillation.CachedLogits:
    """Ask a baseline once about all training images, for all its students."""
    return distillation.cache_logits(teacher, load_data(dataset).train)


def _outer_layers(model: nn.Module) -> list[str]:
    """Name the first layer, or its factors, and the last one."""
    first, *_, last = names = list(treatable_layers(model, None))
    whole = first.removesuffix(".vertical")
    return [x for x in names if x == last or x.startswith(whole)]
