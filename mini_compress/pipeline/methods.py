"""Steps that take more than one function of the book.

As everywhere else, the model comes first and is not changed. What `Given.fill`
knows is filled in; the rest are a step's settings.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from .. import (
    distillation,
    export,
    graph,
    low_rank,
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


def factorize(
    model: nn.Module,
    images: Tensor,
    *,
    share: float | None = None,
    energy: float | None = None,
    budget: float | None = None,
    unit: str = "weights",
    floor: int | None = None,
    ranks: Mapping[str, Any] | None = None,
    method: str | None = None,
    output_aware: bool = False,
    layers: Sequence[str] | None = None,
) -> low_rank.Factorized | nn.Module:
    """Put chains of smaller layers in the place of layers.

    share, energy, budget (with its unit), floor (of EVBMF), ranks : exactly
        one, the rule by which ranks are chosen; a layer that would not have
        fewer weights stays as it is, unless its rank is given
    output_aware : keep the outputs on the images, and not the weights
    """
    shown = images if output_aware else None
    where: dict[str, Any] = {"method": method, "layers": layers}
    if ranks is not None:
        chosen = {
            x: tuple(y) if isinstance(y, list) else y for x, y in ranks.items()
        }
    elif share is not None:
        chosen = low_rank.share_ranks(model, share, **where)
    elif energy is not None:
        chosen = low_rank.energy_ranks(model, energy, images=shown, **where)
    elif budget is not None:
        chosen = low_rank.budget_ranks(
            model,
            budget,
            unit=unit,
            images=shown,
            **where,
            input_shape=tuple(images.shape[1:]),
        )
    else:
        chosen = low_rank.evbmf_ranks(model, floor=floor or 1, **where)
    if not chosen:
        return model  # the budget is met as it is
    if ranks is None:
        chosen = _smaller(model, chosen, method)
    return low_rank.factorize(
        model,
        chosen,
        method=method,
        images=shown,
        input_shape=tuple(images.shape[1:]),
    )


def quantize_network(
    model: nn.Module,
    images: Tensor,
    *,
    weight_bits: int = 8,
    activation_bits: int = 8,
    granularity: str = "channel",
    rounding: str = "float32_half_even",
    ranges: str = "min_max",
    bits: Mapping[str, int] | None = None,
    max_bytes: int | None = None,
) -> IntegerNetwork:
    """Make a network of integers, its ranges by a rule.

    bits, max_bytes : of single layers, or chosen so that the file is no longer
    """
    if max_bytes is not None:
        bits = quantization.allocate_bits(
            model, images, max_bytes=max_bytes, granularity=granularity
        )
    return quantization.quantize_network(
        model,
        images,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        granularity=granularity,
        rounding=rounding,
        ranges=quantization.calibrate(
            model, images, method=ranges, bits=activation_bits
        ),
        bits=bits,
    )


def train_quantized(
    model: nn.Module,
    data: Dataset,
    *,
    method: str = "lsq",
    weight_bits: int = 4,
    activation_bits: int = 4,
    granularity: str = "channel",
    bits: Mapping[str, int] | None = None,
    keep_zeros: bool = True,
    **settings: Any,
) -> quantization.TrainedQuantization:
    """Train with rounded numbers; weights that were removed stay 0."""
    if masks := _zeros(model, keep_zeros):
        # a normalization cannot be folded into what stores no zeros
        folded = graph.fold_batchnorm(model)
        model = pruning.store_sparse(folded, layers=list(masks))
    return quantization.train_quantized(
        model,
        data,
        method=method,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        granularity=granularity,
        bits=bits,
        **settings,
    )


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


def _smaller(
    model: nn.Module, ranks: Mapping[str, Any], method: str | None
) -> dict[str, Any]:
    """Leave out layers that would not have fewer weights."""

    def count(name: str, rank: Any) -> int:
        return low_rank.count_weights(model, {name: rank}, method=method)

    found = {
        name: rank
        for name, rank in ranks.items()
        if count(name, rank) < count(name, None)
    }
    if not found:
        raise ValueError(
            "ranks must make some layer smaller, got none that does: "
            f"{dict(ranks)}"
        )
    return found
