"""Steps that take more than one function of the book.

As everywhere else, the model comes first and is not changed. What `Given.fill`
knows is filled in; the rest are a step's settings.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from .. import (
    distillation,
    export,
    graph,
    pruning,
    quantization,
    training,
)
from ..datasets import Dataset
from ..layers import IntegerNetwork
from ..layers.kinds import PLAIN
from ..pruning.weights.masks import Masks


def prune_weights(
    model: nn.Module,
    images: Tensor,
    labels: Tensor | None,
    *,
    sparsity: float,
    criterion: str = "magnitude",
    scope: str = "layer",
    seed: int = 0,
    layers: Sequence[str] | None = None,
) -> nn.Module:
    """Set weights to 0 at once, by magnitude, Taylor score or at random."""
    where: dict[str, Any] = {"scope": scope, "layers": layers}
    if criterion == "magnitude":
        masks = pruning.magnitude_masks(model, sparsity, **where)
    elif criterion == "random":
        masks = pruning.random_masks(model, sparsity, seed=seed, **where)
    else:
        assert labels is not None  # noqa: S101, checked before any work
        masks = pruning.taylor_masks(model, sparsity, images, labels, **where)
    return pruning.apply_masks(model, masks)


def fine_tune(
    model: nn.Module,
    data: Dataset,
    *,
    keep_zeros: bool = True,
    **settings: Any,
) -> training.Training:
    """Train on; weights that were removed stay 0."""
    return pruning.fine_tune(model, data, _zeros(model, keep_zeros), **settings)


def distill(
    model: nn.Module,
    original: nn.Module,
    given_teacher: nn.Module | None,
    data: Dataset,
    *,
    teacher: str = "original",
    temperature: float = 4.0,
    weight: float = 0.9,
    keep_zeros: bool = True,
    **settings: Any,
) -> training.Training:
    """Train on, with soft targets of the network before all steps, or another.

    teacher : "original" or "given"
    """
    masks = _zeros(model, keep_zeros)
    return distillation.distill(
        original if teacher == "original" else given_teacher,  # type: ignore[arg-type]
        model,
        data,
        temperature=temperature,
        weight=weight,
        after_step=pruning.keep_masked(masks),
        **settings,
    )


def quantize_network(
    model: nn.Module,
    images: Tensor,
    *,
    ranges: str = "min_max",
    max_bytes: int | None = None,
    **settings: Any,
) -> IntegerNetwork:
    """Make a network of integers, its ranges by a rule.

    ranges : a rule of `quantization.calibrate`
    max_bytes : of the file, for which the bits of layers are chosen
    """
    if max_bytes is not None:
        settings["bits"] = quantization.allocate_bits(
            model,
            images,
            max_bytes=max_bytes,
            granularity=settings.get("granularity", "channel"),
        )
    found = quantization.calibrate(
        model, images, method=ranges, bits=settings.get("activation_bits", 8)
    )
    return quantization.quantize_network(
        model, images, ranges=found, **settings
    )


def train_quantized(
    model: nn.Module,
    data: Dataset,
    *,
    keep_zeros: bool = True,
    **settings: Any,
) -> quantization.TrainedQuantization:
    """Train with rounded numbers; weights that were removed stay 0."""
    if masks := _zeros(model, keep_zeros):
        # a normalization cannot be folded into what stores no zeros
        folded = graph.fold_batchnorm(model)
        model = pruning.store_sparse(folded, layers=list(masks))
    return quantization.train_quantized(model, data, **settings)


def export_onnx(
    model: nn.Module,
    input_shape: tuple[int, ...],
    *,
    path: str,
    form: str | None = None,
) -> nn.Module:
    """Write an ONNX file, of operators on codes if the network is of these."""
    integer = isinstance(model, IntegerNetwork)
    form = form or ("qlinear" if integer else "float")
    export.to_onnx(model, Path(path), form=form, input_shape=input_shape)
    return model


def _zeros(model: nn.Module, kept: bool) -> Masks:
    """Return the masks of layers of which weights were removed.

    A layer that is all zeros has not been pruned but was made so.
    """
    if not kept:
        return {}
    masks = {
        name: layer.weight.detach() != 0
        for name, layer in model.named_modules()
        if isinstance(layer, PLAIN)
    }
    return {x: y for x, y in masks.items() if y.any() and not y.all()}
