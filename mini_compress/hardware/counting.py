"""What is counted in one layer: weights, MACs, bytes.

The one rule of this file:

    MACs = outputs * weights / output channels

It holds for linear layers and for convolutions with any stride, padding,
dilation and number of groups, because every output is a sum over the weights
of its channel. A multiply-accumulate (MAC) is one product and one addition;
FLOPs, which count them as two, are not used here.
"""

from collections.abc import Iterator

from torch import Tensor, nn

FLOAT_BITS = 32
_NORMALIZATIONS = (
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.GroupNorm,
    nn.LayerNorm,
)
_TRAINING_ONLY = "num_batches_tracked"


def is_counted(layer: nn.Module) -> bool:
    """Say whether a layer multiplies: of torch's, or one of our own layers."""
    return isinstance(layer, nn.Linear | nn.Conv2d) or hasattr(
        layer, "num_weights"
    )


def find_layers(
    module: nn.Module, name: str = ""
) -> Iterator[tuple[str, nn.Module]]:
    """List the innermost layers; refuse one that cannot be counted.

    A layer is innermost when it is counted, when it is a normalization, or
    when it has no parts. Any other module that holds parameters of its own is
    an error that names it.
    """
    known = is_counted(module) or isinstance(module, _NORMALIZATIONS)
    if not known and next(module.parameters(recurse=False), None) is not None:
        raise ValueError(
            "every layer with parameters must be one that can be counted "
            "(Linear, Conv2d, one of mini_compress.layers, a normalization), "
            f"got {type(module).__name__} at {name or 'the top'!r}"
        )
    parts = list(module.named_children())
    if known or not parts:
        yield name, module
        return
    for part_name, part in parts:
        yield from find_layers(part, f"{name}.{part_name}".lstrip("."))


def num_weights(layer: nn.Module) -> int:
    """Count the weights of a counted layer, without its bias."""
    if isinstance(layer, nn.Linear | nn.Conv2d):
        return layer.weight.numel()
    return int(layer.num_weights)  # type: ignore[arg-type]


def count_macs(layer: nn.Module, output: Tensor) -> int:
    """Count the MACs behind an output, batch included."""
    name = "out_features" if hasattr(layer, "out_features") else "out_channels"
    channels: int = getattr(layer, name)
    return output.numel() * num_weights(layer) // channels


def weight_bits(layer: nn.Module) -> int:
    """Give the bits of a weight; 32 means float32."""
    return getattr(layer, "weight_bits", None) or FLOAT_BITS


def activation_bits(layer: nn.Module) -> int:
    """Give the bits of what a layer multiplies its weights by."""
    return getattr(layer, "activation_bits", None) or FLOAT_BITS


def stored_bytes(layer: nn.Module) -> int:
    """Count the bytes that a layer keeps and reads: all but a step counter."""
    return sum(
        tensor.nbytes
        for name, tensor in layer.state_dict().items()
        if name != _TRAINING_ONLY
    )
