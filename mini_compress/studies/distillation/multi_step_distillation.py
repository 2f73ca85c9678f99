"""Does a student learn more from an assistant than from the teacher itself?

LeNet300 teaches students with one hidden layer of few neurons: directly, by
way of assistants of sizes in between, and in rounds. Whoever learns directly
also gets as many examples as all learners of a path together. Beside them
networks as large as the teacher, each born again from the one before.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ... import distillation, models, training
from ..engine.grid import Better, Run, cross
from ..engine.subsets import load_subset
from . import classroom
from .classroom import OTHER_SEED, STUDENT_EXAMPLES

SEEDS = 5
FULL = 5000  # training images
DATASETS = ("mnist", "fashion_mnist")
HIDDEN = (5, 10)
USUAL: dict[str, Any] = {"temperature": 4.0, "weight": 0.9}
# hidden widths between the teacher's 300 and the student's
ASSISTANTS = ("100", "30", "100-30", "100-50-30-20")
MOST_STEPS = 5
ROUNDS = (8.0, 4.0, 2.0)  # temperatures of a student that is taught again
GENERATIONS = (1, 2, 3)
CONTROLS = ("hard_labels", "direct", "dense_again")
SECONDS = 4.0  # of a step
SCORING_SECONDS = 0.2


def grid(smoke: bool) -> Sequence[Run]:
    """List for each seed the teacher, the paths, and the controls."""
    if smoke:
        settings = [*_students([5], 1), *_born_again(1)]
        return cross([("LeNet300", classroom.SMOKE)], [0], settings)
    epochs = STUDENT_EXAMPLES // FULL
    places = [("LeNet300", f"{dataset}_{FULL}") for dataset in DATASETS]
    settings = [*_students(HIDDEN, epochs), *_born_again(epochs)]
    return cross(places, range(SEEDS), settings)


def compress(teacher: nn.Module, run: Run) -> nn.Module:
    """Make the student of a run."""
    if run.method == "hard_labels":
        return classroom.learn_labels(run)
    if run.method == "direct":
        return classroom.learn_soft(run, teacher)
    if run.method == "refined":
        return refine(teacher, run)
    if run.method == "dense_again":
        return born_again(teacher, run, weight=0.0)
    if run.method == "born_again":
        return born_again(teacher, run, weight=run.settings["weight"])
    return follow_path(teacher, run)


def follow_path(teacher: nn.Module, run: Run) -> nn.Module:
    """Teach one assistant after the other, then the student."""
    widths = [int(x) for x in run.settings["assistants"].split("-")]
    seed = OTHER_SEED + run.seed
    learners = [models.perceptron(width, seed=seed) for width in widths]
    path = distillation.DistillationPath(
        [teacher, *learners, classroom.student_of(run)]
    )
    return path.distill(
        load_subset(run.dataset),
        **USUAL,
        **classroom.lesson(run, epochs=run.settings["epochs_each"]),
    ).model


def refine(teacher: nn.Module, run: Run) -> nn.Module:
    """Teach a student again and again, at ever lower temperatures."""
    student = classroom.student_of(run)
    lesson = classroom.lesson(run, epochs=run.settings["epochs_each"])
    for temperature in ROUNDS:
        student = distillation.distill(
            teacher,
            student,
            load_subset(run.dataset),
            temperature=temperature,
            weight=USUAL["weight"],
            **lesson,
        ).model
    return student


def born_again(teacher: nn.Module, run: Run, *, weight: float) -> nn.Module:
    """Teach a network of the teacher's size, and the next one by that.

    weight : 0 for the control: the last generation on the labels alone
    """
    data = load_subset(run.dataset)
    lesson = classroom.lesson(
        run, epochs=run.settings["epochs_each"], learning_rate=0.003
    )
    for generation in range(run.settings["generations"]):
        seed = (generation + 1) * OTHER_SEED + run.seed
        child = models.build("LeNet300", seed=seed)
        if weight:
            options = {"temperature": run.settings["temperature"]}
            teacher = distillation.distill(
                teacher, child, data, weight=weight, **options, **lesson
            ).model
        else:
            teacher = training.train(child, data, **lesson).model
    return teacher


def list_better() -> tuple[Better, ...]:
    """Claim that detours pay, and that a network learns from its like."""
    epochs = STUDENT_EXAMPLES // FULL
    labels = {"method": "hard_labels", "epochs": epochs}
    direct = {"method": "direct", "epochs": epochs}
    as_long = {"method": "direct", "epochs": 3 * epochs}
    path = {"method": "path", "assistants": "100-30"}
    rounds = {"method": "refined"}
    child = {"method": "born_again", "generations": 1}
    claims = []
    for dataset in DATASETS:
        place = {"dataset": f"{dataset}_{FULL}"}
        for hidden in HIDDEN:
            here = {**place, "hidden": hidden}
            for name, first, other, second in (
                ("direct", direct, "labels", labels),
                ("by 100 and 30", path, "direct", direct),
                ("by 100 and 30", path, "direct for as long", as_long),
                ("in three rounds", rounds, "direct for as long", as_long),
            ):
                where = f", {hidden} neurons, {dataset}"
                claims.append(
                    Better(
                        name + where,
                        other,
                        first=here | first,
                        second=here | second,
                    )
                )
        claims.append(
            Better(
                f"born again, {dataset}",
                "labels",
                first=place | child,
                second=place | {"method": "dense_again"},
            )
        )
    return tuple(claims)


def _students(hidden: Sequence[int], epochs: int) -> Iterator[Any]:
    """List the ways to one small student; `epochs` counts all learners'."""
    for width in hidden:
        for steps in range(1, MOST_STEPS + 1):
            if steps != MOST_STEPS - 1:
                student = {"hidden": width, "epochs": steps * epochs}
                yield "hard_labels", student
                yield "direct", {**student, **USUAL}
        for assistants in ASSISTANTS:
            steps = assistants.count("-") + 2
            yield (
                "path",
                {
                    "hidden": width,
                    "assistants": assistants,
                    "epochs": steps * epochs,
                    "epochs_each": epochs,
                },
            )
        yield (
            "refined",
            {
                "hidden": width,
                "epochs": len(ROUNDS) * epochs,
                "epochs_each": epochs,
            },
        )


def _born_again(epochs: int) -> Iterator[Any]:
    """List the generations, and one more network on the labels alone."""
    yield (
        "dense_again",
        {
            "generations": 1,
            "epochs": epochs,
            "epochs_each": epochs,
        },
    )
    for generations in GENERATIONS:
        yield (
            "born_again",
            {
                "generations": generations,
                "epochs": generations * epochs,
                "epochs_each": epochs,
                **USUAL,
            },
        )


STUDY = classroom.study_of_students(
    name="multi_step_distillation",
    summary="students taught directly, by assistants, and by their like",
    grid=grid,
    run_seconds=lambda run: (
        SCORING_SECONDS
        + SECONDS * run.settings.get("epochs", 0) * FULL / STUDENT_EXAMPLES
    ),
    compress=compress,
    better=list_better(),
    controls=CONTROLS,
    images=FULL,
    student={},
    constants={"refined_temperatures": list(ROUNDS)},
)
