"""Layers of a network replaced by chains of smaller ones, in one call."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import nn

from ..layers import FactoredLayer, LowRankLinear
from ..layers.selection import treatable_layers, with_layers_replaced


class Factorized(NamedTuple):
    """A network with factored layers, and what came of it."""

    model: nn.Module
    report: Any


def factorize(model: nn.Module, ranks: Mapping[str, int]) -> Factorized:
    """Return a copy in which layers are chains of smaller ones.

    >>> from mini_compress.models import build
    >>> low, _ = factorize(build("LeNet300"), {"classifier.1": 20})
    >>> low.classifier[1].ranks
    {'rank': 20}
    """
    found = treatable_layers(model, list(ranks))
    replacements: dict[str, FactoredLayer] = {
        name: LowRankLinear.from_linear(layer, ranks[name])
        for name, layer in found.items()
    }
    return Factorized(with_layers_replaced(model, replacements), None)
