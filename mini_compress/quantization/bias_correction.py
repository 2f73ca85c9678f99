"""A layer's mean output, as it was before its weight was rounded.

Rounded weights differ from the true ones, and so do their sums. The part of
that error which is the same for every image can be taken off the bias.
"""

from typing import Any

import torch
from torch import Tensor, nn

from .._inference import (
    BATCH_SIZE,
    copy_model,
    require_image_tensor,
    require_module,
)
from ..graph import capture_outputs
from ..layers import IntegerLayer, WeightOnlyLayer

Corrected = WeightOnlyLayer | IntegerLayer


@torch.no_grad()
def correct_bias(
    model: nn.Module, quantized: nn.Module, images: Tensor
) -> nn.Module:
    """Return a copy of a quantized network whose layers' mean is the model's.

    model : the float network that was quantized, batch normalization folded;
        is not changed
    quantized : of `quantize_weights` or `quantize_static`; is not changed
    images : (n, ...) float32 training images, finite
    returns : in evaluation mode. In each quantized layer every output channel
        has, over the images and their positions, the mean that it has in the
        model, but for the step of an int32 bias. Layers are corrected in turn,
        so that each is given what it will be given. A layer without a bias is
        a ValueError: there is nothing to correct.

    >>> from mini_compress import datasets, zoo
    >>> from mini_compress.quantization import quantize_weights
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> small = quantize_weights(net, bits=2)
    >>> images = data.train.images[:100]
    >>> corrected = correct_bias(net, small, images)
    >>> with torch.no_grad():
    ...     off = [x(images) - net(images) for x in (small, corrected)]
    >>> [round(x.mean(dim=0).abs().max().item(), 3) for x in off]
    [4.612, 0.0]

    See [nagel2019datafree], section 4.2; here the mean is that of images.
    """
    require_module("model", model)
    require_module("quantized", quantized)
    require_image_tensor(images)
    corrected = copy_model(quantized).eval()
    layers = {
        name: layer
        for name, layer in corrected.named_modules()
        if isinstance(layer, Corrected)
    }
    _require_biases(layers)
    wanted = _channel_means(copy_model(model).eval(), list(layers), images)
    for name in wanted:  # in the order in which they run
        shift = wanted[name] - _channel_means(corrected, [name], images)[name]
        _add_to_bias(layers[name], shift)
    return corrected


def _require_biases(layers: dict[str, Corrected]) -> None:
    if not layers:
        raise ValueError(
            "quantized must have layers of quantize_weights or "
            "quantize_static, got none"
        )
    without = [repr(name) for name, x in layers.items() if x.bias is None]
    if without:
        raise ValueError(
            "every quantized layer must have a bias to be corrected, got none "
            f"in {', '.join(without)}"
        )


def _channel_means(
    model: nn.Module, names: list[str], images: Tensor
) -> dict[str, Tensor]:
    """Return the mean of each layer's outputs by channel, float64.

    returns : name -> (channels,), in the order in which the layers run
    """
    sums: dict[str, Tensor] = {}
    for batch in images.split(BATCH_SIZE):
        with capture_outputs(model, names) as outputs:
            model(batch)
        for name, output in outputs.items():
            # channels are axis 1 of images, and the last one of vectors
            axis = 1 if output.ndim == 4 else -1
            rows = output.double().movedim(axis, -1).flatten(0, -2)
            total = rows.mean(dim=0) * len(batch)
            sums[name] = sums.get(name, 0) + total
    return {name: total / len(images) for name, total in sums.items()}


def _add_to_bias(layer: Any, shift: Tensor) -> None:
    """Add to a bias, float32 or int32 in steps of the layer."""
    bias: Tensor = layer.bias
    if isinstance(layer, IntegerLayer):
        steps = layer.x_scale.double() * layer.weight.scale.double().flatten()
        limits = torch.iinfo(torch.int32)
        total = bias.double() + torch.round(shift / steps)
        bias.copy_(total.clamp(limits.min, limits.max))
    else:
        bias.add_(shift)
