"""Training what is left: removed weights stay removed.

A step of the optimizer changes every weight, the removed ones too: their
gradient is not zero, and Adam goes on moving a weight for as long as it
remembers gradients from before. So after each step the masks are applied to
the weights and to what the optimizer remembers of them.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ..._require import require_int, require_number
from ...datasets import Dataset
from ...layers.selection import weight_of
from ...training import Step, Training, train
from ...training.steps import AfterStep
from .masks import Masks, apply_masks, magnitude_masks

MEMORIES = ("exp_avg", "exp_avg_sq")  # of Adam: mean gradient and its square


def keep_masked(masks: Masks) -> AfterStep:
    """Return a function for `train` that applies the masks after each step.

    masks : by layer; if the dict is changed, the next step takes the new ones
    """

    def after_step(step: Step) -> None:
        clear_removed(step, masks)

    return after_step


@torch.no_grad()
def clear_removed(step: Step, masks: Masks) -> None:
    """Set removed weights to 0, and what the optimizer remembers of them."""
    for name, mask in masks.items():
        weight = weight_of(step.model, name)
        kept = mask.to(weight.dtype)  # a product with bools is slower
        weight.mul_(kept)
        state = step.optimizer.state[weight]
        for memory in MEMORIES:
            state[memory].mul_(kept)


def fine_tune(
    model: nn.Module, data: Dataset, masks: Masks, **settings: Any
) -> Training:
    """Remove weights from a copy of a network and train what is left.

    masks : see `weights`
    settings : of `training.train`: epochs, learning_rate, ...
    """
    return train(
        apply_masks(model, masks),
        data,
        after_step=keep_masked(masks),
        **settings,
    )


@dataclass(frozen=True, eq=False)
class Round:
    """One round of pruning and fine-tuning.

    sparsity : of all layers treated, after the round
    """

    sparsity: float
    masks: Masks
    training: Training


def prune_iteratively(
    model: nn.Module,
    data: Dataset,
    sparsity: float,
    *,
    rounds: int,
    scope: str = "global",
    **settings: Any,
) -> list[Round]:
    """Remove small weights in rounds, each followed by fine-tuning.

    sparsity : after the last round, in [0, 1)
    rounds : each keeps the same share of what the one before has kept:
        (1 - sparsity) ** (1 / rounds)
    scope : see `magnitude_masks`
    settings : of `training.train`, for each round

    >>> [round(x, 3) for x in round_sparsities(0.9, 3)]
    [0.536, 0.785, 0.9]

    See [han2015learning], section 3.
    """
    done: list[Round] = []
    for share in round_sparsities(sparsity, rounds):
        masks = magnitude_masks(model, share, scope=scope)
        training = fine_tune(model, data, masks, **settings)
        model = training.model
        done.append(Round(share, masks, training))
    return done


def round_sparsities(sparsity: float, rounds: int) -> list[float]:
    """Return the sparsity after each of several rounds that keep alike."""
    require_number("sparsity", sparsity, 0, 1)
    require_int("rounds", rounds, 1)
    return [
        1 - (1 - sparsity) ** (number / rounds)
        for number in range(1, rounds + 1)
    ]
