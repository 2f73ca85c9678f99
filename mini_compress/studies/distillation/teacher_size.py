"""Does a larger teacher teach a small student better?

Teachers of several sizes and students of several sizes, all of whom see the
same images as they are: no teacher knows anything but what the labels say.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ..engine.grid import Better, Run, cross
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


STUDY = classroom.study_of_students(
    name="teacher_size",
    summary="teachers and students of several sizes, each with each",
    grid=grid,
    run_seconds=lambda run: SECONDS,
    compress=compress,
    better=list_better(),
    controls=CONTROLS,
    images=FULL,
    shift=0,
    student={"examples": STUDENT_EXAMPLES},
    recipe={"hidden": "-".join(map(str, HIDDEN))},
)
