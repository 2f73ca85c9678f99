"""One plain loop that trains a network.

Adam with decoupled weight decay and a learning rate that rises over the first
tenth of the steps and falls to zero along a cosine. What is kept is the
network after the epoch with the best accuracy on the validation images.
"""

import copy
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from .._inference import copy_model, require_module, require_two_images
from .._require import require_int
from ..datasets import Dataset
from .evaluation import evaluate, require_images, require_unseen
from .randomness import seed_dropout, seed_transform
from .steps import AfterStep, Learner, Loss, Transform, cross_entropy


class Epoch(NamedTuple):
    """One pass over the training images.

    number : from 1
    loss : mean of an image while learning; of cross-entropy, in nats
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
    loss: Loss = cross_entropy,
    extra: nn.Module | None = None,
    transform: Transform | None = None,
    after_step: AfterStep | None = None,
    first_kept: int = 1,
) -> Training:
    """Train a copy of a network on data.train, choosing on data.validation.

    model : maps (n, 1, 28, 28) float32 images to (n, classes) logits; the
        argument itself is not changed. Each batch is moved to the device of
        its parameters, which must be one.
    epochs : passes over the training images, >= 1
    learning_rate : the highest one, see `warm_cosine`
    weight_decay : times the learning rate, the share of each weight that a
        step takes off; of tensors with two or more axes only
    seed : of the order of the images, and of what dropout leaves out; the
        same seed, network and number of threads give the same result to the
        last bit on a CPU
    progress : show a bar; the environment's TQDM_DISABLE=1 hides it too
    loss : (model, batch) -> a scalar, see `Batch`
    extra : a module that the loss uses and that learns along, such as what
        compares a student's features with a teacher's; on the device of the
        network. Afterwards it is put back as it was.
    transform : (images, generator) -> images, for augmentation: how training
        images are changed before the network sees them, anew in each epoch;
        images and generator are on the CPU, so that each device sees the same
    after_step : (step) -> None, called after each step; see `Step`
    first_kept : the first epoch that may be kept. A network that is still
        being compressed is better than it will be, and must not win.

    Of epochs that are equally good on validation the last is kept. A last
    batch of one image joins the one before, since batch normalization needs
    two. A loss that is not finite is a ValueError. torch's own generators are
    left as they were.

    >>> from mini_compress import datasets, models
    >>> data = datasets.load("mnist5k")
    >>> net = models.build("LeNet300", seed=0)
    >>> result = train(net, data, epochs=2, progress=False)
    >>> [epoch.number for epoch in result.history]
    [1, 2]
    >>> result.best.accuracy > 80
    True

    See [kingma2015adam] and [loshchilov2019decoupled].
    """
    _require_ready(model, data, extra)
    num_steps = count_steps(data, epochs=epochs, batch_size=batch_size)
    if any(isinstance(module, nn.BatchNorm1d) for module in model.modules()):
        require_two_images(min(batch_size, len(data.train)))
    require_int("first_kept", first_kept, 1, epochs)
    require_int("seed", seed, 0)
    model = _laid_out(copy_model(model), _fastest_layout(model))
    model.trained_on = data.name  # type: ignore[assignment]
    learner = Learner(
        model,
        num_steps,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        loss=loss,
        extra=extra,
        transform=seed_transform(transform, seed),
        after_step=after_step,
    )
    with (
        _progress_bar(num_steps, progress) as bar,
        _put_back(extra),
        seed_dropout(seed, learner.device),
    ):
        lessons = _learn(learner, data, epochs, batch_size, seed, bar)
        history, best = _keep_best(model, lessons, first_kept)
    model = _laid_out(model, torch.contiguous_format).eval()
    return Training(model, history, best)


def _keep_best(
    model: nn.Module, lessons: Iterable[Epoch], first_kept: int
) -> tuple[tuple[Epoch, ...], Epoch]:
    """Learn epoch after epoch, and leave a network as the best one had it."""
    history: list[Epoch] = []
    for epoch in lessons:
        history.append(epoch)
        kept = history[first_kept - 1 :]
        if kept and epoch.accuracy == max(x.accuracy for x in kept):
            best, weights = epoch, copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    return tuple(history), best


def _learn(
    learner: Learner,
    data: Dataset,
    epochs: int,
    batch_size: int,
    seed: int,
    bar: Any,
) -> Iterator[Epoch]:
    """Pass over the training images again and again, each time shuffled."""
    shuffler = torch.Generator().manual_seed(seed)
    for number in range(1, epochs + 1):
        start = time.perf_counter()
        order = torch.randperm(len(data.train), generator=shuffler)
        batches = _split(order, batch_size)
        loss = learner.learn(data.train, batches, number, bar)
        accuracy = evaluate(learner.model, data.validation).accuracy
        bar.set_postfix_str(f"loss {loss:.3f}, validation {accuracy:.2f} %")
        yield Epoch(number, loss, accuracy, time.perf_counter() - start)


def count_steps(data: Dataset, *, epochs: int, batch_size: int) -> int:
    """Count the steps of a training, `batch_size` images in each.

    The last batch of an epoch is smaller, or larger by one image.

    >>> from mini_compress import datasets
    >>> count_steps(datasets.load("mnist5k"), epochs=2, batch_size=1000)
    8
    """
    require_int("epochs", epochs, 1)
    require_int("batch_size", batch_size, 1)
    return epochs * len(_split(torch.arange(len(data.train)), batch_size))


def _split(order: Tensor, batch_size: int) -> list[Tensor]:
    """Cut an order of images into batches."""
    batches = list(order.split(batch_size))
    if batch_size > 1 and len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


@contextmanager
def _put_back(extra: nn.Module | None) -> Iterator[None]:
    """Leave a module as it was, whatever it learns meanwhile."""
    if extra is None:
        yield
        return
    state, mode = copy.deepcopy(extra.state_dict()), extra.training
    try:
        yield
    finally:
        extra.load_state_dict(state)
        extra.train(mode)


def _require_ready(
    model: nn.Module, data: Dataset, extra: nn.Module | None
) -> None:
    require_module("model", model)
    if extra is not None:
        require_module("extra", extra)
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
