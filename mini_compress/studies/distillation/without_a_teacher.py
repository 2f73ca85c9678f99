"""What if the teacher is expensive, or gone, or there are no labels?

A student with 100 hidden neurons learns from LeNet300's answers to pictures
that nobody has labeled: other digits, clothes, noise, and digits that were
taken apart. Or the answers were written down in a few bytes. Or the teacher is
an ensemble, or a network as small as the student.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from ... import distillation, models, training
from ...datasets import Dataset
from ...distillation.teachers import Teacher
from ...kernels.soft_targets import softmax
from ..engine.grid import Better, Run, cross
from ..engine.subsets import load_subset
from . import classroom
from .classroom import OTHER_SEED
from .transfer_sets import PICTURES, transfer_set, with_more

SEEDS = 5
LABELED = 5000  # training images of the teacher, and of the labels' control
DATASET = f"mnist_{LABELED}"
HIDDEN = 100
EXAMPLES = 300_000  # that every student sees
TEMPERATURE = 4.0
COUNTS = (1000, 5000, 20_000)
MOST = COUNTS[-1]
CACHES = [  # classes kept, bits of a code; None: all ten in float32
    (None, None),
    (None, 8),
    (None, 4),
    (None, 2),
    (3, 8),
    (3, 4),
    (2, 4),
    (1, 4),
]
MEMBERS = (3, 5)  # of an ensemble
CONTROLS = ("teacher", "hard_labels")
SECONDS = 7.0


def grid(smoke: bool) -> Sequence[Run]:
    """List for each seed the teacher, the students, and the controls."""
    if smoke:
        settings = list(_settings((200,), ("digits", "noise"), CACHES[-2:], 1))
        return cross([("LeNet300", classroom.SMOKE)], [0], settings)
    settings = list(_settings(COUNTS, PICTURES, CACHES, EXAMPLES))
    return cross([("LeNet300", DATASET)], range(SEEDS), settings)


def compress(teacher: nn.Module, run: Run) -> nn.Module:
    """Make the student of a run, or the ensemble of its teachers."""
    if run.method == "teacher":
        return ensemble(run)
    student = models.perceptron(HIDDEN, seed=OTHER_SEED + run.seed)
    lesson = classroom.lesson(run)
    if run.method == "hard_labels":
        data = load_subset(run.dataset)
        return training.train(student, data, **lesson).model
    if run.method == "labels_of_all":
        data = with_more(run, labels=True)
        return training.train(student, data, **lesson).model
    asked, data = class_of(teacher, run)
    return distillation.distill(
        asked,
        student,
        data,
        temperature=run.settings["temperature"],
        weight=run.settings["weight"],
        **lesson,
    ).model


def class_of(teacher: nn.Module, run: Run) -> tuple[Teacher, Dataset]:
    """Return who answers the student of a run, and about which pictures."""
    data = load_subset(run.dataset)
    if run.method == "ensemble":
        return ensemble(run), data
    if run.method == "self":
        like = models.perceptron(HIDDEN, seed=2 * OTHER_SEED + run.seed)
        return training.train(like, data, **classroom.lesson(run)).model, data
    if run.method == "transfer":
        return teacher, transfer_set(run)
    data = with_more(run, labels=False)
    return remember(teacher, data, run), data


def remember(
    teacher: nn.Module, data: Dataset, run: Run
) -> distillation.CachedLogits:
    """Write down what the teacher says, in as many bytes as the run says."""
    if run.method == "rounded_probabilities":
        return round_probabilities(teacher, data)
    settings = run.settings
    return distillation.cache_logits(
        teacher, data.train, top=settings["top"], bits=settings["bits"]
    )


def round_probabilities(
    teacher: nn.Module, data: Dataset
) -> distillation.CachedLogits:
    """Keep 8 bits of each probability at temperature 1, instead of logits.

    A probability that is rounded to 0 is taken as half of the smallest one.
    """
    exact = distillation.cache_logits(teacher, data.train)
    codes = np.rint(255 * softmax(exact.logits.numpy()))
    kept = torch.from_numpy(np.log(np.maximum(codes, 0.5) / 255))
    return distillation.CachedLogits(kept.float(), None, exact.sha256)


def ensemble(run: Run) -> nn.Module:
    """Return teachers of other seeds that vote."""
    seeds = range(run.settings["members"])
    return distillation.Ensemble(
        [classroom.teach(run.dataset, 100 * run.seed + i, 0) for i in seeds]
    )


def list_better() -> tuple[Better, ...]:
    """Claim what is worth the teacher's answers."""
    labels = {"method": "hard_labels"}
    digits = {"method": "transfer", "pictures": "digits", "count": MOST}
    cached = {"method": "cached", "top": None, "bits": 8}
    return (
        Better(
            "answers to 20,000 digits without labels",
            "5,000 labels",
            first=digits,
            second=labels,
        ),
        Better(
            "logits in 8 bits",
            "probabilities in 8 bits",
            first=cached,
            second={"method": "rounded_probabilities"},
        ),
        Better(
            "taught by its like",
            "labels",
            first={"method": "self"},
            second=labels,
        ),
        Better(
            "taught by five",
            "taught by one of them",
            first={"method": "ensemble", "members": MEMBERS[-1]},
            second={"method": "ensemble", "members": 1},
        ),
    )


def _settings(
    counts: Sequence[int],
    pictures: Sequence[str],
    caches: Sequence[tuple[int | None, int | None]],
    examples: int,
) -> Iterator[tuple[str, Any]]:
    """List the ways to teach; a student sees `examples`, one pass at least."""
    soft = {"temperature": TEMPERATURE, "weight": 1.0}
    both = {"temperature": TEMPERATURE, "weight": 0.9}
    few = {"epochs": max(1, examples // LABELED)}
    most = max(counts)
    many = {"count": most, "epochs": max(1, examples // most)}
    yield "hard_labels", few
    yield "labels_of_all", many
    yield "self", {**few, **both}
    for members in (1, *MEMBERS) if most == MOST else (2,):
        yield "teacher", {"members": members}
        yield "ensemble", {"members": members, **few, **both}
    for kind in pictures:
        for count in counts:
            epochs = max(1, examples // count)
            yield (
                "transfer",
                {
                    "pictures": kind,
                    "count": count,
                    "epochs": epochs,
                    **soft,
                },
            )
    for top, bits in caches:
        yield "cached", {"top": top, "bits": bits, **many, **soft}
    yield "rounded_probabilities", {**many, **soft, "temperature": 1.0}


STUDY = classroom.study_of_students(
    name="without_a_teacher",
    summary="students of written answers, other pictures, many teachers",
    grid=grid,
    run_seconds=lambda run: SECONDS,
    compress=compress,
    better=list_better(),
    controls=CONTROLS,
    images=LABELED,
    student={"hidden": HIDDEN, "examples": EXAMPLES},
)
