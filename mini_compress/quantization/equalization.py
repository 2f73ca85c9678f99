"""Equal ranges for all channels, at no change of what a network computes.

A ReLU gives s times as much for s times as much, s > 0. So a channel can be
divided by s where one layer makes it and multiplied by s where the next reads
it. The s that makes its weights equally large in both is sqrt(r1 * r2) / r2.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, fx, nn

from .._inference import copy_model
from .._require import require_int
from ..graph import fold_batchnorm, trace
from ..graph.operations import FLATTEN, KINDS, RELU, SAME, target_of
from ..layers.kinds import PLAIN
from ..layers.selection import require_untied


@torch.no_grad()
def equalize(model: nn.Module, *, rounds: int = 10) -> nn.Module:
    """Return a copy whose channels have ranges of like size.

    model : is not changed; see `graph.trace` for what it may do. Batch
        normalization is folded.
    rounds : over all pairs of layers. In a chain each pair disturbs the next;
        so Nagel and others repeat until nothing changes.
    returns : in evaluation mode. It computes what the model computes, but for
        rounding.

    A pair is a Linear or Conv2d whose output goes, through ReLU, pooling,
    flattening, Dropout or Identity alone, to another one and nowhere else. A
    channel whose weights are all 0 on either side stays as it is. A weight
    that another layer has too is a ValueError.

    >>> net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    >>> for layer, weight in [(0, [[8.0, 0], [0, 0.5]]), (2, [[2.0, 2.0]])]:
    ...     net[layer].weight.data = torch.tensor(weight)
    >>> even = equalize(net)
    >>> even[0].weight.tolist(), even[2].weight.tolist()
    ([[4.0, 0.0], [0.0, 1.0]], [[4.0, 1.0]])

    See [nagel2019datafree], section 4.1.
    """
    require_int("rounds", rounds, 1)
    folded = copy_model(fold_batchnorm(model)).eval()
    pairs = layer_pairs(folded)
    paired = {name: folded.get_submodule(name) for x in pairs for name in x}
    require_untied(folded, paired)
    for _ in range(rounds):
        for name, next_name in pairs:
            _equalize_pair(
                folded.get_submodule(name), folded.get_submodule(next_name)
            )
    return folded


def layer_pairs(model: nn.Module) -> list[tuple[str, str]]:
    """List the pairs of layers that `equalize` can treat, by name.

    model : without batch normalization

    >>> from mini_compress.models import build
    >>> layer_pairs(fold_batchnorm(build("ConvNet")))[-1]
    ('features.9', 'classifier.2')
    """
    graph = trace(model)
    runs = [
        str(node.target)
        for node in graph.graph.nodes
        if target_of(graph, node) in PLAIN
    ]
    return [
        pair
        for pair in _pairs(graph)
        if all(runs.count(name) == 1 for name in pair)
    ]


def _pairs(graph: fx.GraphModule) -> Iterator[tuple[str, str]]:
    for node in graph.graph.nodes:
        if target_of(graph, node) not in PLAIN:
            continue
        current = node
        while len(current.users) == 1:
            [current] = current.users
            if target_of(graph, current) in PLAIN:
                yield str(node.target), str(current.target)
                break
            if not _keeps_channels(graph, current):
                break


def _keeps_channels(graph: fx.GraphModule, node: fx.Node) -> bool:
    """Say whether scaled channels come out of an operation scaled alike."""
    kind = KINDS.get(target_of(graph, node))
    if kind == FLATTEN:
        if node.op == "call_module":
            flatten = graph.get_submodule(str(node.target))
            return (flatten.start_dim, flatten.end_dim) == (1, -1)
        return list(node.args[1:]) == [1] and not node.kwargs
    return kind in (RELU, SAME)


def _equalize_pair(layer: Any, after: Any) -> None:
    """Make each channel's largest weight the same in two layers."""
    weight = _by_input(after, len(layer.weight))
    made = layer.weight.flatten(1).abs().amax(dim=1)  # (channels,)
    read = weight.abs().amax(dim=(0, 3)).flatten()  # (channels,)
    alive = (made > 0) & (read > 0)
    scale_channels(layer, after, torch.where(alive, (made / read).sqrt(), 1.0))


@torch.no_grad()
def scale_channels(layer: Any, after: Any, scale: Tensor) -> None:
    """Divide the channels that a layer makes, multiply where they are read.

    layer, after : a pair of `layer_pairs`; both are changed
    scale : (channels,) float32, above 0

    >>> net = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1))
    >>> before = net(torch.ones(1))
    >>> scale_channels(net[0], net[2], torch.tensor([64.0]))
    >>> torch.allclose(net(torch.ones(1)), before)
    True
    """
    layer.weight.div_(scale.reshape(-1, *[1] * (layer.weight.ndim - 1)))
    if layer.bias is not None:
        layer.bias.div_(scale)
    weight = _by_input(after, len(layer.weight))
    weight.mul_(scale.reshape(1, *weight.shape[1:3], 1))


def _by_input(layer: Any, channels: int) -> Tensor:
    """View a weight by input channels: (outputs, groups, channels, the rest).

    outputs, channels : of one group. A linear layer has one group, and may
        read several neighboring entries of each channel.
    """
    weight = layer.weight
    if isinstance(layer, nn.Linear):
        return weight.view(len(weight), 1, channels, -1)
    groups = layer.groups
    # (groups, outputs // groups, channels // groups, rows * cols)
    split = weight.view(groups, -1, channels // groups, weight[0, 0].numel())
    return split.transpose(0, 1)  # (outputs // groups, groups, ...)
