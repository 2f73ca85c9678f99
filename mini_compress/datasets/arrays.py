"""Data sets of your own, made of arrays of images and labels."""

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from .._require import require_equal, require_int, require_text
from .files import LabeledPixels
from .sets import NAMES, Dataset, Split, build, hold_out, shuffle

Labeled = tuple[np.ndarray | Tensor, np.ndarray | Tensor]
HELD_OUT = 10  # one image in so many, where a part is not given


def from_arrays(
    name: str,
    *,
    train: Labeled,
    validation: Labeled | None = None,
    test: Labeled | None = None,
    seed: int = 0,
) -> Dataset:
    """Make a data set of arrays or tensors, which are copied.

    name : of your own choice, but none of `NAMES`
    train, validation, test : each images and labels: (n, height, width) or
        (n, channels, height, width) uint8, 0..255, and (n,) whole numbers
        from 0, one for each class. A part that is None is taken from train:
        a tenth of what is there, the classes in proportion.
    seed : of the order of the images of each part

    >>> images = np.zeros((100, 8, 8), np.uint8)
    >>> digits = np.arange(100) % 10
    >>> mine = from_arrays("mine", train=(images, digits))
    >>> mine.train, mine.validation, mine.test
    (Split(mine train, 81 images), Split(mine validation, 9 images), \
Split(mine test, 10 images))
    >>> mine.train.pixels.shape
    torch.Size([81, 1, 8, 8])
    """
    require_text("name", name)
    if name in NAMES:
        raise ValueError(
            f"name must be your own, none of {', '.join(NAMES)}; got {name!r}"
        )
    require_int("seed", seed, 0)
    pool = shuffle(_read("train", train), seed)
    if test is not None:
        tested = shuffle(_read("test", test), seed)
    else:
        pool, tested = _tenth(pool)
    if validation is not None:
        validated = shuffle(_read("validation", validation), seed)
    else:
        pool, validated = _tenth(pool)
    return build(name, pool, validated, tested)


def unlabeled(data: Dataset, pixels: Tensor) -> Dataset:
    """Return a data set whose training images are others, without labels.

    data : whose validation and test images stay
    pixels : (n, channels, height, width) uint8, shaped as those of data

    A network can learn from them by a loss that needs no labels, such as
    that of a teacher's answers. It counts as trained on `data`.

    >>> images = np.zeros((100, 8, 8), np.uint8)
    >>> mine = from_arrays("mine", train=(images, np.arange(100) % 10))
    >>> import torch
    >>> noise = torch.zeros(50, 1, 8, 8, dtype=torch.uint8)
    >>> unlabeled(mine, noise).train
    Split(mine train, 50 images)
    """
    train = Split(data.name, "train", pixels, None)
    checksum = hashlib.sha256(data.sha256.encode())
    checksum.update(pixels.cpu().numpy().tobytes())
    return replace(data, train=train, sha256=checksum.hexdigest())


def _read(part: str, labeled: Labeled) -> LabeledPixels:
    """Copy the arrays of a part; both must be what is asked for."""
    if not isinstance(labeled, tuple | list) or len(labeled) != 2:
        got = type(labeled).__name__
        raise TypeError(f"{part} must be (images, labels), got {got}")
    images = _array(f"images of {part}", labeled[0])
    labels = _array(f"labels of {part}", labeled[1])
    if images.dtype != np.uint8:
        raise TypeError(
            f"images of {part} must be uint8, 0..255, got {images.dtype}"
        )
    if images.ndim not in (3, 4) or images.size == 0:
        raise ValueError(
            f"images of {part} must be (n, height, width) or (n, channels, "
            f"height, width) and not empty, got shape {images.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"labels of {part} must be whole numbers, got {labels.dtype}"
        )
    require_equal(f"shape of labels of {part}", (len(images),), labels.shape)
    if labels.min() < 0:
        raise ValueError(f"labels of {part} must be >= 0, got {labels.min()}")
    return LabeledPixels(images, labels.astype(np.int64))


def _array(name: str, values: Any) -> np.ndarray:
    """Copy an array or a tensor; not a masked one, whose mask would go."""
    if isinstance(values, Tensor):
        return values.detach().cpu().numpy().copy()
    if type(values) is not np.ndarray:
        got = type(values).__name__
        raise TypeError(f"{name} must be an array or a tensor, got {got}")
    return values.copy()


def _tenth(images: LabeledPixels) -> tuple[LabeledPixels, LabeledPixels]:
    """Return the images without, and with only, a tenth of them."""
    require_int("number of images of train", len(images.labels), 2)
    return hold_out(images, max(1, len(images.labels) // HELD_OUT))
