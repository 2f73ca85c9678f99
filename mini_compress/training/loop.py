"""One plain loop that trains a network.

Adam with decoupled weight decay and a learning rate that rises over the first
tenth of the steps and falls to zero along a cosine. What is kept is the
network after the epoch with the best accuracy on the validation images.
"""

import copy
import math
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn
from tqdm.auto import tqdm

from .._inference import require_module
from .._require import require_int
from ..datasets import Dataset
from .evaluation import evaluate, require_images, require_unseen
from .steps import AfterStep, Learner, Penalty


class Epoch(NamedTuple):
    """One pass over the training images.

    number : from 1
    loss : mean cross-entropy of an image, in nats, while learning
    accuracy : of the validation images afterwards, in percent
    seconds : of the pass and the validation
    """

    number: int
    loss: float
    accuracy: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Training:
    """A trained network, and how it came about.

    model : in evaluation mode, as it was after the best epoch
    history : every epoch, in turn
    best : the epoch that was kept
    """

    model: nn.Module
    history: tuple[Epoch, ...]
    best: Epoch


def train(
    model: nn.Module,
    data: Dataset,
    *,
    epochs: int,
    learning_rate: float = 0.003,
    weight_decay: float = 0.0,
    batch_size: int = 128,
    seed: int = 0,
    progress: bool = True,
    penalty: Penalty | None = None,
    after_step: AfterStep | None = None,
    first_kept: int = 1,
) -> Training:
    """Train a copy of a network on data.train, choosing on data.validation.

    model : maps (n, 1, 28, 28) float32 images to (n, classes) logits; the
        argument itself is not changed
    epochs : passes over the training images, >= 1
    learning_rate : the highest one, see `warm_cosine`
    weight_decay : times the learning rate, the share of each weight that a
        step takes off
    seed : of the order of the images; the same seed, network and number of
        threads give the same result to the last bit
    progress : show a bar; the environment's TQDM_DISABLE=1 hides it too
    penalty : (model) -> a scalar that is added to the loss of each batch
    after_step : (step) -> None, called after each step; see `Step`
    first_kept : the first epoch that may be kept. A network that is still
        being compressed is better than it will be, and must not win.

    Of epochs that are equally good on validation the last is kept. A loss
    that is not finite is a ValueError. torch's own generator is not used.

    See [kingma2015adam] and [loshchilov2019decoupled].
    """
    _require_ready(model, data)
    num_steps = count_steps(data, epochs=epochs, batch_size=batch_size)
    require_int("first_kept", first_kept, 1, epochs)
    require_int("seed", seed, 0)
    model = _laid_out(copy.deepcopy(model), _fastest_layout(model))
    model.trained_on = data.name  # type: ignore[assignment]
    learner = Learner(
        model,
        num_steps,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        penalty=penalty,
        after_step=after_step,
    )
    shuffler = torch.Generator().manual_seed(seed)
    history: list[Epoch] = []
    with _progress_bar(num_steps, progress) as bar:
        for number in range(1, epochs + 1):
            start = time.perf_counter()
            order = torch.randperm(len(data.train), generator=shuffler)
            batches = order.split(batch_size)
            loss = learner.learn(data.train, batches, number, bar)
            accuracy = evaluate(model, data.validation).accuracy
            seconds = time.perf_counter() - start
            history.append(Epoch(number, loss, accuracy, seconds))
            bar.set_postfix_str(f"loss {loss:.3f}, validation {accuracy:.2f} %")
            kept = history[first_kept - 1 :]
            if kept and accuracy == max(epoch.accuracy for epoch in kept):
                best, weights = history[-1], copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    model = _laid_out(model, torch.contiguous_format).eval()
    return Training(model, tuple(history), best)


def count_steps(data: Dataset, *, epochs: int, batch_size: int) -> int:
    """Count the steps of a training; the last batch of an epoch is smaller."""
    require_int("epochs", epochs, 1)
    require_int("batch_size", batch_size, 1)
    return epochs * math.ceil(len(data.train) / batch_size)


def _require_ready(model: nn.Module, data: Dataset) -> None:
    require_module("model", model)
    if not isinstance(data, Dataset):
        raise TypeError(f"data must be a Dataset, got {type(data).__name__}")
    require_images("data.train", data.train)
    require_images("data.validation", data.validation)
    require_unseen(model, data.validation)


def _fastest_layout(model: nn.Module) -> torch.memory_format:
    """Choose the layout in which a processor convolves fastest.

    That is channels last. But there torch 2.13 writes beyond its memory in
    the backward pass of a strided 1x1 convolution with fewer than 8 inputs,
    as a short cut has after pruning, and the process dies.
    """
    for layer in model.modules():
        if (
            isinstance(layer, nn.Conv2d)
            and layer.kernel_size == (1, 1)
            and layer.stride != (1, 1)
            and layer.in_channels < 8
        ):
            return torch.contiguous_format
    return torch.channels_last


def _laid_out(model: nn.Module, layout: torch.memory_format) -> nn.Module:
    return model.to(memory_format=layout)  # type: ignore[call-overload]


def _progress_bar(num_steps: int, progress: bool) -> Any:
    """Return a bar; unless it is turned off, tqdm's environment decides."""
    options = {} if progress else {"disable": True}
    return tqdm(total=num_steps, unit="step", **options)
