"""Does a larger teacher teach a small student better?

Teachers of several sizes and students of several sizes, all of whom see the
same images as they are: no teacher knows anything but what the labels say.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ..engine.grid import Better, Run, Study, cross
from ..engine.rows import FLOAT
from ..engine.subsets import load_subset
from . import classroom
from .classroom import HIDDEN, STUDENT_EXAMPLES

SEEDS = 5
FULL = 5000  # training images
DATASETS = ("mnist", "fashion_mnist")
TEACHERS = ("20", "50", "100", "300-100", "1000-300")
STUDENTS = (5, 10, 30, 100)
USUAL = {"temperature": 4.0, "weight": 0.9}
CONTROLS = ("teacher", "hard_labels")
SECONDS = 3.5  # of a run


def grid(smoke: bool) -> Sequence[Run]:
    """List for each seed the teachers, and the students of each."""
    if smoke:
        settings = list(_settings(TEACHERS[:1], STUDENTS[:1], 1))
        return cross([("LeNet300", classroom.SMOKE)], [0], settings)
    settings = list(_settings(TEACHERS, STUDENTS, STUDENT_EXAMPLES // FULL))
    places = [("LeNet300", f"{dataset}_{FULL}") for dataset in DATASETS]
    return cross(places, range(SEEDS), settings)


def compress(_: nn.Module, run: Run) -> nn.Module:
    """Return a teacher, or make the student of one."""
    if run.method == "hard_labels":
        return classroom.learn_labels(run)
    widths = tuple(map(int, run.settings["taught_by"].split("-")))
    teacher = classroom.teach(run.dataset, run.seed, 0, widths)
    if run.method == "teacher":
        return teacher
    return classroom.learn_soft(run, teacher)


def plain_teacher(run: Run) -> nn.Module:
    """Return LeNet300, trained on the images as they are."""
    return classroom.teach(run.dataset, run.seed, 0)


def list_better() -> tuple[Better, ...]:
    """Claim that soft targets help, and that the gap can be too wide."""
    claims = []
    for dataset in DATASETS:
        for hidden in STUDENTS:
            place = {"dataset": f"{dataset}_{FULL}", "hidden": hidden}
            soft = {**place, "method": "distilled"}
            where = f", {hidden} neurons, {dataset}"
            claims += [
                Better(
                    f"taught by 300-100{where}",
                    "labels",
                    first={**soft, "taught_by": "300-100"},
                    second={**place, "method": "hard_labels"},
                ),
                Better(
                    f"taught by 50{where}",
                    "taught by 1000-300",
                    first={**soft, "taught_by": "50"},
                    second={**soft, "taught_by": "1000-300"},
                ),
            ]
    return tuple(claims)


def total_epochs(run: Run) -> int:
    """Count the student's own epochs, or the teacher's for its own row."""
    if run.method in (FLOAT, "teacher"):
        return classroom.count_epochs(run.dataset, classroom.TEACHER_EXAMPLES)
    return run.settings["epochs"]


def _settings(
    teachers: Sequence[str], students: Sequence[int], epochs: int
) -> Iterator[tuple[str, Any]]:
    """List the teachers, the students by themselves, and all pairs."""
    for hidden in students:
        yield "hard_labels", {"hidden": hidden, "epochs": epochs}
    for widths in teachers:
        yield "teacher", {"taught_by": widths}
        for hidden in students:
            yield (
                "distilled",
                {
                    "hidden": hidden,
                    "taught_by": widths,
                    "epochs": epochs,
                    **USUAL,
                },
            )


STUDY = Study(
    name="teacher_size",
    summary="teachers and students of several sizes, each with each",
    grid=grid,
    run_seconds=lambda run: SECONDS,
    compress=compress,
    margin=0.5,
    better=list_better(),
    controls=CONTROLS,
    constants={
        "teacher": {
            "examples": classroom.TEACHER_EXAMPLES,
            "learning_rate": classroom.TEACHER_RATE,
        },
        "student": {
            "examples": STUDENT_EXAMPLES,
            "learning_rate": classroom.STUDENT_RATE,
        },
    },
    baseline=plain_teacher,
    recipe={
        "epochs": classroom.TEACHER_EXAMPLES // FULL,
        "learning_rate": classroom.TEACHER_RATE,
        "hidden": "-".join(map(str, HIDDEN)),
    },
    total_epochs=total_epochs,
    data=load_subset,
    together=lambda run: f"{run.dataset} {run.seed}",
)
