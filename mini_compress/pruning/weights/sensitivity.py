"""How much accuracy each layer costs when it alone is pruned."""

from collections.abc import Sequence

from torch import nn

from ...allocation import Sensitivity, scan_layers
from ...allocation.sensitivity import require_levels
from ...datasets import Split
from .masks import apply_masks, magnitude_masks


def scan_sensitivity(
    model: nn.Module,
    split: Split,
    sparsities: Sequence[float] = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98),
    *,
    layers: Sequence[str] | None = None,
) -> Sensitivity:
    """Prune one layer after the other by magnitude, without fine-tuning.

    split : images to score on: the validation part, since the result is used
        to choose
    sparsities : all different, in any order
    layers : names; None for every linear layer and convolution

    >>> from mini_compress import datasets, zoo
    >>> net = zoo.load("LeNet300", "mnist5k")
    >>> few = datasets.load("mnist5k").validation.take(100)
    >>> scan = scan_sensitivity(net, few, (0.0, 0.9), layers=["classifier.3"])
    >>> scan.num_weights
    {'classifier.3': 30000}

    See [han2015learning], section 4.1 and figure 6.
    """
    return scan_layers(
        model,
        split,
        sorted(require_levels("sparsities", sparsities)),
        _prune_layer,
        level_name="sparsity",
        layers=layers,
    )


def _prune_layer(model: nn.Module, name: str, sparsity: float) -> nn.Module:
    if sparsity == 0:
        return model
    return apply_masks(model, magnitude_masks(model, {name: sparsity}))
