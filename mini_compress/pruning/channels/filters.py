"""Neurons and filters removed by a criterion, in one call.

    requested share of channels -> channels kept -> a smaller network, and a
    report of what it came to

Without a share p of its channels a layer keeps 1 - p of its outputs, and 1 - p
of its inputs too: about (1 - p)**2 of its weights.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ..._examples import example_shape
from ..._require import require_number, require_one_of
from ...hardware import layer_costs
from ...kernels.masks import keep_largest, keep_largest_global
from .activations import Scores
from .criteria import score_channels
from .groups import PruningGroup, find_groups
from .report import GroupReport, Pruned, PruningReport
from .thinning import thin

SCOPES = ("layer", "group", "global")  # the first two are one
# of scores whose size depends on how large a layer's filters or inputs are
RELATIVE = ("l1", "l2", "mean_activation")


def prune_filters(
    model: nn.Module,
    channel_ratio: float,
    *,
    criterion: str = "l1",
    images: Tensor | None = None,
    labels: Tensor | None = None,
    scope: str = "layer",
    seed: int = 0,
    layers: Sequence[str] | None = None,
    input_shape: tuple[int, ...] | None = None,
) -> Pruned:
    """Remove the neurons and filters that matter least.

    model : is not changed; see `find_groups` for what it may consist of
    channel_ratio : share of the channels to remove, in [0, 1)
    criterion, images, labels, seed : see `score_channels`
    scope : "layer": that share of each layer's channels, or of each group's
        where layers share theirs, for which "group" is another word;
        "global": of all channels together
    layers : names of layers, to prune these alone, together with those that
        share their channels; None for all
    input_shape : of one example, without the batch axis; None for that of
        images, and without images for (1, 28, 28)
    returns : `model`, the smaller network, in evaluation mode, and `report`,
        what was requested and achieved

    Removed are round(ratio * channels), ties to even, but never the best
    channel of a group: no layer is emptied. In the global scope the scores of
    l1, l2 and mean_activation are divided by the mean of their group.

    >>> from mini_compress.models import build
    >>> small, report = prune_filters(build("ConvNet"), 0.5)
    >>> report.channels, report.parameters
    ((144, 72), (33338, 8610))
    """
    require_number("channel_ratio", channel_ratio, 0, 1)
    require_one_of("scope", scope, SCOPES)
    shape = example_shape(images, input_shape)
    groups = _groups(model, layers, shape)
    scores = score_channels(
        model, groups, criterion, images=images, labels=labels, seed=seed
    )
    if scope == "global" and criterion in RELATIVE:
        scores = {g: x / _mean(x) for g, x in scores.items()}
    kept = choose_channels(scores, channel_ratio, scope=scope)
    small = thin(model, kept)
    report = PruningReport(
        network=type(model).__name__,
        criterion=criterion,
        scope="layer" if scope == "group" else scope,
        requested=channel_ratio,
        groups=tuple(
            GroupReport(group, tuple(channels))
            for group, channels in kept.items()
        ),
        parameters=(_num_parameters(model), _num_parameters(small)),
        macs=(
            layer_costs(model, input_shape=shape).macs,
            _macs_of(small, shape),
        ),
    )
    return Pruned(small, report)


def choose_channels(
    scores: Scores, channel_ratio: float, *, scope: str = "layer"
) -> dict[PruningGroup, list[int]]:
    """Return the channels to keep of each group: those of the highest scores.

    scores : of `score_channels`
    channel_ratio, scope : as for `prune_filters`

    Among equals the first are kept.

    >>> from mini_compress.models import LeNet300
    >>> _, group = find_groups(LeNet300())
    >>> kept = choose_channels({group: torch.arange(100.0)}, 0.98)
    >>> kept[group]
    [98, 99]
    """
    require_one_of("scope", scope, SCOPES)
    arrays = [values.numpy() for values in scores.values()]
    bests = [np.arange(len(x)) == x.argmax() for x in arrays]
    if scope != "global":
        masks = [keep_largest(x, channel_ratio) for x in arrays]
    else:
        # above all others, the best of each group are the last to go
        largest = np.finfo(np.float64).max
        raised = [
            np.where(best, largest, x)
            for x, best in zip(arrays, bests, strict=True)
        ]
        masks = keep_largest_global(raised, channel_ratio)
    return {
        group: np.flatnonzero(mask | best).tolist()
        for group, mask, best in zip(scores, masks, bests, strict=True)
    }


def _groups(
    model: nn.Module,
    layers: Sequence[str] | None,
    input_shape: tuple[int, ...],
) -> list[PruningGroup]:
    found = {
        name: group
        for group in find_groups(model, input_shape=input_shape)
        for name in group.producers
    }
    if isinstance(layers, str):
        raise TypeError(f"layers must be a list of names, got {layers!r}")
    for name in layers or ():
        require_one_of("layers' names", name, found)
    names = found if layers is None else layers
    if not names:
        raise ValueError(
            "model must have channels between two layers to prune, got none"
        )
    return list(dict.fromkeys(found[name] for name in names))  # each once


def _macs_of(small: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Count MACs, which shows that the smaller network runs."""
    try:
        return layer_costs(small, input_shape=input_shape).macs
    except ValueError as error:  # the whole network takes this shape
        raise ValueError(
            "model must run with fewer channels, got one that does not: its "
            f"own code counts on all of them ({error.__cause__ or error})"
        ) from error


def _mean(scores: Tensor) -> Tensor:
    """Return the mean; 1 where all scores are 0, to divide by."""
    mean = scores.mean()
    return torch.where(mean == 0, 1.0, mean)


def _num_parameters(model: nn.Module) -> int:
    return sum(x.numel() for x in model.parameters())
