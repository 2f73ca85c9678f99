"""Whether a recipe can be followed: answered before any work."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import nn

from .._inference import HasModel, device_of, network_of, require_module
from .._require import require_one_of
from ..datasets import Dataset
from ..training import require_unseen
from .forms import MEANINGS, NORMS, UNFOLDED, forms_of
from .kinds import Kind
from .recipes import Recipe, asks_teacher
from .steps import STEPS


def require_possible(
    recipe: Recipe,
    model: nn.Module,
    data: Dataset,
    teacher: nn.Module | HasModel | None = None,
) -> None:
    """Refuse a recipe that cannot be followed, with the step and the reason.

    Looked at are the names of steps and layers, the settings, the order, and
    whether labels and a teacher are there for who needs them.

    >>> from mini_compress import datasets, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> from mini_compress.pipeline import Recipe, Step
    >>> steps = [Step("quantize_weights"), Step("prune_weights", sparsity=0.5)]
    >>> require_possible(Recipe("late", steps), net, data)
    Traceback (most recent call last):
    ValueError: step 2 (prune_weights) of 'late' works on float weights or \
factored layers, and step 1 (quantize_weights) leaves integer codes for \
weights: put it before step 1
    """
    if not isinstance(recipe, Recipe):
        got = type(recipe).__name__
        raise TypeError(f"recipe must be a Recipe, got {got}")
    require_module("model", model)
    _require_cpu("model", model)
    _require_data(model, data)
    for number, step in enumerate(recipe.steps, start=1):
        require_one_of(f"step {number} of {recipe.name!r}", step.name, STEPS)
        with naming(recipe, number):
            kind = STEPS[step.name]
            kind.require_settings(step.settings)
            _require_layers(model, step.settings)
            _require_given(kind, step.settings, data, teacher)
    _require_order(recipe, forms_of(model))


def place(recipe: Recipe, number: int) -> str:
    """Name a step in error messages, by its number from 1."""
    step = recipe.steps[number - 1]
    return f"step {number} ({step.name}) of {recipe.name!r}"


@contextmanager
def naming(recipe: Recipe, number: int) -> Iterator[None]:
    """Say in an error which step it comes from."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{place(recipe, number)}: {error}") from error


def _require_cpu(name: str, model: nn.Module) -> None:
    """Refuse networks elsewhere: files and integer codes are of the CPU."""
    if (device := device_of(model)).type != "cpu":
        raise ValueError(f"{name} must be on the CPU, got {device}")


def _require_data(model: nn.Module, data: Dataset) -> None:
    if not isinstance(data, Dataset):
        raise TypeError(f"data must be a Dataset, got {type(data).__name__}")
    if data.validation.labels is None:
        raise ValueError(
            "data.validation must have labels, by which steps are scored, "
            "got none"
        )
    require_unseen(model, data.validation)


def _require_layers(model: nn.Module, settings: Mapping[str, Any]) -> None:
    """Refuse names that are neither of layers nor of parts of layers.

    Parts may come with a step: those of a factored layer have its name and
    one of their own.
    """
    known = {name for name, _ in model.named_modules()}
    layers = {
        name
        for name, module in model.named_modules()
        if any(True for _ in module.parameters(recurse=False))
    }
    tables = (settings.get(x) for x in ("layers", "ranks", "bits"))
    named = [name for x in tables if isinstance(x, list | dict) for name in x]
    for name in named:
        parts = name.split(".")
        wholes = {".".join(parts[:n]) for n in range(1, len(parts))}
        if not wholes & layers:
            require_one_of("layers' names", name, sorted(known - {""}))


def _require_given(
    kind: Kind,
    settings: Mapping[str, Any],
    data: Dataset,
    teacher: nn.Module | HasModel | None,
) -> None:
    if kind.labels(settings) and data.train.labels is None:
        raise ValueError(
            "data.train must have labels, which the step learns from, got none"
        )
    if settings.get("teacher") == "given" and teacher is None:
        raise ValueError("teacher must be given to learn from, got none")


def require_teacher_used(
    recipes: Sequence[Recipe], teacher: nn.Module | HasModel | None
) -> None:
    """Refuse a teacher that no step would ask: it was forgotten."""
    if teacher is None:
        return
    _require_cpu("teacher", network_of(teacher))
    steps = [step for recipe in recipes for step in recipe.steps]
    if not asks_teacher(steps):
        raise ValueError(
            "teacher must be asked by a step that distills with "
            f'teacher="given", got none in {recipes[0].name!r}'
            + " and the others"
            * (len(recipes) > 1)
        )


def _require_order(recipe: Recipe, forms: frozenset[str]) -> None:
    """Follow the forms that the steps leave; each must fit the next step."""
    if not forms:
        raise ValueError("model must have a weight with two axes, got none")
    makers = dict.fromkeys(forms, 0)  # form -> number of the step, 0: none
    for number, step in enumerate(recipe.steps, start=1):
        kind = STEPS[step.name]
        wrong = forms & kind.bars
        if not forms & kind.on:
            wrong = forms - {NORMS, UNFOLDED}
        if wrong:
            last = max(wrong, key=lambda form: (makers[form], form))
            raise ValueError(_reason(recipe, number, last, makers[last]))
        forms = kind.after(forms, step.settings)
        makers |= dict.fromkeys(forms - makers.keys(), number)
        if kind.makes:
            makers[kind.makes] = number


def _reason(recipe: Recipe, number: int, form: str, maker: int) -> str:
    """Say why a step cannot work on a form, and what can be done."""
    kind = STEPS[recipe.steps[number - 1].name]
    works = " or ".join(MEANINGS[x] for x in MEANINGS if x in kind.on)
    found = MEANINGS[form]
    if not maker:
        return f"{place(recipe, number)} works on {works}, got {found}"
    name = recipe.steps[maker - 1].name
    what = "fold_batchnorm" if form == UNFOLDED else "it"
    return (
        f"{place(recipe, number)} works on {works}, and step {maker} ({name}) "
        f"leaves {found}: put {what} before step {maker}"
    )
