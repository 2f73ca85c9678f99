"""The points that no other one beats: what is as good costs more."""

from collections.abc import Callable, Collection
from typing import Any, Protocol, TypeVar

from ..engine.values import Values


class Scored(Protocol):
    """A setting of a study, or a point of several."""

    @property
    def accuracy(self) -> Values:
        """In percent, seed by seed."""

    @property
    def num_bytes(self) -> Values:
        """Of the file, seed by seed."""


Some = TypeVar("Some", bound=Scored)
Cost = Callable[[Any], float]


def file_kb(scored: Scored) -> float:
    """Return the mean length of the file, in KB: what a front is of."""
    return scored.num_bytes.mean / 1000


def pareto(settings: Collection[Some], cost: Cost = file_kb) -> list[Some]:
    """Return the settings that no other beats, the cheapest first.

    cost : of a setting; what is to be low

    One beats another if it costs no more and its mean accuracy is no lower,
    and one of them is better. Of equals the first is kept.

    >>> from mini_compress import studies
    >>> study = studies.load("post_training_quantization")
    >>> found = study.table(
    ...     network="ConvNet",
    ...     method="quantize_weights",
    ...     granularity="channel",
    ... )
    >>> [x.settings["bits"] for x in pareto(found)]  # the fewer, the worse
    [2, 3, 4, 6, 8]
    """
    front: list[Some] = []
    for one in sorted(settings, key=lambda x: (cost(x), -x.accuracy.mean)):
        if not front or one.accuracy.mean > front[-1].accuracy.mean:
            front.append(one)
    return front
