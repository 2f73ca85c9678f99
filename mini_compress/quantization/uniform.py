"""Uniform post-training quantization: evenly spaced codes, no training.

`quantize_weights` turns weights into codes of 8 down to 2 bits and leaves the
arithmetic in float32. `quantize_static` turns activations into codes of 8 bits
as well, and the arithmetic into that of integers.
"""

import math
import warnings
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .._require import (
    require_dtype,
    require_finite,
    require_int,
    require_one_of,
)
from ..graph.inputs import observe_ranges
from ..kernels.affine import (
    AffineParams,
    choose_affine,
    quantize,
    split_groups,
)
from ..layers import IntegerLayer, WeightOnlyLayer, geometry_of
from ..layers.kinds import BATCH_NORMS
from ..layers.selection import (
    treatable_layers,
    weight_array,
    with_layers_replaced,
)

GRANULARITIES = ("tensor", "channel", "group")
ROW_AXES = {"tensor": None, "channel": 1}  # of (outputs, inner): what shares
LARGEST_SUM = 1 << 30  # half of int32's range for the products,
LARGEST_BIAS = 1 << 29  # a quarter for the bias: no sum can overflow
SMALLEST_SCALE = np.finfo(np.float32).tiny  # below it, 1 / scale overflows


def quantize_weights(
    model: nn.Module,
    *,
    bits: int = 8,
    granularity: str = "channel",
    group_size: int | None = None,
    layers: Sequence[str] | None = None,
) -> nn.Module:
    """Return a copy whose weights are packed codes, dequantized at use.

    model : is not changed
    bits : 2 to 8
    granularity : "tensor", "channel" (one step per output) or "group"
    group_size : for groups: how many weights of an output share a step
    layers : names of the layers to quantize; None for every one. A layer that
        cannot be quantized is an error.
    returns : a network in evaluation mode; its file holds the packed codes

    >>> from mini_compress import artifact, zoo
    >>> net = zoo.load("LeNet300", "mnist5k")
    >>> small = quantize_weights(net, bits=4)
    >>> round(artifact.file_kb(net)), round(artifact.file_kb(small))
    (1067, 138)

    See [krishnamoorthi2018quantizing], section 3.1.
    """
    require_int("bits", bits, 2, 8)
    _require_granularity(granularity, group_size)
    replacements: dict[str, nn.Module] = {}
    for name, layer in treatable_layers(model, layers).items():
        weight = weight_array(name, layer)
        _require_values(f"weight of {name!r}", weight)
        codes, scale = quantize_weight(
            weight, bits=bits, granularity=granularity, group_size=group_size
        )
        quantized = WeightOnlyLayer(
            geometry_of(layer, repr(name)),
            bias=layer.bias is not None,
            bits=bits,
            group_size=_steps_over(weight, group_size),
            per_tensor=granularity == "tensor",
        )
        quantized.weight.store(codes, scale)
        if layer.bias is not None:
            quantized.bias.copy_(layer.bias.detach())  # type: ignore[union-attr]
        replacements[name] = quantized
    return with_layers_replaced(model, replacements)


def quantize_static(
    model: nn.Module,
    images: Tensor,
    *,
    bits: int = 8,
    granularity: str = "channel",
    layers: Sequence[str] | None = None,
) -> nn.Module:
    """Return a copy that multiplies codes with codes and sums in int32.

    model : is not changed. Fold batch normalization first (`fold_batchnorm`),
        as every runtime does; those that are left stay in float32, and a
        warning names them.
    images : (n, ...) float32 training images, which show the range of every
        layer's input
    bits : of the weights, 2 to 8. Activations have 8.
    granularity : of the weights: "tensor" or "channel". Not "group", and
        activations have one step per layer: steps that differ along the
        summed axis could not be taken out of the sum.
    layers : as in `quantize_weights`
    returns : a network in evaluation mode

    >>> from mini_compress import datasets, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> integer = quantize_static(net, data.train.take(100).images)
    >>> [type(layer).__name__ for layer in integer.classifier[:3]]
    ['Flatten', 'IntegerLayer', 'ReLU']

    See [jacob2018quantization], sections 2.1 to 2.4.
    """
    require_int("bits", bits, 2, 8)
    require_one_of("granularity", granularity, ("tensor", "channel"))
    found = treatable_layers(model, layers)
    weights = {name: weight_array(name, found[name]) for name in found}
    for name, weight in weights.items():
        _require_values(f"weight of {name!r}", weight)
    ranges = observe_ranges(model, found, images)
    replacements: dict[str, nn.Module] = {}
    for name, layer in found.items():
        x_params = choose_affine(ranges[name], signed=False)
        replacements[name] = _integer_layer(
            name, layer, weights[name], x_params, bits, granularity
        )
    norms = [
        repr(name)
        for name, module in model.named_modules()
        if isinstance(module, BATCH_NORMS)
    ]
    if norms:
        warnings.warn(
            f"{len(norms)} batch normalizations stay in float32: "
            f"{', '.join(norms)}; `fold_batchnorm` merges those that it can",
            stacklevel=2,
        )
    return with_layers_replaced(model, replacements)


def quantize_weight(
    weight: np.ndarray,
    *,
    bits: int = 8,
    granularity: str = "channel",
    group_size: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return a weight's codes and steps: symmetric, in the narrow range.

    weight : (outputs, ...) float32, finite
    returns : codes, (outputs, inner) int8; scale, float32: (1, 1) per tensor,
        (outputs, 1) per channel, (outputs, groups) per group, where the last
        group of a row may be shorter

    >>> weight = np.array([[0.5, -0.75], [0.0, 1.5]], np.float32)
    >>> codes, scale = quantize_weight(weight, bits=3)
    >>> codes.tolist(), scale.tolist()
    ([[2, -3], [0, 3]], [[0.25], [0.5]])
    """
    require_dtype("weight", weight, np.float32)
    _require_values("weight", weight)
    _require_granularity(granularity, group_size)
    rows = weight.reshape(len(weight), -1)  # (outputs, inner)
    if granularity != "group":
        axis = ROW_AXES[granularity]
        params = choose_affine(rows, bits=bits, symmetric=True, axis=axis)
        return quantize(rows, params), np.array(params.scale)
    size = _steps_over(weight, group_size)
    # zeros fill the last group: they change no step, and are cut off again
    filled = np.pad(rows, ((0, 0), (0, -rows.shape[1] % size)))
    groups = split_groups(filled, size)  # (outputs, groups, size)
    params = choose_affine(groups, bits=bits, symmetric=True, axis=-1)
    codes = quantize(groups, params).reshape(filled.shape)  # as the rows
    return codes[:, : rows.shape[1]], np.array(params.scale)[..., 0]


def _integer_layer(
    name: str,
    layer: nn.Linear | nn.Conv2d,
    weight: np.ndarray,
    x_params: AffineParams,
    bits: int,
    granularity: str,
) -> IntegerLayer:
    """Fill an integer layer with codes of the weight and the bias."""
    rows = weight.reshape(len(weight), -1)  # (outputs, inner)
    bias = np.zeros(len(rows))
    if layer.bias is not None:
        bias = layer.bias.detach().numpy().astype(np.float64)
        require_finite(f"bias of {name!r}", bias)
    x_scale = np.asarray(x_params.scale).item()
    axis = ROW_AXES[granularity]
    chosen = choose_affine(rows, bits=bits, symmetric=True, axis=axis)
    scale = _widen_for_bias(rows, np.asarray(chosen.scale), bias, x_scale)
    codes = quantize(
        rows, AffineParams(scale, 0, bits=bits, signed=True, narrow=True)
    )
    quantized = IntegerLayer(
        geometry_of(layer, repr(name)),
        bias=layer.bias is not None,
        bits=bits,
        per_tensor=granularity == "tensor",
    )
    quantized.weight.store(codes, scale)
    quantized.x_scale.fill_(x_scale)
    quantized.x_zero_point.fill_(np.asarray(x_params.zero_point).item())
    if quantized.largest_sum() > LARGEST_SUM:
        raise ValueError(
            f"sums of {name!r} must stay within int32, got up to "
            f"{quantized.largest_sum()} before the bias"
        )
    if quantized.bias is not None:
        steps = x_scale * scale.astype(np.float64)[:, 0]
        quantized.bias.copy_(torch.from_numpy(np.rint(bias / steps)))
    return quantized


def _widen_for_bias(
    rows: np.ndarray, scale: np.ndarray, bias: np.ndarray, x_scale: float
) -> np.ndarray:
    """Raise the steps of channels whose bias would not fit int32.

    A bias is counted in steps of x_scale * scale. In a channel that is nearly
    dead the weights are tiny, and so is scale, but the bias need not be. With
    a wider step its weights lose precision that the bias drowns anyway. A
    channel whose weights are all 0 takes the finest step its bias allows.
    """
    # (outputs, 1), as is the scale of a channel
    needed = np.abs(bias)[:, np.newaxis] / (x_scale * LARGEST_BIAS)
    dead = ~rows.any(axis=1, keepdims=True) & (needed > 0)
    if scale.shape == (1, 1):
        needed, dead = needed.max(keepdims=True), np.all(dead, keepdims=True)
    widened = np.where(dead, needed, np.maximum(scale, needed))
    return np.maximum(widened, SMALLEST_SCALE).astype(np.float32)


def _steps_over(weight: np.ndarray, group_size: int | None) -> int:
    """Return how many weights of a row share a step."""
    inner = math.prod(weight.shape[1:])
    return min(int(group_size or inner), inner)


def _require_values(name: str, weight: np.ndarray) -> None:
    if weight.size == 0:
        raise ValueError(
            f"{name} must hold values, got the empty shape {weight.shape}"
        )


def _require_granularity(granularity: str, group_size: int | None) -> None:
    require_one_of("granularity", granularity, GRANULARITIES)
    if granularity == "group":
        if group_size is None:
            raise ValueError(
                "group_size must be given for granularity 'group', got None"
            )
        require_int("group_size", group_size, 1)
    elif group_size is not None:
        raise ValueError(
            "group_size must be None unless granularity is 'group', "
            f"got {group_size}"
        )
