"""Data sets with few training images and all others, by name."""

import dataclasses
import functools
import hashlib
import re

from ...datasets import NAMES, Dataset, Split
from .baselines import load_data


@functools.lru_cache(maxsize=2)
def load_subset(name: str) -> Dataset:
    """Load a data set, or its first training images with all other parts.

    name : NAME or NAME_COUNT: "mnist_5000" is the first 5,000 training images
        of mnist, which are in a shuffled order, its whole validation and its
        whole test part
    returns : the data set, once in each process. It bears the NAME alone, so
        that what learned from it counts as having learned from NAME (see
        `training.require_unseen`); its checksum is its own.

    As a study's `data` it makes such names data sets of the grid.

    >>> few = load_subset("mnist5k_100")
    >>> few.name, len(few.train), len(few.validation), len(few.test)
    ('mnist5k', 100, 500, 1000)
    """
    if name in NAMES:
        return load_data(name)
    # no zeros in front: a set has one name
    found = re.fullmatch(rf"({'|'.join(NAMES)})_([1-9][0-9]*)", name)
    if found is None:
        raise ValueError(
            f"name must be one of {', '.join(NAMES)}, or one of them with a "
            f"number of training images, NAME_COUNT; got {name!r}"
        )
    whole = load_data(found[1])
    few = dataclasses.replace(whole, train=whole.train.take(int(found[2])))
    checksum = hashlib.sha256()
    for part in (few.train, few.validation, few.test):
        checksum.update(_content(part))
    return dataclasses.replace(few, sha256=checksum.hexdigest())


def _content(part: Split) -> bytes:
    """Return pixels and labels as bytes, as the checksum of a whole set."""
    labels = b"" if part.labels is None else part.labels.numpy().astype("u1")
    return part.pixels.numpy().tobytes() + bytes(labels)
