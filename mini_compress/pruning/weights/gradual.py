"""Gradual pruning: the mask grows while the network learns."""

import math
from collections.abc import Mapping
from typing import Any

from torch import nn

from ..._require import require_number
from ...datasets import Dataset
from ...training import Step, Training, count_steps, train
from .fine_tuning import clear_removed
from .masks import Masks, Sparsity, magnitude_masks
from .schedules import CubicSchedule


def prune_gradually(
    model: nn.Module,
    data: Dataset,
    sparsity: Sparsity,
    *,
    epochs: int,
    start: float = 0.0,
    end: float = 0.7,
    every: int = 20,
    scope: str = "layer",
    batch_size: int = 128,
    **settings: Any,
) -> Training:
    """Train a copy of a network while its smallest weights are removed.

    model : untrained or trained
    sparsity : in the end, in [0, 1); or one for each of several layers, by
        name, all of which rise together
    start, end : shares of all steps between which the sparsity rises, see
        `CubicSchedule`; from `end` on what is left is fine-tuned
    every : steps from one growth of the masks to the next
    scope : "layer" or "global", see `magnitude_masks`
    epochs, batch_size, settings : of `training.train`
    returns : of the epochs after the last growth the best one

    A removed weight stays 0, and so remains among the smallest.

    >>> from mini_compress import datasets, zoo
    >>> from mini_compress.pruning import masks_of, sparsity_of
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> result = prune_gradually(net, data, 0.9, epochs=2, progress=False)
    >>> round(sparsity_of(masks_of(result.model)), 3)
    0.9

    See [zhu2018prune], section 3.
    """
    require_number("end", end, 0, 1 + 1e-9)
    require_number("start", start, 0, end)
    num_steps = count_steps(data, epochs=epochs, batch_size=batch_size)
    schedule = CubicSchedule(
        largest_of(sparsity),
        *(int(start * num_steps), int(end * num_steps)),
        every=every,
    )
    masks: Masks = {}

    def after_step(step: Step) -> None:
        if schedule.is_due(step.number):
            share = share_of(sparsity, schedule.sparsity(step.number))
            masks.update(magnitude_masks(step.model, share, scope=scope))
        clear_removed(step, masks)

    return train(
        model,
        data,
        epochs=epochs,
        batch_size=batch_size,
        after_step=after_step,
        first_kept=math.ceil(epochs * schedule.end / num_steps),
        **settings,
    )


def largest_of(sparsity: Sparsity) -> float:
    """Return the sparsity, or the largest of several layers'.

    >>> largest_of({"conv": 0.4, "fc": 0.9})
    0.9
    """
    if isinstance(sparsity, Mapping):
        return max(sparsity.values())
    return sparsity


def share_of(sparsity: Sparsity, reached: float) -> Sparsity:
    """Return the sparsity so far, when the largest has come to `reached`.

    >>> share_of({"conv": 0.4, "fc": 0.8}, 0.4)
    {'conv': 0.2, 'fc': 0.4}
    """
    if not isinstance(sparsity, Mapping):
        return reached
    largest = largest_of(sparsity)
    done = reached / largest if largest else 1.0
    return {name: done * each for name, each in sparsity.items()}
