"""What channels do on images: how active they are, how the loss needs them.

Activations are taken behind the ReLUs of a group, which the traced network
names. One image has as many activations of a channel as there are positions.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from ..._inference import (
    BATCH_SIZE,
    require_float32,
    require_image_tensor,
    require_labels,
    with_gradients,
)
from ...graph.inputs import next_images, require_finite_rows
from ...graph.tracing import trace
from .groups import PruningGroup

Scores = dict[PruningGroup, Tensor]
Statistic = Callable[[Tensor], Tensor]


def sum_activations(
    model: nn.Module,
    groups: Sequence[PruningGroup],
    images: Tensor,
    statistic: Statistic,
) -> Scores:
    """Return a statistic of each channel's activations, a mean over images.

    images : (n, ...) float32, finite, n >= 1
    statistic : of activations, (n, channels, positions) -> the same shape
    returns : (channels,) float64, summed over the ReLUs of a group
    """
    require_image_tensor(images)
    watch = _Watch(model, groups)
    scores: Scores = {}
    with torch.no_grad():
        for batch in images.split(BATCH_SIZE):
            for group, values in watch.see(batch):
                # (n, channels, positions) -> (n, channels) -> (channels,)
                share = statistic(values).double().mean(dim=2).sum(dim=0)
                _add(scores, group, share / len(images))
    return scores


def sum_saliencies(
    model: nn.Module,
    groups: Sequence[PruningGroup],
    images: Tensor,
    labels: Tensor,
) -> Scores:
    """Return |sum of activation * gradient| of each channel, mean over images.

    labels : (n,) int64; the loss is the cross-entropy of the outputs
    returns : (channels,) float64, summed over the ReLUs of a group
    """
    require_image_tensor(images)
    require_labels(labels, len(images))
    scores: Scores = {}
    with with_gradients(images, labels) as (images, labels):
        watch = _Watch(model, groups)
        watch.module.requires_grad_()  # of a copy; frozen weights pass none on
        for batch, targets in zip(
            images.split(BATCH_SIZE), labels.split(BATCH_SIZE), strict=True
        ):
            seen = watch.see(batch)
            for group, change in _changes(watch, seen, targets):
                _add(scores, group, change / len(images))
    return scores


def _changes(
    watch: "_Watch", seen: list[tuple[PruningGroup, Tensor]], targets: Tensor
) -> Iterator[tuple[PruningGroup, Tensor]]:
    """Return |sum of activation * gradient| of channels, summed over images."""
    loss = functional.cross_entropy(watch.logits, targets, reduction="sum")
    slopes = torch.autograd.grad(loss, [values for _, values in seen])
    for (group, values), slope in zip(seen, slopes, strict=True):
        # (n, channels, positions) -> (n, channels)
        # (n, channels, positions) -> (n, channels)
        change = (values * slope).double().sum(dim=2).abs()
        yield group, change.sum(dim=0).detach()


class _Watch(fx.Interpreter):
    """Runs a network and keeps what its ReLUs give out."""

    logits: Any  # of the last images seen

    def __init__(
        self, model: nn.Module, groups: Sequence[PruningGroup]
    ) -> None:
        for group in groups:
            if not group.relus:
                raise ValueError(
                    "every group must have a ReLU behind which to look at "
                    f"activations, got none for {group.name!r}"
                )
        require_float32(model)
        super().__init__(trace(model))
        self.extra_traceback = False  # errors keep their words
        self.owners = {name: group for group in groups for name in group.relus}
        self.seen: list[tuple[PruningGroup, Tensor]] = []
        self.images = range(0)  # the numbers of those that run now

    def see(self, images: Tensor) -> list[tuple[PruningGroup, Tensor]]:
        """Return the activations, (n, channels, positions), ReLU by ReLU."""
        self.seen = []
        self.images = next_images(self.images, images)
        self.logits = self.run(images)
        return self.seen

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        group = self.owners.get(n.name)
        if group is None:
            return result
        name = f"activation of {group.name!r}"
        require_finite_rows(name, result, self.images)
        # the same numbers go on, and gradients come back through `values`
        values = result.reshape(len(result), group.channels, -1)
        # (n, channels, positions)
        self.seen.append((group, values))
        return values.clone().reshape(result.shape)


def _add(scores: Scores, group: PruningGroup, values: Tensor) -> None:
    scores[group] = values + scores.get(group, 0)
