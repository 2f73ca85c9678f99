"""Hinton's digits: what does the small network learn from the large one?

As in the paper, a teacher 784-1200-1200-10 with dropout learns from images
that are shifted at random, a student 784-800-800-10 without dropout from
images as they are, on labels and on soft targets. What the paper does not
report: the student on labels of shifted images, with dropout or without it.
The study takes minutes with a GPU, and more than an hour without one.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from ... import distillation, models, training
from ..engine.grid import Run, Study, cross
from ..engine.rows import FLOAT
from ..engine.subsets import load_subset
from .classroom import OTHER_SEED, SHIFT

SEEDS = 3
TEACHER, STUDENT = (1200, 1200), (800, 800)
DROPOUT = {"dropout": 0.5, "input_dropout": 0.2}
TEACHER_EPOCHS, STUDENT_EPOCHS = 100, 60
LEARNING_RATE = 0.001
TEMPERATURE, WEIGHT = 20.0, 0.9
CONTROLS = ("hard_labels",)
EPOCH_SECONDS = 12.0  # of a teacher's, on one thread of a processor


def grid(smoke: bool) -> Sequence[Run]:
    """List for each seed the teacher, and the students."""
    if smoke:
        settings = list(_settings(1))
        return cross([("784-1200-1200-10", "mnist5k_500")], [0], settings)
    settings = list(_settings(STUDENT_EPOCHS))
    return cross([("784-1200-1200-10", "mnist")], range(SEEDS), settings)


@functools.lru_cache(maxsize=1)
def teach(dataset: str, seed: int) -> nn.Module:
    """Train a teacher, once in each process."""
    epochs = TEACHER_EPOCHS if dataset == "mnist" else 1
    teacher = models.perceptron(*TEACHER, seed=seed, **DROPOUT)
    return _train(teacher, dataset, seed, SHIFT, epochs)


def compress(teacher: nn.Module, run: Run) -> nn.Module:
    """Make the student of a run."""
    settings = run.settings
    student = models.perceptron(
        *STUDENT,
        seed=OTHER_SEED + run.seed,
        **(DROPOUT if settings["dropout"] else {}),
    )
    loss: training.Loss = training.cross_entropy
    if run.method == "distilled":
        loss = distillation.DistillationLoss(
            teacher.to(device()), temperature=TEMPERATURE, weight=WEIGHT
        )
    return _train(
        student,
        run.dataset,
        run.seed,
        settings["shift"],
        settings["epochs"],
        loss,
    )


def device() -> torch.device:
    """Return a GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _train(
    model: nn.Module,
    dataset: str,
    seed: int,
    shift: int,
    epochs: int,
    loss: training.Loss = training.cross_entropy,
) -> nn.Module:
    """Train a network where it is fast; return it on the processor."""
    return training.train(
        model.to(device()),
        load_subset(dataset),
        epochs=epochs,
        learning_rate=LEARNING_RATE,
        transform=training.random_shifts(shift) if shift else None,
        seed=seed,
        progress=False,
        loss=loss,
    ).model.cpu()


def _settings(epochs: int) -> Iterator[tuple[str, Any]]:
    """List the students: those of the paper, then the paper's missing ones."""
    for shift, dropout in ((0, 0), (SHIFT, 0), (SHIFT, 1)):
        yield (
            "hard_labels",
            {
                "shift": shift,
                "dropout": dropout,
                "epochs": epochs,
            },
        )
    for shift in (0, SHIFT):
        yield (
            "distilled",
            {
                "shift": shift,
                "dropout": 0,
                "epochs": epochs,
                "temperature": TEMPERATURE,
                "weight": WEIGHT,
            },
        )


STUDY = Study(
    name="hinton",
    summary="the digits of Hinton and others, with what they left out",
    grid=grid,
    run_seconds=lambda run: (
        (TEACHER_EPOCHS if run.method == FLOAT else STUDENT_EPOCHS / 2)
        * EPOCH_SECONDS
    ),
    compress=compress,
    margin=0.5,
    claims=lambda run: run.method == "distilled",
    controls=CONTROLS,
    constants={
        "teacher": {**DROPOUT, "learning_rate": LEARNING_RATE},
        "student": {"learning_rate": LEARNING_RATE},
        "device": device().type,
    },
    baseline=lambda run: teach(run.dataset, run.seed),
    recipe={
        "epochs": TEACHER_EPOCHS,
        "learning_rate": LEARNING_RATE,
        "shift": SHIFT,
        **DROPOUT,
    },
    total_epochs=lambda run: (
        TEACHER_EPOCHS if run.method == FLOAT else run.settings["epochs"]
    ),
    data=load_subset,
    together=lambda run: str(run.seed),
)
