"""Which channels matter: one score for each, and the lowest go.

l1, l2           norm of the weights that make the channel
bn_scale         |scale| of its batch normalization
mean_activation  mean behind the ReLU
apoz             share of activations that are not zero: 1 - APoZ
taylor           first-order change of the loss without the channel
random           drawn by a seed: what every criterion has to beat

Where several layers make a group's channels, because their outputs are added,
a channel's score is the sum of its scores in all of them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..._inference import require_module
from ..._require import require_finite, require_int, require_one_of
from .activations import Scores, sum_activations, sum_saliencies
from .groups import PruningGroup, require_group_of

CRITERIA = (
    *("l1", "l2", "bn_scale", "mean_activation", "apoz", "taylor", "random"),
)


def score_channels(
    model: nn.Module,
    groups: Sequence[PruningGroup],
    criterion: str = "l1",
    *,
    images: Tensor | None = None,
    labels: Tensor | None = None,
    seed: int = 0,
) -> Scores:
    """Score every channel of some groups; the lowest matter least.

    model : is not changed; runs in evaluation mode
    groups : of `find_groups`
    criterion : one of `CRITERIA`
    images : (n, ...) float32 training images, for mean_activation, apoz and
        taylor; others do without
    labels : (n,) int64, for taylor
    seed : for random
    returns : for each group (channels,) float64, >= 0

    >>> from mini_compress.models import LeNet300
    >>> from mini_compress.pruning import find_groups
    >>> model = LeNet300()
    >>> groups = find_groups(model)
    >>> {g.name: len(s) for g, s in score_channels(model, groups).items()}
    {'classifier.1': 300, 'classifier.3': 100}
    """
    require_module("model", model)
    require_one_of("criterion", criterion, CRITERIA)
    for group in groups:
        require_group_of(model, group)
    if criterion in _ON_IMAGES:
        scores = _ON_IMAGES[criterion](model, groups, images, labels)
    elif criterion == "random":
        scores = random_scores(groups, seed)
    elif criterion == "bn_scale":
        scores = {group: norm_scales(model, group) for group in groups}
    else:
        order = {"l1": 1, "l2": 2}[criterion]
        scores = {group: filter_norms(model, group, order) for group in groups}
    for group, values in scores.items():
        require_finite(f"{criterion} of {group.name!r}", values.numpy())
    return scores


@torch.no_grad()
def filter_norms(model: nn.Module, group: PruningGroup, order: int) -> Tensor:
    """Return the norm of the weights behind each channel.

    order : 1 for the sum of absolute weights, 2 for the root of the sum of
        squares; biases and batch normalization do not count
    returns : (channels,) float64

    See [li2017filters], section 3.1.
    """
    norms = [
        # (channels, ...) -> (channels, weights of one) -> (channels,)
        _part(model, name, "weight").flatten(1).norm(order, dim=1)
        for name in group.producers
    ]
    return torch.stack(norms).sum(dim=0)


@torch.no_grad()
def norm_scales(model: nn.Module, group: PruningGroup) -> Tensor:
    """Return the absolute scale of each channel's batch normalization.

    returns : (channels,) float64

    It is meant for networks trained with a penalty on the scales, see
    `scale_penalty`. See [liu2017slimming], section 3.
    """
    scales = [
        _part(model, name, "weight")
        for name in group.norms
        if getattr(model.get_submodule(name), "affine", False)
    ]
    if not scales:
        raise ValueError(
            "bn_scale needs a batch normalization with a scale in every "
            f"group, got none for {group.name!r}"
        )
    # after a flatten a channel has a scale for each position:
    # (channels * positions,) -> (channels, positions) -> (channels,)
    rows = [x.abs().reshape(group.channels, -1).sum(dim=1) for x in scales]
    return torch.stack(rows).sum(dim=0)


def mean_activations(
    model: nn.Module, groups: Sequence[PruningGroup], images: Tensor, *_: Any
) -> Scores:
    """Return the mean activation of each channel behind its ReLU."""
    return sum_activations(model, groups, images, lambda x: x)


def active_shares(
    model: nn.Module, groups: Sequence[PruningGroup], images: Tensor, *_: Any
) -> Scores:
    """Return the share of each channel's activations that are not zero.

    APoZ is the average percentage of zeros: those with the highest go first,
    which are those with the lowest share of the rest.
    See [hu2016trimming], equation 1.
    """
    return sum_activations(model, groups, images, lambda x: x != 0)


def taylor_scores(
    model: nn.Module,
    groups: Sequence[PruningGroup],
    images: Tensor,
    labels: Tensor,
) -> Scores:
    """Return |sum of activation * gradient| of each channel, mean over images.

    To first order, that is how much the loss of an image changes if the
    channel is set to 0. See [molchanov2017pruning], section 2.2, which takes
    the mean over positions where this takes the sum, and then scales the
    scores of each layer to unit norm.
    """
    return sum_saliencies(model, groups, images, labels)


def random_scores(groups: Sequence[PruningGroup], seed: int) -> Scores:
    """Draw a score for each channel, uniform in [0, 1)."""
    require_int("seed", seed, 0)
    generator = torch.Generator().manual_seed(seed)
    return {
        group: torch.rand(
            group.channels, generator=generator, dtype=torch.float64
        )
        for group in groups
    }


def _part(model: nn.Module, name: str, part: str) -> Tensor:
    return getattr(model.get_submodule(name), part).double().cpu()


_ON_IMAGES: dict[str, Callable[..., Scores]] = {
    "mean_activation": mean_activations,
    "apoz": active_shares,
    "taylor": taylor_scores,
}
