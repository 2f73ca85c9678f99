"""What do soft targets give a small student, and how hot should they be?

LeNet300, the teacher, learns from few images, which are shifted at random; its
students have one hidden layer and learn from the same images. Beside them:
students of a teacher that saw no shifts, students on the labels alone, on
smoothed labels, and on shifted images. All students see as many examples.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ..engine.grid import Better, Run, cross
from . import classroom
from .classroom import SHIFT, STUDENT_EXAMPLES

SEEDS = 5
TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 16.0)
WEIGHTS = (0.3, 0.6, 0.9, 1.0)
USUAL = {"temperature": 4.0, "weight": 0.9}
HIDDEN = (10, 30, 100, 300)
SMALL = 30  # whose temperature and weight are varied
OTHERS_WEIGHTS = (1.0, 2.0, 4.0, 8.0)
FULL, FEWER = 5000, (1000, 2000)  # training images
DATASETS = ("mnist", "fashion_mnist")
CONTROLS = ("teacher", "hard_labels", "smoothed_labels")
SECONDS = 4.0  # of a run


def grid(smoke: bool) -> Sequence[Run]:
    """List for each seed the teacher, the students, and the controls."""
    if smoke:
        settings = [*_sizes([10], 1), *_decoupled(1)]
        return cross([("LeNet300", classroom.SMOKE)], range(2), settings)
    runs: list[Run] = []
    for dataset in DATASETS:
        for count in (FULL, *FEWER):
            epochs = STUDENT_EXAMPLES // count
            settings = list(
                _sizes(HIDDEN if count == FULL else [SMALL], epochs)
            )
            if count == FULL:
                settings += [*_hot(epochs), *_decoupled(epochs)]
            place = ("LeNet300", f"{dataset}_{count}")
            runs += cross([place], range(SEEDS), settings)
    return runs


def compress(teacher: nn.Module, run: Run) -> nn.Module:
    """Make the student of a run."""
    if run.method == "teacher":
        return classroom.teach(run.dataset, run.seed, run.settings["taught"])
    if run.method == "hard_labels":
        return classroom.learn_labels(run)
    if run.method == "smoothed_labels":
        return classroom.learn_smoothed(run)
    if run.settings["taught"] != SHIFT:
        teacher = classroom.teach(run.dataset, run.seed, run.settings["taught"])
    return classroom.learn_soft(run, teacher)


def is_claimed(run: Run) -> bool:
    """Tell whether a run is of a claim: as good as the teacher, but for 0.5 pp.

    The two larger students, taught in the usual way on the most images.
    """
    return (
        run.method == "distilled"
        and run.settings["hidden"] >= 100
        and run.settings["taught"] == SHIFT
        and run.settings["shift"] == SHIFT
        and run.settings["epochs"] == STUDENT_EXAMPLES // FULL
    )


def list_better() -> tuple[Better, ...]:
    """Claim that soft targets teach more than labels, in whatever form."""
    claims = []
    for dataset in DATASETS:
        for count in (FULL, *FEWER):
            place = {"dataset": f"{dataset}_{count}", "hidden": SMALL}
            where = f", {count:,} images of {dataset}"
            plain = {**place, "shift": 0}
            soft = {"method": "distilled", **USUAL, "taught": SHIFT}
            from_plain = {**soft, "taught": 0}
            hard, smooth = (
                {"method": "hard_labels"},
                {"method": "smoothed_labels"},
            )
            for name, first, other, second in (
                ("distilled", soft | plain, "labels", hard | plain),
                ("distilled", soft | plain, "smoothed labels", smooth | plain),
                (
                    "distilled",
                    soft | plain,
                    "labels of shifted images",
                    hard | place | {"shift": SHIFT},
                ),
                (
                    "distilled on shifted images",
                    soft | place | {"shift": SHIFT},
                    "labels of shifted images",
                    hard | place | {"shift": SHIFT},
                ),
                (
                    "distilled from a teacher without shifts",
                    from_plain | plain,
                    "labels",
                    hard | plain,
                ),
            ):
                claims.append(
                    Better(name + where, other, first=first, second=second)
                )
    return tuple(claims)


def _sizes(hidden: Sequence[int], epochs: int) -> Iterator[Any]:
    """List the ways to teach, for each size of student."""
    yield "teacher", {"taught": 0}
    for width in hidden:
        student = {"hidden": width, "epochs": epochs}
        for shift in (0, SHIFT):
            yield "hard_labels", {**student, "shift": shift}
        yield "smoothed_labels", {**student, "shift": 0}
        for taught, shift in ((0, 0), (SHIFT, 0), (SHIFT, SHIFT)):
            yield (
                "distilled",
                {
                    **student,
                    **USUAL,
                    "taught": taught,
                    "shift": shift,
                },
            )


def _hot(epochs: int) -> Iterator[Any]:
    """List temperatures and weights but the usual ones, which are there."""
    for temperature in TEMPERATURES:
        for weight in WEIGHTS:
            chosen = {"temperature": temperature, "weight": weight}
            if chosen != USUAL:
                yield (
                    "distilled",
                    {
                        "hidden": SMALL,
                        "epochs": epochs,
                        **chosen,
                        "taught": SHIFT,
                        "shift": 0,
                    },
                )


def _decoupled(epochs: int) -> Iterator[Any]:
    """List the weights of the other classes in the decoupled loss."""
    for others_weight in OTHERS_WEIGHTS:
        yield (
            "decoupled",
            {
                "hidden": SMALL,
                "epochs": epochs,
                **USUAL,
                "others_weight": others_weight,
                "taught": SHIFT,
                "shift": 0,
            },
        )


STUDY = classroom.study_of_students(
    name="distillation",
    summary="small students on soft targets and on labels",
    grid=grid,
    run_seconds=lambda run: SECONDS,
    compress=compress,
    claims=is_claimed,
    better=list_better(),
    controls=CONTROLS,
    images=FULL,
    student={"examples": STUDENT_EXAMPLES},
    constants={"smoothing": classroom.SMOOTHING},
)
