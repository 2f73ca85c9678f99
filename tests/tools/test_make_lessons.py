"""The lessons: in step with the chapters, and without answers.

nbval runs them, see tools/fill_lessons.py.
"""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions, requires

import nbformat
import pytest
from make_lessons import (
    LESSONS,
    ROOT,
    Lesson,
    find_chapters,
    given_to_others,
    make_lessons,
    names_in,
)
from nbformat.v4 import new_code_cell, new_notebook
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from plain_markdown import Names

from mini_compress.exercises import ANSWER, CHECK

pytestmark = pytest.mark.xdist_group("lessons")  # made once
CHAPTERS = find_chapters()
NO_NAMES = Names(ROOT / "book", {"one": "Exercise 1"}, {}, {})
PROSE = re.compile(
    r"^`{3}\{solution-start\}.*?^`{3}\{solution-end\}"
    r"|^:{3}\{solution\}.*?^:::$",
    re.MULTILINE | re.DOTALL,
)
CODE = re.compile(r"^`{3}\{code-cell.*?^`{3}$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def lessons() -> dict[str, nbformat.NotebookNode]:
    return {
        path.stem: nbformat.read(path, as_version=4)
        for path in LESSONS.glob("*.ipynb")
    }


@pytest.fixture(scope="module")
def solved() -> dict[str, nbformat.NotebookNode]:
    return {
        name: nbformat.reads(text, as_version=4)
        for name, text in make_lessons(solved=True).items()
    }


def test_lessons_are_in_step_with_the_chapters():
    written = {path.stem: path.read_text() for path in LESSONS.glob("*.ipynb")}
    assert written == make_lessons(), "run `make lessons`"


def test_lessons_hold_no_outputs(lessons):
    for lesson in lessons.values():
        for cell in lesson.cells:
            if cell.cell_type == "code":
                assert not cell.outputs
                assert cell.execution_count is None


@pytest.mark.parametrize("name", CHAPTERS)
def test_lessons_hold_no_answers(name, lessons):
    """Not a line of a solution, unless the chapter has it elsewhere too."""
    page = (ROOT / "book" / f"{name}.md").read_text()
    answers = [found[0] for found in ANSWER.finditer(page)]
    answers += [CODE.sub("", text) for text in PROSE.findall(page)]
    elsewhere = PROSE.sub("", page)
    lines = [
        line.strip()
        for answer in answers
        for line in answer.split("\n")
        if not line.strip().startswith((":", "`", "#")) and "{" not in line
    ]
    told = [x for x in lines if len(x) > 20 and x not in elsewhere]
    lesson = "\n".join(cell.source for cell in lessons[name].cells)
    assert len(told) >= 3
    assert not [line for line in told if line in lesson]
    assert "SOLUTION" not in lesson


@pytest.mark.parametrize("name", CHAPTERS)
def test_exercises_open_with_stubs_and_carry_nbgraders_marks(
    name, lessons, solved
):
    marks = {}
    for cell in lessons[name].cells:
        if "nbgrader" in cell.metadata:
            assert cell.id == cell.metadata.nbgrader.grade_id
            marks[cell.id] = cell.metadata.nbgrader
        if CHECK.fullmatch(cell.source):
            assert "raises-exception" in cell.metadata.tags
            assert marks[cell.id].locked
            assert marks[cell.id].points == 1
    answers = {
        cell.id: cell
        for cell in solved[name].cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    assert len(answers) >= 3
    for cell in lessons[name].cells:
        answer = answers.get(cell.id)
        if answer and cell.cell_type == "code":
            assert "raise NotImplementedError  # write this" in cell.source
            assert f"{cell.id}-check" in marks
            assert ANSWER.search(answer.source)
        elif answer:
            assert cell.source != answer.source
            assert marks[cell.id].points == 1


def with_dependencies(names: list[str]) -> set[str]:
    """Return what pip would install for these distributions."""
    found: set[str] = set()
    waiting = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for line in requires(name) or []:
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is None or marker.evaluate({"extra": ""}):
                waiting.append(canonicalize_name(requirement.name))
    return found


def test_lessons_need_no_more_than_the_extra_lab(lessons):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lab = [*project["dependencies"], *project["optional-dependencies"]["lab"]]
    brought = with_dependencies([Requirement(line).name for line in lab])
    brought.add("mini-compress")
    distributions = packages_distributions()
    for name, lesson in lessons.items():
        code = "\n".join(
            cell.source for cell in lesson.cells if cell.cell_type == "code"
        )
        modules = re.findall(r"^ *(?:import|from) (\w+)", code, re.MULTILINE)
        for module in set(modules) - sys.stdlib_module_names:
            sources = set(map(canonicalize_name, distributions[module]))
            assert sources & brought, f"{name} imports {module}"


def test_names_are_those_of_the_cell_not_of_its_functions():
    stored, used = names_in(
        "import os.path as where\n"
        "def f(x):\n    y = g(x)\n    return y + z\n"
        "w = [f(i) for i in q]\n"
    )
    assert stored == {"where", "f", "w"}
    assert used >= {"f", "g", "z", "q"}
    assert not used & {"x", "y"}


def test_cells_that_need_an_answer_do_not_stop_the_rest():
    lesson = Lesson("page", 3, NO_NAMES, {}, solved=False)
    for source in [
        "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION",
        "a = f()",
        "b = a + 1",
        "c = 2",
    ]:
        lesson.add_code(new_code_cell(source))
    tagged = ["tags" in cell.metadata for cell in lesson.cells]
    assert tagged == [False, False, True, True, False]
    assert lesson.cells[1].source.endswith('page = Chapter("page")')
    assert lesson.cells[0].source == (
        "def f():\n    raise NotImplementedError  # write this"
    )


def test_two_checks_of_one_exercise_are_an_error():
    lesson = Lesson("page", 3, NO_NAMES, {}, solved=False)
    lesson.add_markdown(":::{exercise} One\n:label: one\n\nDo it.\n:::")
    lesson.add_code(new_code_cell("checks.quantize(f)"))
    with pytest.raises(ValueError, match="page: two cells for 'one-check'"):
        lesson.add_code(new_code_cell("checks.quantize(g)"))


def test_folded_cells_are_calls_that_say_what_they_leave(lessons):
    svd = [cell.source for cell in lessons["svd"].cells]
    assert 'page.show("fig-svd-ranks")' in svd
    assert 'page.show("fig-svd-where")  # gives moment, x' in svd


def test_given_names_are_those_that_open_cells_do_not_set_themselves():
    folded = {"tags": ["hide-input"]}
    chapter = new_notebook(
        cells=[
            new_code_cell("a = b = c = 1", metadata=folded),
            new_code_cell("a = 2"),
            new_code_cell("print(a, b)"),
            new_code_cell("print(c)", metadata=folded),
        ]
    )
    assert given_to_others(chapter) == {"a = b = c = 1": {"b"}}
