"""Static quantization: activations are codes too, and products of integers.

`quantize_static` turns weights and activations into codes and the arithmetic
into that of integers. The range of each layer's input is observed beforehand.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .._inference import require_spread
from .._require import require_finite, require_int, require_one_of
from ..graph.inputs import observe_ranges
from ..kernels.affine import AffineParams, choose_affine, quantize
from ..layers import IntegerLayer, geometry_of
from ..layers.kinds import BATCH_NORMS
from ..layers.plain import weight_array
from ..layers.selection import (
    require_untied,
    treatable_layers,
    with_layers_replaced,
)
from .uniform import ROW_AXES, require_values

LARGEST_SUM = 1 << 30  # half of int32's range for the products,
LARGEST_BIAS = 1 << 29  # a quarter for the bias: no sum can overflow
SMALLEST_SCALE = np.finfo(np.float32).tiny  # below it, 1 / scale overflows


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
        layer's input; not all of one value
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
    require_untied(model, found)
    weights = {name: weight_array(name, found[name]) for name in found}
    for name, weight in weights.items():
        require_values(f"weight of {name!r}", weight)
    ranges = observe_ranges(model, found, images)
    require_spread(images)
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


def _integer_layer(
    name: str,
    layer: nn.Linear | nn.Conv2d,
    weight: np.ndarray,
    x_params: AffineParams,
    bits: int,
    granularity: str,
) -> IntegerLayer:
    """Make an integer layer with codes of the weight and the bias."""
    quantized = IntegerLayer(
        geometry_of(layer, repr(name)),
        bias=layer.bias is not None,
        bits=bits,
        per_tensor=granularity == "tensor",
    )
    bias = real_bias(name, layer, len(weight))
    codes, scale = weight_codes(
        weight,
        bias,
        x_params,
        bits=bits,
        per_tensor=granularity == "tensor",
    )
    fill_integer_layer(name, quantized, codes, scale, bias, x_params)
    return quantized


def real_bias(name: str, layer: nn.Module, outputs: int) -> np.ndarray:
    """Return a layer's bias, (outputs,) float64; of 0 where it has none."""
    bias: Any = layer.bias
    if bias is None:
        return np.zeros(outputs)
    values = bias.detach().numpy().astype(np.float64)
    require_finite(f"bias of {name!r}", values)
    return values


def weight_codes(
    weight: np.ndarray,
    bias: np.ndarray,
    x_params: AffineParams,
    *,
    bits: int,
    per_tensor: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Return a weight's codes, and steps at which the bias fits int32.

    weight : (outputs, ...) float32, finite, not empty
    bias : (outputs,) float64
    x_params : the grid of what the layer reads
    returns : codes, (outputs, inner) int8, and scale, (outputs, 1) or (1, 1)
    """
    rows = weight.reshape(len(weight), -1)  # (outputs, inner)
    axis = ROW_AXES["tensor" if per_tensor else "channel"]
    chosen = choose_affine(rows, bits=bits, symmetric=True, axis=axis)
    x_scale = np.asarray(x_params.scale).item()
    scale = _widen_for_bias(rows, np.asarray(chosen.scale), bias, x_scale)
    grid = AffineParams(scale, 0, bits=bits, signed=True, narrow=True)
    return quantize(rows, grid), scale


def fill_integer_layer(
    name: str,
    quantized: IntegerLayer,
    codes: np.ndarray,
    scale: np.ndarray,
    bias: np.ndarray,
    x_params: AffineParams,
) -> None:
    """Let an integer layer take codes; its bias becomes codes too.

    name : of the layer, for error messages
    codes, scale : as `PackedWeight.store` takes them
    bias : (outputs,) float64; becomes int32 in steps of scale_x * scale
    x_params : the grid of what the layer reads
    """
    x_scale = np.asarray(x_params.scale).item()
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
        in_steps = np.rint(bias / steps)
        if np.abs(in_steps).max() > 2 * LARGEST_BIAS:
            raise ValueError(
                f"bias of {name!r} must fit int32 in steps of scale_x * "
                f"scale_weight, got {np.abs(in_steps).max():g}"
            )
        quantized.bias.copy_(torch.from_numpy(in_steps))


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
