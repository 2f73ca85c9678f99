"""Channels taken out of a network: its shapes shrink, or zeros stay behind.

`thin` makes the layers smaller. `mask_channels` keeps their shapes and sets a
channel to 0 at every layer that makes or normalizes it, which is what thinning
can be checked against: both networks compute the same, but for rounding.
"""

from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..._inference import copy_model, require_module
from .groups import PruningGroup, require_channels, require_group_of

Kept = Mapping[PruningGroup, Collection[int] | Tensor]


def thin(model: nn.Module, kept: Kept) -> nn.Module:
    """Return a copy without the channels that are not kept.

    model : is not changed
    kept : for groups of `find_groups`, the numbers of the channels to keep;
        groups that are not named keep all. To keep none is a ValueError.
    returns : a network in evaluation mode, its layers smaller

    >>> from mini_compress.models import LeNet300
    >>> from mini_compress.pruning import find_groups
    >>> model = LeNet300()
    >>> first, second = find_groups(model)
    >>> small = thin(model, {first: range(200)})
    >>> small.classifier[1].weight.shape, small.classifier[3].weight.shape
    (torch.Size([200, 784]), torch.Size([100, 200]))
    """
    chosen = _check(model, kept)
    thinned = copy_model(model).eval()
    for group, channels in chosen.items():
        for member in group.members:
            layer = thinned.get_submodule(member.layer)
            entries = _entries(channels, member.positions)
            _select(layer, member.part, entries)
            _note_sizes(layer, len(entries))
    return thinned


@torch.no_grad()
def mask_channels(model: nn.Module, kept: Kept) -> nn.Module:
    """Return a copy in which the channels that are not kept are always 0.

    model, kept : as for `thin`
    returns : a network in evaluation mode, of the same shapes: not smaller

    Not only the weights and biases that make a channel become 0, but also the
    scale and shift of its batch normalization. Otherwise the channel would be
    a constant, and in general not 0.

    >>> from mini_compress.models import ConvNet
    >>> from mini_compress.pruning import find_groups
    >>> model = ConvNet()
    >>> masked = mask_channels(model, {find_groups(model)[0]: range(1, 16)})
    >>> bool(masked.features[:2](torch.rand(1, 1, 28, 28))[:, 0].any())
    False
    """
    chosen = _check(model, kept)
    masked = copy_model(model).eval()
    for group, channels in chosen.items():
        removed = torch.tensor(
            sorted(set(range(group.channels)) - set(channels)),
            dtype=torch.int64,
        )
        for member in group.members:
            if member.part != "inputs":
                layer = masked.get_submodule(member.layer)
                _silence(layer, _entries(removed, member.positions))
    return masked


def _check(model: nn.Module, kept: Kept) -> dict[PruningGroup, list[int]]:
    """Return the channels to keep in order; all must fit the model."""
    require_module("model", model)
    for group in kept:
        require_group_of(model, group)
    return {
        group: require_channels(group, "kept", channels)
        for group, channels in kept.items()
    }


def _entries(channels: Collection[int] | Tensor, positions: int) -> Tensor:
    """Return the places of channels that were flattened: c * positions + p."""
    starts = torch.as_tensor(channels) * positions
    # (channels, positions), flattened
    return (starts[:, None] + torch.arange(positions)).flatten()


def _select(layer: nn.Module, part: str, entries: Tensor) -> None:
    """Keep these columns, or these rows and all else that they have."""
    if part == "inputs":
        axis, names = 1, ["weight"]
    else:  # "outputs" of a layer, or a "norm"
        axis, names = 0, ["weight", "bias", "running_mean", "running_var"]
    for name in names:
        values = getattr(layer, name, None)
        if values is not None:
            kept = values.detach().index_select(axis, entries.to(values.device))
            if isinstance(values, nn.Parameter):
                kept = nn.Parameter(kept, values.requires_grad)
            setattr(layer, name, kept)


def _note_sizes(layer: Any, count: int) -> None:
    """Make a layer's own numbers of channels those of what it holds."""
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        layer.num_features = count
    else:
        kind = "channels" if isinstance(layer, nn.Conv2d) else "features"
        setattr(layer, f"out_{kind}", layer.weight.shape[0])
        setattr(layer, f"in_{kind}", layer.weight.shape[1])


def _silence(layer: Any, entries: Tensor) -> None:
    """Make outputs of a layer or of a batch normalization 0, always.

    A normalization without scale and shift does it too: what comes in is 0,
    and so is its mean.
    """
    for name in ("weight", "bias", "running_mean"):
        values = getattr(layer, name, None)
        if values is not None:
            values[entries] = 0
