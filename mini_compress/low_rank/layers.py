"""Which layers of a network can be factorized, and as what."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from .._inference import require_module
from ..kernels.low_rank.fields import power_of_two_above
from ..layers import FactoredLayer, geometry_of
from ..layers.geometry import Geometry
from ..layers.plain import weight_array
from ..layers.selection import treatable_layers
from .methods import method_for

TWO_NAMES = "ranks must name each layer once, got two names of one"


class Treated(NamedTuple):
    """A layer, what it is and how it is factorized.

    name : the first one that the network has for it
    """

    name: str
    layer: nn.Linear | nn.Conv2d
    geometry: Geometry
    method: str
    weight: np.ndarray  # float64, finite

    @property
    def blocks(self) -> np.ndarray:
        """The weights of each group, (groups, outputs of a group, ...).

        They are divided by a power of two, so that no square overflows.
        """
        groups = getattr(self.geometry, "groups", 1)
        scaled = self.weight / power_of_two_above(self.weight)
        return scaled.reshape(groups, -1, *self.weight.shape[1:])


def find_layers(
    model: nn.Module,
    layers: Sequence[str] | None,
    method: str | None = None,
) -> dict[str, Treated]:
    """Return the layers asked for; an error for what cannot be factorized.

    layers : names; None for every linear layer and convolution that is not a
        part of a factored layer
    method : of convolutions, see `method_for`

    >>> from mini_compress.models import build
    >>> [x.method for x in find_layers(build("LeNet5"), None).values()]
    ['channel', 'channel', 'svd', 'svd']
    """
    require_module("model", model)
    parts = _parts(model)
    found = treatable_layers(model, layers)
    if layers is not None:
        for name in found.keys() & parts.keys():
            raise ValueError(
                "layers must not be factored already, got a part of "
                f"{parts[name]}: {name!r}"
            )
    treated = {}
    for name, layer in found.items():
        if name in parts:
            continue
        geometry = geometry_of(layer, repr(name))
        weight = weight_array(name, layer, torch.float32, torch.float64)  # type: ignore[arg-type]
        own = method_for(geometry, method)
        treated[name] = Treated(
            name, layer, geometry, own, weight.astype(np.float64)
        )
    return treated


def _parts(model: nn.Module) -> dict[str, str]:
    """Return the names of parts of factored layers, and of what they are."""
    return {
        f"{name}.{part}".lstrip("."): f"{type(module).__name__} at {name!r}"
        for name, module in model.named_modules(remove_duplicate=False)
        if isinstance(module, FactoredLayer)
        for part, _ in module.named_children()
    }
