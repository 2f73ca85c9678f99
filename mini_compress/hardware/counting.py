"""What is counted in one layer: weights, MACs, bytes.

The one rule of this file:

    MACs = outputs * products per output

It holds for linear layers and for convolutions with any stride, padding,
dilation and number of groups, whatever the weight is kept in. A multiply-
accumulate (MAC) is one product and one addition; FLOPs, which count them as
two, are not used here.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ..layers import IntegerLayer, SparseLayer, WeightOnlyLayer

FLOAT_BITS = 32
_TORCH_LAYERS = (nn.Linear, nn.Conv2d)
_OUR_LAYERS = (WeightOnlyLayer, IntegerLayer, SparseLayer)
_NORMALIZATIONS = (
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.GroupNorm,
    nn.LayerNorm,
)
_TRAINING_ONLY = "num_batches_tracked"


def is_counted(layer: nn.Module) -> bool:
    """Say whether a layer multiplies: one of torch's or one of our own."""
    return isinstance(layer, _TORCH_LAYERS + _OUR_LAYERS)


def find_layers(
    module: nn.Module, name: str = ""
) -> Iterator[tuple[str, nn.Module]]:
    """List the innermost layers; refuse one that cannot be counted.

    A layer is innermost when it is counted, when it is a normalization, or
    when it has no parts. Any other module that holds numbers of its own is an
    error that names it.
    """
    known = is_counted(module) or isinstance(module, _NORMALIZATIONS)
    numbers = (*module.parameters(recurse=False), *module.buffers(False))
    if numbers and not known:
        raise ValueError(
            "every layer that holds numbers must be one that can be counted "
            "(Linear, Conv2d, one of mini_compress.layers, a normalization), "
            f"got {type(module).__name__} at {name or 'the top'!r}"
        )
    parts = list(module.named_children())
    if known or not parts:
        yield name, module
        return
    for part_name, part in parts:
        yield from find_layers(part, f"{name}.{part_name}".lstrip("."))


def count_macs(layer: nn.Module, output: Tensor) -> int:
    """Count the MACs behind an output; none for a layer without products."""
    if isinstance(layer, _OUR_LAYERS):
        return output.numel() * layer.geometry.products_per_output
    if isinstance(layer, _TORCH_LAYERS):
        return output.numel() * (layer.weight.numel() // layer.weight.shape[0])
    return 0


def weight_bits(layer: nn.Module) -> int:
    """Give the bits of a stored weight; 32 means float32."""
    return layer.weight_bits if isinstance(layer, _OUR_LAYERS) else FLOAT_BITS


def activation_bits(layer: nn.Module) -> int | None:
    """Give the bits of what weights are multiplied by; None if by nothing."""
    if isinstance(layer, _OUR_LAYERS):
        return layer.activation_bits or FLOAT_BITS
    return FLOAT_BITS if isinstance(layer, _TORCH_LAYERS) else None


def stored_bytes(layer: nn.Module) -> int:
    """Count the bytes that a layer keeps and reads: all but a step counter."""
    return sum(
        tensor.nbytes
        for name, tensor in layer.state_dict().items()
        if name != _TRAINING_ONLY
    )


def parameters_of(layer: nn.Module) -> list[Tensor]:
    """Give weight and bias as the numbers that they stand for.

    Codes are dequantized, so that a zero is a zero, and zeros that are not
    stored are put back; a normalization gives its scale and shift, and a
    layer without parameters nothing.
    """
    if isinstance(layer, _OUR_LAYERS):
        found = [layer.dense_weight(), layer.bias]
    else:
        found = [getattr(layer, "weight", None), getattr(layer, "bias", None)]
    return [x.detach() for x in found if isinstance(x, torch.Tensor)]
