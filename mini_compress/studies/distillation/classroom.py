"""Who teaches and who learns in the studies of distillation, and from what.

A teacher is trained once in each process; runs that share it are measured
together. Whoever learns sees as many examples as all others, whether these
are many images or few of them more often.
"""

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ... import distillation, models, training
from ...training import Batch, Loss
from ..engine.grid import Run, Study
from ..engine.rows import FLOAT
from ..engine.subsets import load_subset

SMOKE, SMOKE_EPOCHS = "mnist5k_500", 10  # to see in seconds that all runs
HIDDEN = (300, 100)  # of the teacher, as in LeNet300
SHIFT = 2  # pixels, of the teacher that knows more than the labels say
TEACHER_EXAMPLES = 400_000
STUDENT_EXAMPLES = 200_000
TEACHER_RATE, STUDENT_RATE = 0.003, 0.006  # the highest of the learning rate
OTHER_SEED = 1000  # added to a seed for the student's first weights
SMOOTHING = 0.1


@functools.lru_cache(maxsize=4)
def teach(
    dataset: str,
    seed: int,
    shift: int = SHIFT,
    widths: tuple[int, ...] = HIDDEN,
) -> nn.Module:
    """Train a teacher on the images that the students will see.

    shift : farthest, in pixels, that its training images are moved at random
    widths : of its hidden layers
    """
    return training.train(
        models.perceptron(*widths, seed=seed),
        load_subset(dataset),
        epochs=count_epochs(dataset, TEACHER_EXAMPLES),
        learning_rate=TEACHER_RATE,
        transform=training.random_shifts(shift) if shift else None,
        seed=seed,
        progress=False,
    ).model


def student_of(run: Run) -> nn.Module:
    """Build a student with one hidden layer, or as many as it names."""
    hidden = run.settings["hidden"]
    return models.perceptron(hidden, seed=OTHER_SEED + run.seed)


def lesson(run: Run, **more: Any) -> dict[str, Any]:
    """Return the arguments of `training.train` for a student."""
    shift = run.settings.get("shift", 0)
    return {
        "epochs": run.settings["epochs"],
        "learning_rate": STUDENT_RATE,
        "transform": training.random_shifts(shift) if shift else None,
        "seed": run.seed,
        "progress": False,
        **more,
    }


def learn_labels(run: Run) -> nn.Module:
    """Train a student on the labels alone: the control of all methods."""
    data = load_subset(run.dataset)
    return training.train(student_of(run), data, **lesson(run)).model


def learn_smoothed(run: Run) -> nn.Module:
    """Train a student on labels that give a tenth to all classes alike."""
    data = load_subset(run.dataset)
    loss = smoothed(SMOOTHING)
    return training.train(student_of(run), data, **lesson(run, loss=loss)).model


def smoothed(share: float) -> Loss:
    """Return the cross-entropy with smoothed labels.

    See [szegedy2016rethinking], section 7.
    """

    def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
        return functional.cross_entropy(
            model(batch.images),
            batch.labels,  # type: ignore[arg-type]  # these data sets have them
            label_smoothing=share,
        )

    return loss


def learn_soft(run: Run, teacher: nn.Module) -> nn.Module:
    """Distill a student, as the run's settings say."""
    options = {
        name: run.settings[name]
        for name in ("temperature", "weight", "others_weight")
        if name in run.settings
    }
    return distillation.distill(
        teacher,
        student_of(run),
        load_subset(run.dataset),
        **options,
        **lesson(run),
    ).model


def count_epochs(dataset: str, examples: int) -> int:
    """Return the passes over a data set's images that see so many examples."""
    if dataset == SMOKE:
        return SMOKE_EPOCHS
    return max(1, round(examples / len(load_subset(dataset).train)))


def total_epochs(run: Run) -> int:
    """Count the epochs of a run: its student's, or its teachers' own.

    A path's are those of all learners on the way.
    """
    if run.method in (FLOAT, "teacher"):
        members = run.settings.get("members", 1)
        return members * count_epochs(run.dataset, TEACHER_EXAMPLES)
    return run.settings["epochs"]


def study_of_students(
    *,
    images: int,
    student: Mapping[str, Any],
    shift: int = SHIFT,
    recipe: Mapping[str, Any] = MappingProxyType({}),
    constants: Mapping[str, Any] = MappingProxyType({}),
    **own: Any,
) -> Study:
    """Return a study whose students share a teacher by data set and seed.

    images : that the teacher is trained on
    shift : of these images; 0 for a teacher that sees them as they are
    student, recipe, constants : what the result says besides of the students,
        of the teacher, and of all
    own : the arguments of `Study` that no other study shares
    """
    teacher: dict[str, Any] = {"learning_rate": TEACHER_RATE}
    if shift:
        teacher["shift"] = shift
    return Study(
        margin=0.5,
        baseline=lambda run: teach(run.dataset, run.seed, shift),
        recipe={"epochs": TEACHER_EXAMPLES // images, **teacher, **recipe},
        constants={
            "teacher": {"examples": TEACHER_EXAMPLES, **teacher},
            "student": {**student, "learning_rate": STUDENT_RATE},
            **constants,
        },
        total_epochs=total_epochs,
        data=load_subset,
        together=lambda run: f"{run.dataset} {run.seed}",
        **own,
    )
