"""Does it help a student to look where its teacher looks?

ConvNet and ResNet8 teach networks of the same kind with a fraction of their
channels, a vision transformer a narrower one. Soft targets alone are compared
with soft targets and one term more: maps of energy in both forms, features as
hints, and, of the transformer, its matrices of attention.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from ... import distillation, models, training
from ..engine.grid import Better, Run, Study, cross
from ..engine.rows import FLOAT
from ..engine.subsets import load_subset
from .classroom import OTHER_SEED

SEEDS = 5
DATASET = "fashion_mnist_5000"
EPOCHS = 40  # of teachers and of students
USUAL = {"temperature": 4.0, "weight": 0.9}
RECIPES: dict[str, dict[str, Any]] = {
    "ConvNet": {"learning_rate": 0.01, "weight_decay": 0.05},
    "ResNet8": {"learning_rate": 0.01, "weight_decay": 0.05},
    "VisionTransformer": {"learning_rate": 0.003, "weight_decay": 0.05},
}
WIDTHS = {"ConvNet": 0.25, "ResNet8": 0.25, "VisionTransformer": 0.5}
# where a group of layers ends, as the paper takes it
STAGES = {
    "ConvNet": ("features.5", "features.11"),
    "ResNet8": ("features.3", "features.4", "features.5"),
}
HINTED = {"ConvNet": "features.8", "ResNet8": "features.4"}  # the middle
SQUARES_WEIGHTS, NORM_WEIGHTS, HINT_WEIGHTS = (
    (100.0, 1000.0),
    (1.0, 10.0),
    (1.0,),
)
MATRIX_WEIGHTS = (1.0, 10.0)
SOFTMAXES = ("blocks.0.attention.softmax", "blocks.1.attention.softmax")
CONTROLS = ("hard_labels",)
# of a run on one thread
SECONDS = {"ConvNet": 40.0, "ResNet8": 50.0, "VisionTransformer": 60.0}


def grid(smoke: bool) -> Sequence[Run]:
    """List for each network and seed the teacher and its students."""
    if smoke:
        return [
            run
            for network in ("ConvNet", "VisionTransformer")
            for run in cross(
                [(network, "mnist5k_500")], [0], _settings(network, 1)
            )
        ]
    return [
        run
        for network in RECIPES
        for run in cross(
            [(network, DATASET)], range(SEEDS), _settings(network, EPOCHS)
        )
    ]


@functools.lru_cache(maxsize=2)
def teach(network: str, dataset: str, seed: int) -> nn.Module:
    """Train a teacher, once in each process."""
    return training.train(
        build(network, seed=seed),
        load_subset(dataset),
        epochs=EPOCHS if dataset == DATASET else 1,
        seed=seed,
        progress=False,
        **RECIPES[network],
    ).model


def build(network: str, *, seed: int, width: float = 1.0) -> nn.Module:
    """Build a teacher, or a student with a fraction of its channels."""
    if network == "VisionTransformer":
        return models.vision_transformer(width=round(48 * width), seed=seed)
    return models.build(network, width=width, seed=seed)


def compress(teacher: nn.Module, run: Run) -> nn.Module:
    """Make the student of a run."""
    student = build(
        run.network,
        seed=OTHER_SEED + run.seed,
        width=run.settings["width"],
    )
    lesson = {
        "epochs": run.settings["epochs"],
        "seed": run.seed,
        "progress": False,
        **RECIPES[run.network],
    }
    data = load_subset(run.dataset)
    if run.method == "hard_labels":
        return training.train(student, data, **lesson).model
    options = {name: run.settings[name] for name in ("temperature", "weight")}
    return distillation.distill(
        teacher, student, data, terms=terms_of(run), **options, **lesson
    ).model


def terms_of(run: Run) -> list[distillation.Term]:
    """Return what else of the teacher the run's student is to match."""
    if run.method == "distilled":
        return []
    weight = run.settings["term_weight"]
    if run.method == "hint":
        layer = HINTED[run.network]
        return [distillation.Hint({layer: layer}, weight=weight, seed=run.seed)]
    if run.method == "matrices":
        pairs = {name: name for name in SOFTMAXES}
        return [distillation.MatrixTransfer(pairs, weight=weight)]
    pairs = {name: name for name in STAGES[run.network]}
    form = run.settings["form"]
    return [distillation.AttentionTransfer(pairs, weight=weight, form=form)]


def list_better() -> tuple[Better, ...]:
    """Claim that each further term adds to soft targets."""
    claims = []
    for network in RECIPES:
        place = {"network": network}
        soft = {**place, "method": "distilled"}
        claims.append(
            Better(
                f"soft targets, {network}",
                "labels",
                first=soft,
                second={**place, "method": "hard_labels"},
            )
        )
        for method, settings in _terms(network):
            if settings["term_weight"] not in (1000.0, 1.0):
                continue
            words = {"attention": "maps", "hint": "hints"}.get(method, method)
            form = settings.get("form")
            claims.append(
                Better(
                    f"soft targets and {words}"
                    + f" ({form})" * bool(form)
                    + f", {network}",
                    "soft targets",
                    first={**place, "method": method, **settings},
                    second=soft,
                )
            )
    return tuple(claims)


def _terms(network: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the terms that a network is tried with, and their weights."""
    if network == "VisionTransformer":
        for weight in MATRIX_WEIGHTS:
            yield "matrices", {"term_weight": weight}
        return
    for form, weights in (("squares", SQUARES_WEIGHTS), ("norm", NORM_WEIGHTS)):
        for weight in weights:
            yield "attention", {"form": form, "term_weight": weight}
    for weight in HINT_WEIGHTS:
        yield "hint", {"term_weight": weight}


def _settings(network: str, epochs: int) -> Iterator[tuple[str, Any]]:
    """List the ways to teach a network's student."""
    student = {"width": WIDTHS[network], "epochs": epochs}
    yield "hard_labels", student
    yield "distilled", {**student, **USUAL}
    for method, settings in _terms(network):
        yield method, {**student, **USUAL, **settings}


STUDY = Study(
    name="attention_distillation",
    summary="soft targets, and where else students are to be alike",
    grid=grid,
    run_seconds=lambda run: SECONDS[run.network],
    compress=compress,
    margin=0.5,
    better=list_better(),
    controls=CONTROLS,
    constants={
        "recipes": RECIPES,
        "stages": STAGES,
        "hinted": HINTED,
        "softmaxes": SOFTMAXES,
    },
    baseline=lambda run: teach(run.network, run.dataset, run.seed),
    recipe={"epochs": EPOCHS},
    total_epochs=lambda run: (
        EPOCHS if run.method == FLOAT else run.settings["epochs"]
    ),
    data=load_subset,
    together=lambda run: f"{run.network} {run.seed}",
)
