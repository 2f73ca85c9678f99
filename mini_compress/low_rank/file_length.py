"""How long a network's file is at given ranks, before any is factorized."""

from collections.abc import Mapping

import torch

from .. import artifact
from ..layers import FactoredLayer
from ..layers.selection import with_layers_replaced
from .layers import Treated
from .methods import METHODS, Rank, ranks_of


def file_length(
    model: torch.nn.Module,
    found: Mapping[str, Treated],
    ranks: Mapping[str, Rank],
) -> int:
    """Count the bytes of the file that `artifact.save` would write.

    found : the layers, by name; those without a rank stay whole

    Nothing is factorized: how long a file is does not depend on the numbers.

    >>> from mini_compress.low_rank.layers import find_layers
    >>> from mini_compress.models import build
    >>> net = build("LeNet300")
    >>> one = file_length(net, find_layers(net, None), {"classifier.1": 20})
    >>> two = file_length(net, find_layers(net, None), {"classifier.1": 21})
    >>> two - one == 4 * (784 + 300)
    True
    """
    made = {name: _empty(found[name], rank) for name, rank in ranks.items()}
    return len(artifact.to_bytes(with_layers_replaced(model, made)))


def _empty(one: Treated, rank: Rank) -> FactoredLayer:
    """Make a chain of zeros of the layer's type."""
    kind, own = METHODS[one.method], ranks_of(one.method, rank)
    given = {"ranks": own} if len(own) > 1 else {"rank": own[0]}
    with torch.device("meta"):  # draws nothing from torch's generator
        made = kind.of_any_ranks(
            one.geometry, bias=one.layer.bias is not None, **given
        )
    made = made.to_empty(device="cpu").to(one.layer.weight.dtype)
    for x in made.parameters():
        x.data.zero_()
    return made
