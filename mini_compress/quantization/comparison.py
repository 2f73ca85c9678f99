"""Where two executions of one integer network part, and how far.

The simulation of a network and the network on a device, two ways to round, a
network and one with a fault in it: the logits tell that they differ, the codes
of each step tell where that begins.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import Tensor

from .._inference import require_image_tensor
from .._require import require_equal
from ..layers.integer_network import AT_ONCE
from ..tables import Cell, Table, Tables

AXES = ("image", "channel", "row", "column")


class GivesSteps(Protocol):
    """An integer network or a simulation of one."""

    def quantize(self, images: Tensor) -> Tensor:
        """Return the codes of images."""

    def run(self, codes: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield the name and the codes of each step."""


@dataclass(frozen=True)
class LayerDifference:
    """How the codes of one step differ between two executions.

    name : of the step
    differ, total : how many codes do, of how many
    largest : the largest difference, in steps of the grid
    rms : the root of the mean squared difference of all codes, in steps
    place : of the first that differs: (image, channel, row, column), or as
        many as there are axes; None where all are equal
    codes : the two that differ there
    """

    name: str
    differ: int
    total: int
    largest: int
    rms: float
    place: tuple[int, ...] | None
    codes: tuple[int, int] | None

    @property
    def share(self) -> float:
        """Fraction of the codes that differ."""
        return self.differ / self.total

    @property
    def where(self) -> str:
        """The place in words, "-" where there is none."""
        if self.place is None:
            return "-"
        names = AXES if len(self.place) <= len(AXES) else ()
        pairs = zip(names, self.place, strict=False)
        return ", ".join(f"{name} {i}" for name, i in pairs) or str(self.place)

    def __str__(self) -> str:
        if self.codes is None:
            return f"{self.name}: all {self.total:,} codes are equal"
        one, other = self.codes
        return (
            f"{self.name}: {self.differ:,} of {self.total:,} codes differ, "
            f"first at {self.where}: {one} and {other}"
        )


@dataclass(frozen=True, repr=False)
class Comparison(Tables):
    """The differences of all steps, in the order in which they run."""

    layers: tuple[LayerDifference, ...]

    @property
    def first(self) -> LayerDifference | None:
        """The first step whose codes differ; None if there is none."""
        return next((x for x in self.layers if x.differ), None)

    def tables(self) -> tuple[Table, ...]:
        """Show one row for each step."""
        header = (
            *("step", "codes", "differ", "share", "largest"),
            *("rms, steps", "first", "codes there"),
        )
        rows = tuple(map(_row, self.layers))
        return (Table("Codes that differ", header, rows),)


def compare_layers(
    one: GivesSteps, other: GivesSteps, images: Tensor
) -> Comparison:
    """Compare the codes that two executions give at every step.

    one, other : integer networks or simulations (see `simulate`) with steps
        of the same names and shapes
    images : (n, ...) float32, n >= 1; each execution quantizes them itself,
        and every step reads what the same execution gave before
    returns : the differences; `.first` is the step where they part

    >>> from mini_compress import datasets, zoo
    >>> from mini_compress.quantization import quantize_network
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> images = data.train.take(100).images
    >>> integer = quantize_network(net, images)
    >>> single = quantize_network(net, images, rounding="fixed_single")
    >>> print(compare_layers(integer, integer, images).first)
    None
    >>> compare_layers(integer, single, images).layers[0].name
    'input'
    """
    require_image_tensor(images)
    found: dict[str, _Tally] = {}
    for number, batch in enumerate(images.split(AT_ONCE)):
        ours, theirs = (
            dict(execution.run(execution.quantize(batch)))
            for execution in (one, other)
        )
        require_equal("steps of other", list(ours), list(theirs))
        for name, codes in ours.items():
            tally = found.setdefault(name, _Tally(name))
            tally.add(codes, theirs[name], number * AT_ONCE)
    return Comparison(tuple(tally.difference() for tally in found.values()))


class _Tally:
    """Counts the differences of one step, batch by batch."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.differ = self.total = self.largest = self.squares = 0
        self.place: tuple[int, ...] | None = None
        self.codes: tuple[int, int] | None = None

    def add(self, codes: Tensor, others: Tensor, first_image: int) -> None:
        """Count one batch; first_image : the number of its first image."""
        shapes = tuple(codes.shape), tuple(others.shape)
        require_equal(f"shape of {self.name!r} of other", *shapes)
        one, other = codes.numpy(), others.numpy()
        off = one.astype(np.int64) - other
        self.total += off.size
        if not off.any():
            return
        self.differ += int(np.count_nonzero(off))
        self.largest = max(self.largest, int(np.abs(off).max()))
        self.squares += int((off * off).sum())
        if self.place is None:
            where = tuple(int(i[0]) for i in np.nonzero(off))
            self.place = (first_image + where[0], *where[1:])
            self.codes = int(one[where]), int(other[where])

    def difference(self) -> LayerDifference:
        """Return what was counted."""
        return LayerDifference(
            name=self.name,
            differ=self.differ,
            total=self.total,
            largest=self.largest,
            rms=math.sqrt(self.squares / self.total),
            place=self.place,
            codes=self.codes,
        )


def _row(layer: LayerDifference) -> tuple[str, ...]:
    codes = "-" if layer.codes is None else "{} and {}".format(*layer.codes)
    return (
        layer.name,
        Cell.of(layer.total),
        Cell.of(layer.differ),
        Cell(layer.share, f"{100 * layer.share:.3g} %"),
        Cell.of(layer.largest),
        Cell.of(layer.rms),
        Cell(layer.place, layer.where),
        Cell(layer.codes, codes),
    )
