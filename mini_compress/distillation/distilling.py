"""Distillation: training a network on what another one answers."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .._examples import blank_images
from .._inference import (
    HasModel,
    copy_model,
    device_of,
    inference,
    require_module,
)
from .._require import require_equal, require_number
from ..datasets import Dataset
from ..graph import capture_outputs
from ..kernels.soft_targets import require_temperature
from ..training import Batch, Training, train
from .losses import (
    decoupled_loss,
    require_finite_logits,
    require_logits,
    soft_target_loss,
)
from .teachers import (
    CachedLogits,
    Teacher,
    answer,
    require_same_images,
    require_teacher,
)
from .terms import Outputs, Term


def distill(
    teacher: Teacher | HasModel,
    student: nn.Module,
    data: Dataset,
    *,
    temperature: float = 4.0,
    weight: float = 0.9,
    others_weight: float | None = None,
    terms: Sequence[Term] = (),
    transform: Callable[[Tensor, torch.Generator], Tensor] | None = None,
    **settings: Any,
) -> Training:
    """Train a copy of a student on the soft targets of a teacher.

    teacher : a network, what a method gave back whose `.model` is one, an
        `Ensemble`, or `CachedLogits` of data.train. It is asked in evaluation
        mode and without gradients, and is not changed.
    student : a network of the same classes, which is not changed either
    data : labels of data.train may be None if weight is 1
    temperature : of the soft targets, above 0
    weight : of the soft targets, in [0, 1]; the labels have the rest
    others_weight : None for `soft_target_loss`; a number for
        `decoupled_loss`, which needs labels whatever the weight
    terms : what else is to match: `AttentionTransfer`, `Hint`,
        `MatrixTransfer`, or your own `Term`. They are not changed.
    transform : of `training.train`; the teacher sees what the student sees
    settings : of `training.train`: epochs, learning_rate, ...

    What does not fit (classes, devices, feature maps, logits of either that
    are not finite) is a ValueError before any training.

    >>> from mini_compress import datasets, models, zoo
    >>> data = datasets.load("mnist5k")
    >>> teacher = zoo.load("LeNet300", "mnist5k")
    >>> student = models.perceptron(20, seed=0)
    >>> result = distill(
    ...     teacher, student, data, epochs=5, learning_rate=0.01, progress=False
    ... )
    >>> result.best.accuracy > 80
    True

    See [hinton2015distilling].
    """
    terms = [copy.deepcopy(term) for term in terms]
    loss = DistillationLoss(
        teacher,
        temperature=temperature,
        weight=weight,
        others_weight=others_weight,
        terms=terms,
    )
    if isinstance(loss.teacher, CachedLogits):
        if transform is not None:
            raise ValueError(
                "transform must be None for cached logits, which are of the "
                "images as they are; ask the teacher itself"
            )
        require_same_images(loss.teacher, data.train)
    loss.prepare(student, data)
    return train(
        student,
        data,
        loss=loss,
        extra=nn.ModuleList(terms) if terms else None,
        transform=transform,
        **settings,
    )


class DistillationLoss:
    """The loss of `distill`, for `training.train` or for a loop of your own.

    Called with a student and a `training.Batch`, it returns the scalar

        weight * soft targets + (1 - weight) * cross-entropy + terms

    teacher, temperature, weight, others_weight, terms : see `distill`

    >>> loss = DistillationLoss(nn.Flatten(), temperature=2, weight=1)
    >>> images = torch.rand(4, 1, 1, 3)
    >>> batch = Batch(images, None, torch.arange(4), epoch=1)
    >>> round(loss(nn.Flatten(), batch).item(), 4)  # it says the same
    0.0
    """

    def __init__(
        self,
        teacher: Teacher | HasModel,
        *,
        temperature: float = 4.0,
        weight: float = 0.9,
        others_weight: float | None = None,
        terms: Sequence[Term] = (),
    ) -> None:
        self.teacher = require_teacher(teacher)
        require_temperature(temperature)
        if require_number("weight", weight, 0) > 1:
            raise ValueError(f"weight must be in [0, 1], got {weight}")
        if others_weight is not None:
            require_number("others_weight", others_weight, 0)
        if terms and isinstance(self.teacher, CachedLogits):
            raise ValueError(
                "teacher must be a network to match its features, got "
                "CachedLogits"
            )
        self.temperature = temperature
        self.weight = weight
        self.others_weight = others_weight
        self.terms = tuple(terms)

    def __call__(self, student: nn.Module, batch: Batch) -> Tensor:
        """Return the loss of a batch, a scalar with a gradient."""
        logits, targets, ours, theirs = self._run(student, batch)
        loss = torch.zeros((), device=logits.device)
        if self.weight > 0:
            loss = loss + self.weight * self._soft(logits, targets, batch)
        if self.weight < 1:
            labels = _labels_of(batch, "a weight below 1")
            hard = functional.cross_entropy(logits, labels)
            loss = loss + (1 - self.weight) * hard
        for term in self.terms:
            loss = loss + term(ours, theirs)
        return loss

    def prepare(self, student: nn.Module, data: Dataset) -> None:
        """Run two images through both networks; refuse what does not fit.

        The terms see what they will compare, and make what they learn along.
        """
        require_module("student", student)
        if isinstance(self.teacher, nn.Module):
            require_equal(
                "device of the teacher",
                device_of(student),
                device_of(self.teacher),
            )
        copied = copy_model(student)
        shape = tuple(data.train.pixels.shape[1:])
        images = blank_images(copied, min(2, len(data.train)), shape)
        labels = data.train.labels
        labels = None if labels is None else labels[: len(images)]
        batch = Batch(images, labels, torch.arange(len(images)), epoch=1)
        with inference(copied):
            logits, targets, ours, theirs = self._run(copied, batch)
        require_logits(logits, targets)
        require_finite_logits("student", logits)
        for term in self.terms:
            term.prepare(ours, theirs)
        if self.weight < 1 and labels is None:
            _labels_of(batch, "a weight below 1")
        if self.others_weight is not None:
            _labels_of(batch, "others_weight")

    def _run(
        self, student: nn.Module, batch: Batch
    ) -> tuple[Tensor, Tensor, Outputs, Outputs]:
        """Return the logits of both, and what the terms compare."""
        if not self.terms or not isinstance(self.teacher, nn.Module):
            return student(batch.images), answer(self.teacher, batch), {}, {}
        ours = [name for term in self.terms for name in term.pairs]
        theirs = [name for term in self.terms for name in term.pairs.values()]
        with (
            capture_outputs(student, ours) as student_outputs,
            capture_outputs(self.teacher, theirs) as teacher_outputs,
        ):
            logits, targets = student(batch.images), answer(self.teacher, batch)
            return logits, targets, student_outputs, teacher_outputs

    def _soft(self, logits: Tensor, targets: Tensor, batch: Batch) -> Tensor:
        """Compare what the two say, by the one loss or by the other."""
        if self.others_weight is None:
            return soft_target_loss(
                logits, targets, temperature=self.temperature
            )
        return decoupled_loss(
            logits,
            targets,
            _labels_of(batch, "others_weight"),
            temperature=self.temperature,
            others_weight=self.others_weight,
        )


def _labels_of(batch: Batch, reason: str) -> Tensor:
    """Return the labels of a batch; say what needs them if there are none."""
    if batch.labels is None:
        raise ValueError(f"data.train must have labels for {reason}, got none")
    return batch.labels
