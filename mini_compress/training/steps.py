"""Steps down the gradient: Adam, its learning rate, and who else has a say.

Methods that compress during training, or that learn from a teacher, come in at
four places: the loss, a module that is trained along, what is done to the
images, and a function that is called after every step.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from .._inference import require_one_device
from .._require import require_number
from ..datasets import Split, to_images


class Batch(NamedTuple):
    """What a loss is told of the images of one step.

    images : (n, channels, height, width) float32, as the network is to see
        them; on its device
    labels : (n,) int64, there too, or None where the training images have none
    indices : (n,) int64, the images' places in data.train; for what was
        computed for each of them beforehand, such as a teacher's logits.
        On the CPU, wherever the network is: so they index a table there,
        `logits[batch.indices].to(device)`, and one elsewhere.
    epoch : the pass that the step belongs to, from 1
    """

    images: Tensor
    labels: Tensor | None
    indices: Tensor
    epoch: int


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


Loss = Callable[[nn.Module, Batch], Tensor]
Transform = Callable[[Tensor, torch.Generator], Tensor]
AfterStep = Callable[[Step], None]


def cross_entropy(model: nn.Module, batch: Batch) -> Tensor:
    """Return the mean cross-entropy of a batch, in nats: the usual loss.

    >>> images, labels = torch.zeros(2, 1, 28, 28), torch.tensor([3, 7])
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10, bias=False))
    >>> batch = Batch(images, labels, torch.arange(2), epoch=1)
    >>> round(cross_entropy(model, batch).item(), 4)  # ln 10: all alike
    2.3026
    """
    if batch.labels is None:
        raise ValueError(
            "data.train must have labels for the cross-entropy, got none: "
            "pass another loss"
        )
    return functional.cross_entropy(model(batch.images), batch.labels)


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
        loss: Loss,
        extra: nn.Module | None,
        transform: Callable[[Tensor], Tensor],
        after_step: AfterStep | None,
    ) -> None:
        self.model = model
        self.num_steps = num_steps
        self.loss = loss
        self.transform = transform
        self.after_step = after_step
        self.modules = [model] if extra is None else [model, extra]
        self.device = require_one_device(*self.modules)
        self.optimizer = _make_optimizer(
            self.modules, learning_rate, weight_decay
        )
        self.rates = LambdaLR(
            self.optimizer, lambda step: warm_cosine(step, num_steps)
        )
        self.taken = 0

    def learn(
        self, split: Split, batches: Iterable[Tensor], epoch: int, bar: Any
    ) -> float:
        """Take a step for each batch of indices; return the mean loss."""
        for module in self.modules:
            module.train()
        total = 0.0
        for indices in batches:
            images = self.transform(to_images(split.pixels[indices]))
            labels = None if split.labels is None else split.labels[indices]
            batch = Batch(
                images.to(self.device),
                None if labels is None else labels.to(self.device),
                indices,
                epoch,
            )
            total += self._descend(batch) * len(indices)
            self.rates.step()
            self.taken += 1
            if self.after_step is not None:
                done = self.taken, self.num_steps, epoch
                self.after_step(Step(*done, self.model, self.optimizer))
            bar.update()
        return total / len(split)

    def _descend(self, batch: Batch) -> float:
        """Take a step down the gradient; return the mean loss of an image."""
        loss = self.loss(self.model, batch)
        _require_loss(loss, self.optimizer)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


def _make_optimizer(
    modules: list[nn.Module], learning_rate: float, weight_decay: float
) -> AdamW:
    """Make AdamW for all that learns; only what multiplies decays.

    Biases and normalizations have one axis: to pull them to 0 makes no
    weight smaller, and takes from a channel what it needs.
    """
    require_number("learning_rate", learning_rate, 0)
    require_number("weight_decay", weight_decay, 0)
    learning = [
        parameter
        for module in modules
        for parameter in module.parameters()
        if parameter.requires_grad
    ]
    if not learning:
        raise ValueError(
            "model must have a parameter that learns, got none: set "
            "requires_grad of what is frozen"
        )
    decaying = [parameter for parameter in learning if parameter.ndim >= 2]
    others = [parameter for parameter in learning if parameter.ndim < 2]
    groups = [
        {"params": decaying, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate, fused=True)


def _require_loss(loss: Tensor, optimizer: AdamW) -> None:
    """Refuse what cannot be descended, before anything is changed."""
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        got = getattr(loss, "shape", type(loss).__name__)
        raise TypeError(f"loss must return a tensor of one number, got {got}")
    if not loss.requires_grad:
        raise ValueError(
            "loss must depend on what learns, got a number without a gradient"
        )
    if not loss.isfinite():
        rate = optimizer.param_groups[0]["lr"]
        raise ValueError(
            f"loss must be finite, got {loss.item()} at learning rate "
            f"{rate:.3g}: try a smaller one"
        )
