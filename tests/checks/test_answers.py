"""Every check accepts right answers and rejects the wrong ones that are known.

The book's solutions are read from the chapters, the others from answers/.
"""

import importlib
import inspect
import re
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
from make_lessons import ROOT, find_chapters

from mini_compress.checks import CheckFailed
from mini_compress.exercises import Exercise, find_exercises, find_imports
from tests.checks.answers import RIGHT, WRONG

CHAPTERS = list(find_chapters())
SOURCES = {
    chapter: (ROOT / "book" / f"{chapter}.md").read_text()
    for chapter in CHAPTERS
}
MODULES = {
    chapter: importlib.import_module(f"mini_compress.checks.{chapter}")
    for chapter in CHAPTERS
}
for _chapter in CHAPTERS:
    importlib.import_module(f"tests.checks.answers.{_chapter}")


def name_of(check: Callable) -> str:
    """Name a check by its chapter, for two may bear one name."""
    return f"{check.__module__.rpartition('.')[2]}.{check.__name__}"


def checks_of(module: ModuleType) -> list[Callable]:
    """Return the public functions that a module defines."""
    return [
        value
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]


# These judge a whole network, which takes seconds.
OF_NETWORKS = {
    "distilled_student",
    "fit_the_link",
    "fit_the_meter",
    "fit_the_pen",
    "small_first_layer",
    "small_lenet300",
    "small_lenet5",
    "small_model",
    "small_recipe",
    "sparse_model",
}
CHECKS = [check for module in MODULES.values() for check in checks_of(module)]


def find_answers() -> dict[Callable, tuple[str, Exercise]]:
    """Return check -> chapter, and the exercise that it checks."""
    found = {}
    for chapter, source in SOURCES.items():
        for exercise in find_exercises(source):
            check = getattr(MODULES[chapter], exercise.check)
            assert check not in found, f"{check} checks two exercises"
            found[check] = chapter, exercise
    return found


ANSWERS = find_answers()


def define(chapter: str, code: str, function: str):
    """Run the chapter's imports and then some code; return a function."""
    names: dict = {}
    exec("\n".join([*find_imports(SOURCES[chapter]), code]), names)
    return names[function]


def define_solution(check: Callable):
    """Return the function in the book's solution."""
    chapter, exercise = ANSWERS[check]
    return define(chapter, exercise.solution, exercise.function)


def passed_by(check: Callable, capsys) -> list[str]:
    """Return the properties that the book's solution has."""
    check(define_solution(check))
    lines = capsys.readouterr().out.splitlines()
    return [
        line.removeprefix("passed: ")
        for line in lines
        if line.startswith("passed: ")
    ]


def test_every_check_belongs_to_an_exercise_and_has_answers():
    assert set(CHECKS) == set(ANSWERS)
    assert set(CHECKS) == {check for check, _ in RIGHT}
    assert set(CHECKS) == {check for check, *_ in WRONG}


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_solutions_pass_and_every_property_rejects_something(check, capsys):
    lacking = {lacks for one, _, lacks in WRONG if one is check}
    properties = passed_by(check, capsys)
    assert len(properties) == len(set(properties)) >= 3
    assert set(properties) == lacking


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_stubs_are_not_written_yet(check):
    chapter, exercise = ANSWERS[check]
    stub = define(chapter, exercise.stub, exercise.function)
    says = f"{exercise.function} is not written yet"
    with pytest.raises(CheckFailed, match=says):
        check(stub)


@pytest.mark.parametrize(
    ("check", "answer"), RIGHT, ids=lambda one: one.__name__
)
def test_other_right_answers_pass(check, answer, capsys):
    check(answer)
    captured = capsys.readouterr()
    assert "failed" not in captured.out
    assert not captured.err


@pytest.mark.parametrize(
    ("check", "answer", "lacks"),
    WRONG,
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_wrong_answers_are_rejected_for_the_right_reason(check, answer, lacks):
    with pytest.raises(CheckFailed) as caught:
        check(answer)
    message = str(caught.value)
    assert message.startswith(f"failed: {lacks}\n")
    assert re.search(rf"^  answer +{answer.__name__}$", message, re.M)
    assert re.search(r"^  expected +\S", message, re.M)
    assert re.search(r"^  got +\S", message, re.M)


def remake(result, convert):
    """Return a result with every array in it converted."""
    if isinstance(result, list | tuple):
        return [remake(one, convert) for one in result]
    if isinstance(result, dict):
        return {key: remake(one, convert) for key, one in result.items()}
    return convert(result) if np.ndim(result) else result


def mask_all(result):
    """Return a result with every number in it masked."""
    if isinstance(result, list | tuple):
        return [mask_all(one) for one in result]
    if isinstance(result, dict):
        return {key: mask_all(one) for key, one in result.items()}
    if isinstance(result, np.ndarray):
        return np.ma.masked_all_like(result)
    return np.ma.masked


SMALL_CHECKS = [x for x in CHECKS if x.__name__ not in OF_NETWORKS]


@pytest.mark.parametrize(
    "convert", [torch.from_numpy, np.ndarray.tolist], ids=["tensor", "list"]
)
@pytest.mark.parametrize("check", SMALL_CHECKS, ids=name_of)
def test_tensors_and_lists_count_as_arrays(check, convert):
    solution = define_solution(check)

    def plain_arrays(x):
        return convert(x) if isinstance(x, np.ndarray) else x

    check(lambda *arguments: remake(solution(*arguments), plain_arrays))


@pytest.mark.filterwarnings("ignore:.*masked element")
@pytest.mark.parametrize("check", SMALL_CHECKS, ids=name_of)
def test_masked_results_are_refused(check):
    solution = define_solution(check)
    with pytest.raises(CheckFailed, match=r"^failed: "):
        check(lambda *arguments: mask_all(solution(*arguments)))


def give_a_list(*arguments):
    return [1, 2, 3]


def give_text(*arguments):
    return "42"


def give_infinity(*arguments):
    return float("inf")


# the other odd ones are those of test_attempt: no check sees them itself
ODD = [give_a_list, give_text, give_infinity]


@pytest.mark.parametrize("answer", ODD)
@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_odd_answers_are_refused_politely(check, answer):
    with pytest.raises(CheckFailed, match=r"^failed: "):
        check(answer)
