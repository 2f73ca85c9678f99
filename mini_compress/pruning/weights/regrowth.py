"""Prune and regrow: a network that is sparse from its first step to its last.

From time to time the smallest of the kept weights are removed and as many
others grow back, where the gradient says that they would help most. So the
number of weights stays, and the mask moves.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from ..._require import require_int, require_number
from ...datasets import Dataset
from ...layers.selection import weight_of
from ...training import Step, Training, train
from .fine_tuning import clear_removed
from .masks import Masks, apply_masks


def prune_and_regrow(
    model: nn.Module,
    data: Dataset,
    masks: Masks,
    *,
    share: float = 0.3,
    every: int = 50,
    end: float = 0.75,
    **settings: Any,
) -> Training:
    """Train a sparse copy of a network and move its masks while it learns.

    masks : the first ones: random for a network that is trained from scratch,
        by magnitude for a trained one
    share : of a layer's kept weights, how many move at first, in (0, 1); it
        falls to 0 along half a cosine
    every : steps from one move to the next
    end : share of all steps after which the masks stay
    settings : of `training.train`

    The mask of a layer that gets no gradient, since it is frozen or not used,
    stays: nothing tells where it should grow.

    >>> from mini_compress import datasets, models
    >>> from mini_compress.pruning import masks_of, random_masks, sparsity_of
    >>> net, data = models.build("LeNet300"), datasets.load("mnist5k")
    >>> masks = random_masks(net, 0.9)
    >>> result = prune_and_regrow(net, data, masks, epochs=2, progress=False)
    >>> round(sparsity_of(masks_of(result.model)), 2)
    0.9

    See [evci2020rigging], section 3.
    """
    require_number("share", share, 0, 1)
    require_int("every", every, 1)
    require_number("end", end, 0, 1 + 1e-9)
    moving = dict(masks)

    def after_step(step: Step) -> None:
        progress = step.number / (end * step.num_steps)
        if step.number % every == 0 and progress < 1:
            moved = share * (1 + math.cos(math.pi * progress)) / 2
            for name, mask in moving.items():
                weight = weight_of(step.model, name)
                if weight.grad is not None:
                    moving[name] = move_mask(mask, weight, moved)
        clear_removed(step, moving)

    return train(
        apply_masks(model, masks), data, after_step=after_step, **settings
    )


@torch.no_grad()
def move_mask(mask: Tensor, weight: nn.Parameter, share: float) -> Tensor:
    """Drop the smallest kept weights, and grow as many where it helps most.

    mask : bool, of the weight's shape
    weight : with its gradient, which is not masked
    share : of the kept weights that move
    returns : a mask that keeps as many. A weight that grows starts at 0; one
        that has just been dropped may grow again, if its gradient is large.
    """
    if weight.grad is None:
        raise ValueError("weight must have a gradient, got none")
    num_kept = int(mask.sum())
    num_moved = int(share * num_kept)
    sizes = torch.where(mask, weight.abs(), -1.0).flatten()
    stay = torch.zeros_like(mask).flatten()
    stay[sizes.topk(num_kept - num_moved).indices] = True
    pulls = torch.where(stay, -1.0, weight.grad.abs().flatten())
    stay[pulls.topk(num_moved).indices] = True
    return stay.reshape(mask.shape)  # flat until here
