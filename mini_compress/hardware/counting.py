"""What is counted in one layer: weights, MACs, bytes.

The one rule of this file:

    MACs = outputs * products per output

It holds for linear layers and for convolutions with any stride, padding,
dilation and number of groups, whatever the weight is kept in. A compressed
layer that multiplies otherwise counts its own (`CompressedLayer.macs`). A
multiply-accumulate (MAC) is one product and one addition; FLOPs, which count
them as two, are not used here.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ..layers.base import FLOAT_BITS, CompressedLayer
from ..layers.grids import GivesCodes
from ..layers.integer_base import IntegerOperation, QuantizeInput, Regridded
from ..layers.kinds import LOOKUPS, NORMALIZATIONS, PLAIN, TRAINING_ONLY


def is_counted(layer: nn.Module) -> bool:
    """Say whether a layer multiplies: one of torch's or one of our own."""
    return isinstance(layer, (*PLAIN, CompressedLayer))


def find_layers(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """List the innermost layers; refuse those that cannot be counted.

    A layer is innermost when it is counted, when it is a normalization, a table
    of embeddings or an operation on codes, or when it has no parts. Any other
    module that holds numbers of its own is an error; all of them are named.
    """
    unknown: list[str] = []
    found = list(_walk(module, "", unknown))
    if unknown:
        raise ValueError(
            "every layer that holds numbers must be one that can be counted "
            "(Linear, Conv2d, one of mini_compress.layers, Embedding, a "
            "normalization), "
            f"got {', '.join(unknown)}; put another in its place, or count "
            "the parts between by themselves"
        )
    return found


def _walk(
    module: nn.Module, name: str, unknown: list[str]
) -> Iterator[tuple[str, nn.Module]]:
    known = is_counted(module) or isinstance(
        module, (*NORMALIZATIONS, *LOOKUPS, IntegerOperation)
    )
    numbers = (*module.parameters(recurse=False), *module.buffers(False))
    if numbers and not known:
        unknown.append(f"{type(module).__name__} at {name or 'the top'!r}")
    parts = list(module.named_children())
    if known or not parts:
        yield name, module
        return
    for part_name, part in parts:
        yield from _walk(part, f"{name}.{part_name}".lstrip("."), unknown)


def count_macs(layer: nn.Module, output: Tensor) -> int:
    """Count the MACs behind an output; none for a layer without products."""
    if isinstance(layer, CompressedLayer):
        return layer.macs(output)
    if isinstance(layer, PLAIN):
        return output.numel() * (layer.weight.numel() // layer.weight.shape[0])
    return 0


def weight_bits(layer: nn.Module) -> int:
    """Give the bits of a stored weight; 32 means float32."""
    return (
        layer.weight_bits if isinstance(layer, CompressedLayer) else FLOAT_BITS
    )


def activation_bits(layer: nn.Module) -> int | None:
    """Give the bits of what weights are multiplied by; None if by nothing."""
    if isinstance(layer, CompressedLayer):
        return layer.activation_bits
    return FLOAT_BITS if isinstance(layer, PLAIN) else None


def bits_read(layer: nn.Module, count: int, last: int) -> tuple[int, ...]:
    """Give the bits of a number in each of the tensors that a layer is given.

    count : how many those are
    last : bits of what the layer before gave, which an operation without
        products and without a grid of its own is given
    """
    if isinstance(layer, Regridded):
        return tuple(params.bits for params in layer.x_params)
    if isinstance(layer, QuantizeInput):
        return (FLOAT_BITS,)
    return (activation_bits(layer) or last,) * count


def bits_given(layer: nn.Module, last: int) -> int:
    """Give the bits of a number that a layer hands on; last as in `bits_read`.

    An `IntegerLayer` hands on float32, and is counted as if it were codes.
    """
    if isinstance(layer, GivesCodes):
        return layer.y_bits
    return activation_bits(layer) or last


def stored_bytes(layer: nn.Module) -> int:
    """Count the bytes that a layer keeps and reads: all but a step counter."""
    return sum(
        tensor.nbytes
        for name, tensor in layer.state_dict().items()
        if name != TRAINING_ONLY
    )


def parameters_of(layer: nn.Module) -> list[Tensor]:
    """Give weight and bias as the numbers that they stand for.

    Codes are dequantized, so that a zero is a zero, and zeros that are not
    stored are put back; a normalization gives its scale and shift, and a
    layer without parameters nothing.
    """
    if isinstance(layer, CompressedLayer):
        return layer.numbers()
    found = [getattr(layer, "weight", None), getattr(layer, "bias", None)]
    return [x for x in found if isinstance(x, torch.Tensor)]
