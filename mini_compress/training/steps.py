"""Steps down the gradient: Adam, its learning rate, and who else has a say.

Methods that compress during training come in at two places: a penalty that is
added to the loss, and a function that is called after every step.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from .._require import require_number
from ..datasets import Split, to_images


class Step(NamedTuple):
    """What has just happened: one step down the gradient of one batch.

    number : from 1 to num_steps
    epoch : the pass that the step belongs to, from 1
    model, optimizer : as they are after it, gradients included; a function
        that is called after the step may change both
    """

    number: int
    num_steps: int
    epoch: int
    model: nn.Module
    optimizer: AdamW


AfterStep = Callable[[Step], None]
Penalty = Callable[[nn.Module], Tensor]


def warm_cosine(step: int, num_steps: int) -> float:
    """Return the learning rate of a step, as a share of the highest one.

    step : 0..num_steps

    >>> [round(warm_cosine(step, 20), 2) for step in (0, 1, 2, 11, 20)]
    [0.33, 0.67, 1.0, 0.5, 0.0]

    See [loshchilov2017sgdr], equation 5, here without restarts.
    """
    rising = num_steps // 10
    if step < rising:
        return (step + 1) / (rising + 1)
    return (1 + math.cos(math.pi * (step - rising) / (num_steps - rising))) / 2


class Learner:
    """The network, the optimizer, and what else has a say in a step."""

    def __init__(
        self,
        model: nn.Module,
        num_steps: int,
        *,
        learning_rate: float,
        weight_decay: float,
        penalty: Penalty | None,
        after_step: AfterStep | None,
    ) -> None:
        require_number("learning_rate", learning_rate, 0)
        require_number("weight_decay", weight_decay, 0)
        self.model = model
        self.num_steps = num_steps
        self.penalty = penalty
        self.after_step = after_step
        self.optimizer = AdamW(
            model.parameters(),
            lr=learning_rate,
            weight_decay=weight_decay,
            fused=True,
        )
        self.rates = LambdaLR(
            self.optimizer, lambda step: warm_cosine(step, num_steps)
        )
        self.taken = 0

    def learn(
        self, split: Split, batches: Iterable[Tensor], epoch: int, bar: Any
    ) -> float:
        """Take a step for each batch of indices; return the mean loss."""
        self.model.train()
        total = 0.0
        for batch in batches:
            images, labels = to_images(split.pixels[batch]), split.labels[batch]
            total += self._descend(images, labels) * len(batch)
            self.rates.step()
            self.taken += 1
            if self.after_step is not None:
                done = self.taken, self.num_steps, epoch
                self.after_step(Step(*done, self.model, self.optimizer))
            bar.update()
        return total / len(split)

    def _descend(self, images: Tensor, labels: Tensor) -> float:
        """Take a step down the gradient; return the mean cross-entropy."""
        loss = functional.cross_entropy(self.model(images), labels)
        if not loss.isfinite():
            rate = self.optimizer.param_groups[0]["lr"]
            raise ValueError(
                f"loss must be finite, got {loss.item()} at learning rate "
                f"{rate:.3g}: try a smaller one"
            )
        self.optimizer.zero_grad()
        pull = loss if self.penalty is None else loss + self.penalty(self.model)
        pull.backward()
        self.optimizer.step()
        return loss.item()
