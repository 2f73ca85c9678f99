"""Whether a network's layers hold their weights themselves.

A hook or a parametrization may compute a weight anew before each run: pruning
and spectral normalization of torch do. Whatever is written into such a weight
is lost at the next run.
"""

from collections.abc import Sequence

from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import parametrize

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


def _is_computed(module: nn.Module, name: str) -> bool:
    """Tell whether a tensor is made anew before each run of its module."""
    if parametrize.is_parametrized(module, name):
        return True
    return name not in module._parameters and hasattr(module, name)
