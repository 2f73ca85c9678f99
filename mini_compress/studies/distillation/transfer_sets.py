"""Pictures without labels, which a teacher is asked about.

A run's data set is named by how many training images its teacher knows, such
as mnist_5000; the training images after these are digits that it has not seen.
"""

import dataclasses

import torch
from torch import Tensor

from ...datasets import Dataset, Split, unlabeled
from ..engine.baselines import load_data
from ..engine.grid import Run
from ..engine.subsets import load_subset

PICTURES = (
    "digits",  # more of the training images, without their labels
    "clothes",  # of fashion_mnist
    "noise",  # each pixel drawn from 0..255
    "shuffled",  # digits whose pixels have changed places
    "mixed",  # each pixel from the same place of some digit
)


def transfer_set(run: Run) -> Dataset:
    """Return the pictures that the teacher is asked about."""
    kind, count = run.settings["pictures"], run.settings["count"]
    data = load_subset(run.dataset)
    generator = torch.Generator().manual_seed(run.seed)
    if kind == "noise":
        shape = (count, 1, 28, 28)
        pixels = torch.randint(
            256, shape, generator=generator, dtype=torch.uint8
        )
    elif kind == "clothes":
        pixels = load_data("fashion_mnist").train.pixels[:count]
    elif kind == "digits":
        pixels = others(run, count).pixels
    else:
        pixels = take_apart(data.train.pixels, kind, count, generator)
    return unlabeled(data, pixels)


def others(run: Run, count: int) -> Split:
    """Return training images that the teacher has not learned from."""
    name, _, known = run.dataset.rpartition("_")
    train = load_data(name).train
    chosen = slice(int(known), int(known) + count)
    labels = None if train.labels is None else train.labels[chosen]
    return Split(name, "train", train.pixels[chosen], labels)


def take_apart(
    pixels: Tensor, kind: str, count: int, generator: torch.Generator
) -> Tensor:
    """Make pictures of digits that are none.

    kind : "shuffled", one order of places for each picture; "mixed", each
        pixel from another digit, in its place
    """
    n, places = len(pixels), pixels[0].numel()
    flat = pixels.flatten(1)  # (n, places)
    if kind == "mixed":
        rows = torch.randint(n, (count, places), generator=generator)
        taken = flat.gather(0, rows)
    else:
        rows = torch.randint(n, (count,), generator=generator)
        order = torch.rand(count, places, generator=generator).argsort(dim=1)
        taken = flat[rows].gather(1, order)
    return taken.reshape(count, *pixels.shape[1:])


def with_more(run: Run, *, labels: bool) -> Dataset:
    """Return the data set with the most training images, labeled or not."""
    data, more = load_subset(run.dataset), others(run, run.settings["count"])
    if not labels:
        return unlabeled(data, more.pixels)
    return dataclasses.replace(data, train=more)
