"""Weights in the block formats of today: small floats, scales of scales."""

from collections.abc import Sequence

from torch import nn

from .._require import require_bool, require_int, require_one_of
from ..kernels.block_formats import FORMATS
from ..kernels.rotation import random_signs
from ..layers import BlockFormatLayer, geometry_of
from ..layers.plain import weight_array
from ..layers.selection import (
    require_untied,
    treatable_layers,
    with_layers_replaced,
)
from .uniform import require_values


def quantize_format(
    model: nn.Module,
    *,
    format: str,
    rotate: bool = False,
    seed: int = 0,
    layers: Sequence[str] | None = None,
) -> nn.Module:
    """Return a copy whose weights are in a block format, decoded at use.

    model : is not changed
    format : "mxfp4", "nvfp4", "q4_k", "nf4", ...: a name of
        `kernels.block_formats.FORMATS`
    rotate : rotate each output's weights by a Hadamard matrix with random
        signs before they are rounded, and back when they are decoded; the
        signs are a bit per input in the file
    seed : of the signs
    layers : names of the layers to quantize; None for every one. A layer that
        cannot be quantized is an error.
    returns : a network in evaluation mode; its file holds the blocks' bytes

    >>> from mini_compress import artifact, zoo
    >>> net = zoo.load("LeNet300", "mnist5k")
    >>> small = quantize_format(net, format="mxfp4")
    >>> round(artifact.file_kb(net)), round(artifact.file_kb(small))
    (1067, 145)

    See [ocp2023microscaling]; [ashkboos2024quarot] for the rotation.
    """
    require_one_of("format", format, FORMATS)
    require_bool("rotate", rotate)
    require_int("seed", seed, 0)
    replacements: dict[str, nn.Module] = {}
    found = treatable_layers(model, layers)
    require_untied(model, found)
    for number, (name, layer) in enumerate(found.items()):
        weight = weight_array(name, layer)
        require_values(f"weight of {name!r}", weight)
        made = BlockFormatLayer(
            geometry_of(layer, repr(name)),
            bias=layer.bias is not None,
            format=format,
            rotated=rotate,
        )
        signs = None
        if rotate:
            signs = random_signs(weight[0].size, seed=seed + number)
        try:
            made.weight.store(weight, signs)
        except ValueError as error:
            raise ValueError(f"weight of {name!r}: {error}") from error
        if layer.bias is not None:
            made.bias.copy_(layer.bias.detach())  # type: ignore[union-attr]
        replacements[name] = made
    return with_layers_replaced(model, replacements)
