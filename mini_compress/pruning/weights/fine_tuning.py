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

    >>> from mini_compress import datasets, models
    >>> from mini_compress.training import train
    >>> net, data = models.build("LeNet300"), datasets.load("mnist5k")
    >>> masks = magnitude_masks(net, 0.9)
    >>> result = train(
    ...     net, data, epochs=1, progress=False, after_step=keep_masked(masks)
    ... )
    >>> bool(result.model.classifier[1].weight[~masks["classifier.1"]].any())
    False
    """

    def after_step(step: Step) -> None:
        clear_removed(step, masks)

    return after_step


@torch.no_grad()
def clear_removed(step: Step, masks: Masks) -> None:
    """Set removed weights to 0, and what the optimizer remembers of them.

    It remembers nothing of a weight that has had no gradient yet: a frozen
    one, or one that the loss does not need.
    """
    for name, mask in masks.items():
        weight = weight_of(step.model, name)
        kept = mask.to(weight)  # numbers: a product with bools is slower
        weight.mul_(kept)
        state = step.optimizer.state.get(weight, {})
        for memory in MEMORIES:
            if memory in state:
                state[memory].mul_(kept)


def fine_tune(
    model: nn.Module, data: Dataset, masks: Masks, **settings: Any
) -> Training:
    """Remove weights from a copy of a network and train what is left.

    masks : by layer, as `magnitude_masks` makes them
    settings : of `training.train`: epochs, learning_rate, ...

    >>> from mini_compress import datasets, zoo
    >>> from mini_compress.pruning import masks_of, sparsity_of
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> masks = magnitude_masks(net, 0.9)
    >>> result = fine_tune(net, data, masks, epochs=1, progress=False)
    >>> sparsity_of(masks_of(result.model)) >= 0.9
    True

    See [han2015learning], section 3.
    """
    return train(
        apply_masks(model, masks),
        data,
        after_step=keep_masked(masks),
        **settings,
    )


@dataclass(frozen=True, eq=False)
class Round:
    """One round of pruning and training.

    sparsity : of all layers treated, in this round
    masks : under which the network was trained
    """

    sparsity: float
    masks: Masks
    training: Training


class Rounds(tuple[Round, ...]):
    """Rounds of pruning, in turn."""

    @property
    def model(self) -> nn.Module:
        """The network after the last round."""
        return self[-1].training.model


def prune_iteratively(
    model: nn.Module,
    data: Dataset,
    sparsity: float,
    *,
    rounds: int,
    scope: str = "layer",
    **settings: Any,
) -> Rounds:
    """Remove small weights in rounds, each followed by fine-tuning.

    sparsity : after the last round, in [0, 1)
    rounds : each keeps the same share of what the one before has kept:
        (1 - sparsity) ** (1 / rounds)
    scope : "layer" or "global", see `magnitude_masks`
    settings : of `training.train`, for each round
    returns : every round, in turn; `model` is the network after the last

    >>> from mini_compress import datasets, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> done = prune_iteratively(
    ...     net, data, 0.9, rounds=2, epochs=1, progress=False
    ... )
    >>> [round(one.sparsity, 3) for one in done]
    [0.684, 0.9]

    See [han2015learning], section 3.
    """
    done: list[Round] = []
    for share in round_sparsities(sparsity, rounds):
        masks = magnitude_masks(model, share, scope=scope)
        training = fine_tune(model, data, masks, **settings)
        model = training.model
        done.append(Round(share, masks, training))
    return Rounds(done)


def round_sparsities(sparsity: float, rounds: int) -> list[float]:
    """Return the sparsity after each of several rounds that keep alike.

    >>> [round(x, 3) for x in round_sparsities(0.9, 3)]
    [0.536, 0.785, 0.9]
    """
    require_number("sparsity", sparsity, 0, 1)
    require_int("rounds", rounds, 1)
    return [
        1 - (1 - sparsity) ** (number / rounds)
        for number in range(1, rounds + 1)
    ]
