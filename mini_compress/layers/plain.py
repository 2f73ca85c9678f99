"""Whether a network's layers hold their weights themselves.

A hook or a parametrization may compute a weight anew before each run: pruning
and spectral normalization of torch do. Whatever is written into such a weight
is lost at the next run.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import parametrize

from .._require import require_finite

CURE = (
    "make it permanent by what fits of torch.nn.utils: prune.remove(layer, "
    "'weight'), remove_spectral_norm(layer), remove_weight_norm(layer), "
    "parametrize.remove_parametrizations(layer, 'weight')"
)


def require_plain_weights(
    model: nn.Module, layers: Sequence[str] | None = None
) -> None:
    """Refuse layers whose weight or bias is computed by a hook: all, by name.

    layers : names of those to look at; None for all

    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> require_plain_weights(nn.Sequential(layer))
    Traceback (most recent call last):
    ValueError: every layer must hold its weight itself, got a hook that \
computes weight of '0'; make it permanent by what fits of torch.nn.utils: \
prune.remove(layer, 'weight'), remove_spectral_norm(layer), \
remove_weight_norm(layer), parametrize.remove_parametrizations(layer, 'weight')
    """
    computed = [
        f"{tensor} of {name!r}"
        for name, module in model.named_modules(remove_duplicate=False)
        if (layers is None or name in layers)
        and isinstance(module, nn.Linear | _ConvNd | _NormBase)
        for tensor in ("weight", "bias")
        if _is_computed(module, tensor)
    ]
    if computed:
        raise ValueError(
            "every layer must hold its weight itself, got a hook that "
            f"computes {', '.join(computed)}; {CURE}"
        )


def weight_array(
    name: str, layer: nn.Linear | nn.Conv2d, *dtypes: torch.dtype
) -> np.ndarray:
    """Return a layer's weight as numpy sees it; it must be finite.

    name : of the layer, for error messages
    dtypes : of numpy's that the weight may have; float32 if none is given

    >>> weight_array("fc", nn.Linear(3, 2).bfloat16())
    Traceback (most recent call last):
    TypeError: weight of 'fc' must be float32, got bfloat16
    """
    weight = layer.weight.detach()
    dtypes = dtypes or (torch.float32,)
    if weight.dtype not in dtypes:
        *expected, got = (
            str(x).removeprefix("torch.") for x in (*dtypes, weight.dtype)
        )
        raise TypeError(
            f"weight of {name!r} must be {' or '.join(expected)}, got {got}"
        )
    if weight.device.type != "cpu":
        raise ValueError(
            f"weight of {name!r} must be on the CPU, got {weight.device}"
        )
    array = weight.numpy()
    require_finite(f"weight of {name!r}", array)
    return array


def _is_computed(module: nn.Module, name: str) -> bool:
    """Tell whether a tensor is made anew before each run of its module."""
    if parametrize.is_parametrized(module, name):
        return True
    return name not in module._parameters and hasattr(module, name)
