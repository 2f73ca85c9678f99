"""Distillation in several steps: each network teaches the next one."""

import warnings
from collections.abc import Sequence
from typing import Any

from torch import nn

from .._inference import HasModel, network_of, require_module
from .._require import require_equal, require_int
from ..datasets import Dataset
from ..training import Training
from .distilling import distill


class Lessons(tuple[Training, ...]):
    """What came of each step of a path, in turn."""

    @property
    def model(self) -> nn.Module:
        """The student, after the last step."""
        return self[-1].model


class DistillationPath:
    """A teacher, assistants, and a student.

    networks : the trained teacher first; then untrained ones, each of which
        learns from the one before, and teaches the next; the student last.
        None is changed.

    Networks of equal size make a path of born-again networks. One that is
    larger than its teacher is a warning.

    >>> from mini_compress import datasets, models, zoo
    >>> data = datasets.load("mnist5k")
    >>> teacher = zoo.load("LeNet300", "mnist5k")
    >>> path = DistillationPath(
    ...     [teacher, models.perceptron(40), models.perceptron(10)]
    ... )
    >>> path
    DistillationPath(266,610 -> 31,810 -> 7,960 parameters)
    >>> lessons = path.distill(data, epochs=2, progress=False)
    >>> len(lessons), lessons.model is lessons[-1].model
    (2, True)

    See [mirzadeh2020improved], and [furlanello2018born] for equal sizes.
    """

    def __init__(self, networks: Sequence[nn.Module | HasModel]) -> None:
        if isinstance(networks, nn.Module) or len(networks) < 2:
            raise ValueError(
                "networks must be a list: a teacher, a student and what "
                "stands between them; got "
                + (
                    "one network"
                    if isinstance(networks, nn.Module)
                    else str(len(networks))
                )
            )
        teacher, *learners = networks
        for learner in learners:
            require_module("network of a path", learner)
        self.networks = (network_of(teacher), *map(network_of, learners))
        for number in range(1, len(self.networks)):
            before, after = self.sizes[number - 1 : number + 1]
            if after > before:
                warnings.warn(
                    f"network {number} of the path has {after:,} parameters, "
                    f"more than the {before:,} of its teacher: what it has "
                    "room for beyond its teacher it cannot learn from it",
                    stacklevel=2,
                )

    @property
    def sizes(self) -> list[int]:
        """Numbers of parameters, the teacher's first."""
        return [
            sum(parameter.numel() for parameter in network.parameters())
            for network in self.networks
        ]

    def distill(
        self, data: Dataset, *, epochs: int | Sequence[int], **settings: Any
    ) -> Lessons:
        """Teach each network by the one before it.

        epochs : of every step, or a list with those of each
        settings : of `distillation.distill`, for every step
        returns : every step's training, in turn; `model` is the student
        """
        steps = len(self.networks) - 1
        each = [epochs] * steps if isinstance(epochs, int) else list(epochs)
        require_equal("number of epochs", steps, len(each))
        for count in each:
            require_int("epochs", count, 1)
        lessons: list[Training] = []
        teacher = self.networks[0]
        for learner, count in zip(self.networks[1:], each, strict=True):
            lesson = distill(teacher, learner, data, epochs=count, **settings)
            lessons.append(lesson)
            teacher = lesson.model
        return Lessons(lessons)

    def __repr__(self) -> str:
        sizes = " -> ".join(f"{size:,}" for size in self.sizes)
        return f"DistillationPath({sizes} parameters)"
