"""Uniform post-training quantization: evenly spaced codes, no training.

`quantize_weights` turns weights into codes of 8 down to 2 bits and leaves the
arithmetic in float32; that of integers is in `static`.
"""

import math
from collections.abc import Sequence

import numpy as np
from torch import nn

from .._require import require_dtype, require_int, require_one_of
from ..kernels.affine import choose_affine, quantize, split_groups
from ..layers import WeightOnlyLayer, geometry_of
from ..layers.plain import weight_array
from ..layers.selection import (
    require_untied,
    treatable_layers,
    with_layers_replaced,
)

GRANULARITIES = ("tensor", "channel", "group")
ROW_AXES = {"tensor": None, "channel": 1}  # of (outputs, inner): what shares


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
    require_granularity(granularity, group_size)
    replacements: dict[str, nn.Module] = {}
    found = treatable_layers(model, layers)
    require_untied(model, found)
    for name, layer in found.items():
        weight = weight_array(name, layer)
        require_values(f"weight of {name!r}", weight)
        codes, scale = quantize_weight(
            weight, bits=bits, granularity=granularity, group_size=group_size
        )
        replacements[name] = weight_only_layer(
            name,
            layer,
            codes,
            scale,
            bits=bits,
            granularity=granularity,
            group_size=group_size,
        )
    return with_layers_replaced(model, replacements)


def weight_only_layer(
    name: str,
    layer: nn.Linear | nn.Conv2d,
    codes: np.ndarray,
    scale: np.ndarray,
    *,
    bits: int,
    granularity: str,
    group_size: int | None,
) -> WeightOnlyLayer:
    """Return a layer with these codes in the place of its weight.

    name : of the layer, for error messages
    codes, scale : as `quantize_weight` returns them
    """
    quantized = WeightOnlyLayer(
        geometry_of(layer, repr(name)),
        bias=layer.bias is not None,
        bits=bits,
        group_size=steps_over(codes, group_size),
        per_tensor=granularity == "tensor",
    )
    quantized.weight.store(codes, scale)
    if layer.bias is not None:
        quantized.bias.copy_(layer.bias.detach())  # type: ignore[union-attr]
    return quantized


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
    require_values("weight", weight)
    require_granularity(granularity, group_size)
    rows = weight.reshape(len(weight), -1)  # (outputs, inner)
    if granularity != "group":
        axis = ROW_AXES[granularity]
        params = choose_affine(rows, bits=bits, symmetric=True, axis=axis)
        return quantize(rows, params), np.array(params.scale)
    size = steps_over(weight, group_size)
    # zeros fill the last group: they change no step, and are cut off again
    filled = np.pad(rows, ((0, 0), (0, -rows.shape[1] % size)))
    groups = split_groups(filled, size)  # (outputs, groups, size)
    params = choose_affine(groups, bits=bits, symmetric=True, axis=-1)
    codes = quantize(groups, params).reshape(filled.shape)  # as the rows
    return codes[:, : rows.shape[1]], np.array(params.scale)[..., 0]


def repeat_steps(
    scale: np.ndarray, shape: tuple[int, int], group_size: int | None
) -> np.ndarray:
    """Return the step of each weight, (outputs, inner).

    scale : as `quantize_weight` returns it
    shape : (outputs, inner)

    >>> repeat_steps(np.array([[1.0, 2.0], [3.0, 4.0]]), (2, 3), 2)
    array([[1., 1., 2.],
           [3., 3., 4.]])
    """
    size = min(int(group_size or shape[1]), shape[1])
    # (outputs or 1, groups * size), cut to inner
    steps = np.repeat(scale, size, axis=1)[:, : shape[1]]
    return np.broadcast_to(steps, shape)


def steps_over(weight: np.ndarray, group_size: int | None) -> int:
    """Return how many weights of a row share a step."""
    inner = math.prod(weight.shape[1:])
    return min(int(group_size or inner), inner)


def require_values(name: str, weight: np.ndarray) -> None:
    """Refuse a weight without any values, of which there is no largest.

    >>> require_values("weight", np.zeros((0, 3)))
    Traceback (most recent call last):
    ValueError: weight must hold values, got the empty shape (0, 3)
    """
    if weight.size == 0:
        raise ValueError(
            f"{name} must hold values, got the empty shape {weight.shape}"
        )


def require_granularity(granularity: str, group_size: int | None) -> None:
    """Refuse a granularity that there is not, or groups without a size."""
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
