"""One plain loop that trains a network, and what tells how good it is.

Adam with decoupled weight decay and a learning rate that rises over the first
tenth of the steps and falls to zero along a cosine. What is kept is the
network after the epoch with the best accuracy on the validation images.
"""

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from tqdm.auto import tqdm

from ._inference import inference, require_module
from ._require import require_int, require_number
from .datasets import Dataset, Split, to_images
from .measuring import Score

# The parts that are made of MNIST's 60,000 training images
_OF_MNIST_TRAINING = {
    "mnist": ("train", "validation"),
    "mnist5k": ("train", "validation", "test"),
}


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

    Of epochs that are equally good on validation the last is kept. A loss
    that is not finite is a ValueError. torch's own generator is not used.

    See [kingma2015adam] and [loshchilov2019decoupled].
    """
    _require_ready(model, data)
    require_int("epochs", epochs, 1)
    require_int("batch_size", batch_size, 1)
    require_int("seed", seed, 0)
    require_number("learning_rate", learning_rate, 0)
    require_number("weight_decay", weight_decay, 0)
    # channels last: the layout in which a processor convolves fastest
    model = _laid_out(copy.deepcopy(model), torch.channels_last)
    model.trained_on = data.name  # type: ignore[assignment]
    num_steps = epochs * math.ceil(len(data.train) / batch_size)
    optimizer = AdamW(
        model.parameters(),
        lr=learning_rate,
        weight_decay=weight_decay,
        fused=True,
    )
    schedule = LambdaLR(optimizer, lambda step: warm_cosine(step, num_steps))
    shuffler = torch.Generator().manual_seed(seed)
    history: list[Epoch] = []
    with _progress_bar(num_steps, progress) as bar:
        for number in range(1, epochs + 1):
            start = time.perf_counter()
            order = torch.randperm(len(data.train), generator=shuffler)
            batches = order.split(batch_size)
            loss = _learn(model, data.train, batches, optimizer, schedule, bar)
            accuracy = evaluate(model, data.validation).accuracy
            seconds = time.perf_counter() - start
            history.append(Epoch(number, loss, accuracy, seconds))
            bar.set_postfix_str(f"loss {loss:.3f}, validation {accuracy:.2f} %")
            if accuracy == max(epoch.accuracy for epoch in history):
                best, weights = history[-1], copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    model = _laid_out(model, torch.contiguous_format).eval()
    return Training(model, tuple(history), best)


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


def _learn(
    model: nn.Module,
    split: Split,
    batches: Sequence[Tensor],
    optimizer: AdamW,
    schedule: LambdaLR,
    bar: Any,
) -> float:
    """Take one step for each batch of indices; return the mean loss."""
    model.train()
    total = 0.0
    for batch in batches:
        logits = model(to_images(split.pixels[batch]))
        loss = functional.cross_entropy(logits, split.labels[batch])
        if not loss.isfinite():
            raise ValueError(
                f"loss must be finite, got {loss.item()} at learning rate "
                f"{schedule.get_last_lr()[0]:.3g}: try a smaller one"
            )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += loss.item() * len(batch)
        bar.update()
    return total / len(split)


def predict(
    model: nn.Module, images: Tensor, *, batch_size: int = 500
) -> Tensor:
    """Return the class with the largest logit for each image.

    images : (n, 1, 28, 28) float32, n >= 0
    returns : (n,) int64

    The model runs in evaluation mode and is then put back as it was.
    """
    require_module("model", model)
    require_int("batch_size", batch_size, 1)
    if images.dtype != torch.float32:
        raise TypeError(f"images must be torch.float32, got {images.dtype}")
    with inference(model):
        logits = [model(batch) for batch in images.split(batch_size)]
    return torch.cat(logits).argmax(dim=1)


def evaluate(model: nn.Module, split: Split) -> Score:
    """Score a model on the images of a split, which must be unseen ones.

    Training images of the data set that the model learned from are allowed;
    see `require_unseen` for what is not.
    """
    require_module("model", model)
    _require_images("split", split)
    require_unseen(model, split)
    correct = predict(model, split.images) == split.labels
    return Score(correct.numpy(), f"{split.dataset} {split.part}")


def require_unseen(model: nn.Module, split: Split) -> None:
    """Refuse images that the model may have learned from by another name.

    All of mnist5k comes from MNIST's 60,000 training images, so a model
    trained on mnist knows it, the test images included.
    """
    learned = getattr(model, "trained_on", None)
    if (
        learned in _OF_MNIST_TRAINING
        and learned != split.dataset
        and split.part in _OF_MNIST_TRAINING.get(split.dataset, ())
    ):
        raise ValueError(
            f"model must not know the images, got one trained on {learned} "
            f"and {split.dataset}'s {split.part} images: both are taken from "
            "MNIST's training images"
        )


def _require_ready(model: nn.Module, data: Dataset) -> None:
    require_module("model", model)
    if not isinstance(data, Dataset):
        raise TypeError(f"data must be a Dataset, got {type(data).__name__}")
    _require_images("data.train", data.train)
    _require_images("data.validation", data.validation)
    require_unseen(model, data.validation)


def _require_images(name: str, split: Split) -> None:
    if not isinstance(split, Split):
        raise TypeError(f"{name} must be a Split, got {type(split).__name__}")
    require_int(f"number of images in {name}", len(split), 1)


def _laid_out(model: nn.Module, layout: torch.memory_format) -> nn.Module:
    return model.to(memory_format=layout)  # type: ignore[call-overload]


def _progress_bar(num_steps: int, progress: bool) -> Any:
    """Return a bar; unless it is turned off, tqdm's environment decides."""
    options = {} if progress else {"disable": True}
    return tqdm(total=num_steps, unit="step", **options)
