"""How good a network is on images that it has not learned from."""

import torch
from torch import Tensor, nn

from .._inference import (
    HasModel,
    inference,
    network_of,
    require_one_device,
)
from .._require import require_int
from ..datasets import Split
from ..measuring import Score

AT_ONCE = 250  # images; with more, what a layer gives leaves the cache
# The parts that are made of MNIST's 60,000 training images
_OF_MNIST_TRAINING = {
    "mnist": ("train", "validation"),
    "mnist5k": ("train", "validation", "test"),
}


def predict(
    model: nn.Module | HasModel,
    images: Tensor,
    *,
    batch_size: int = AT_ONCE,
) -> Tensor:
    """Return the class with the largest logit for each image.

    model : a network, or what a method gave back whose `.model` is one
    images : (n, 1, 28, 28) float32, n >= 0; each batch is moved to the device
        of the model
    returns : (n,) int64, on the device of the images

    The model runs in evaluation mode and is then put back as it was. That its
    parameters lie on several devices is a ValueError.

    >>> predict(nn.Flatten(), torch.tensor([[[0.1, 0.7, 0.2]]]))
    tensor([1])
    """
    model = network_of(model)
    require_int("batch_size", batch_size, 1)
    if images.dtype != torch.float32:
        raise TypeError(f"images must be torch.float32, got {images.dtype}")
    device = require_one_device(model)
    with inference(model):
        batches = _channels_last(images).split(batch_size)
        logits = torch.cat([model(x.to(device)) for x in batches])
    if lost := int(logits.isnan().any(dim=1).sum()):
        raise ValueError(
            "logits must be numbers, got NaN for "
            f"{lost} of {len(images)} images"
        )
    return logits.argmax(dim=1).to(images.device)


def _channels_last(images: Tensor) -> Tensor:
    """Lay images out as a processor convolves fastest; what follows keeps it.

    images : (n, channels, height, width); what has other axes stays as it is

    Of one channel this is a view. There torch takes any strides for channels
    last, and then convolves in the other layout: they are set here.
    """
    if images.ndim != 4:
        return images
    images = images.contiguous(memory_format=torch.channels_last)
    _, channels, height, width = images.shape
    strides = (height * width * channels, 1, width * channels, channels)
    return images.as_strided(images.shape, strides)


def evaluate(model: nn.Module | HasModel, split: Split) -> Score:
    """Score a model on the images of a split, which must be unseen ones.

    model : a network, or what a method gave back whose `.model` is one

    Training images of the data set that the model learned from are allowed;
    see `require_unseen` for what is not. The images are moved to the model's
    device, batch by batch; the score is of numpy.

    >>> from mini_compress import datasets, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> score = evaluate(net, data.test)
    >>> len(score), score.accuracy > 90
    (1000, True)
    """
    model = network_of(model)
    require_images("split", split)
    require_unseen(model, split)
    if split.labels is None:
        raise ValueError("split must have labels to be scored, got none")
    labels = split.labels.to(split.pixels.device)
    correct = predict(model, split.images) == labels
    return Score(correct.cpu().numpy(), f"{split.dataset} {split.part}")


def require_unseen(model: nn.Module, split: Split) -> None:
    """Refuse images that the model may have learned from by another name.

    All of mnist5k comes from MNIST's 60,000 training images, so a model
    trained on mnist knows it, the test images included.

    >>> from mini_compress import datasets, zoo
    >>> data = datasets.load("mnist5k")
    >>> require_unseen(zoo.load("LeNet300", "mnist"), data.test)
    Traceback (most recent call last):
    ValueError: model must not know the images, got one trained on mnist and \
mnist5k's test images: both are taken from MNIST's training images
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


def require_images(name: str, split: Split) -> None:
    """Refuse anything but a split that holds images."""
    if not isinstance(split, Split):
        raise TypeError(f"{name} must be a Split, got {type(split).__name__}")
    require_int(f"number of images in {name}", len(split), 1)
