"""How much accuracy each layer costs when it alone is factorized."""

from collections.abc import Sequence

from torch import nn

from .._require import require_share
from ..allocation import Sensitivity, scan_layers
from ..allocation.sensitivity import require_levels
from ..datasets import Split
from .factorize import factorize
from .layers import find_layers
from .ranks import share_ranks


def scan_ranks(
    model: nn.Module,
    split: Split,
    shares: Sequence[float] = (0.5, 0.25, 0.1, 0.05),
    *,
    method: str | None = None,
    layers: Sequence[str] | None = None,
) -> Sensitivity:
    """Factorize one layer after the other, without fine-tuning.

    split : images to score on: the validation part, since the result is used
        to choose
    shares : of the layer's weights, in (0, 1), all different, in any order
    method, layers : as for `share_ranks`; a layer that no rank makes smaller
        is scored as it is

    >>> from mini_compress import datasets, zoo
    >>> net = zoo.load("LeNet300", "mnist5k")
    >>> few = datasets.load("mnist5k").validation.take(100)
    >>> scan = scan_ranks(net, few, (0.25, 0.1), layers=["classifier.3"])
    >>> scan.levels, scan.num_weights
    ((0.25, 0.1), {'classifier.3': 30000})
    """
    levels = [
        require_share("each of shares", share, all_too=False)
        for share in require_levels("shares", shares)
    ]

    def compress(whole: nn.Module, name: str, share: float) -> nn.Module:
        ranks = share_ranks(whole, share, method=method, layers=[name])
        if not ranks:
            return whole
        shape = tuple(split.images.shape[1:])
        return factorize(whole, ranks, method=method, input_shape=shape).model

    return scan_layers(
        model,
        split,
        sorted(levels, reverse=True),
        compress,
        level_name="share of weights",
        layers=list(find_layers(model, layers, method)),
    )
