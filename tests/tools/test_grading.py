"""The nbgrader chain: hand a lesson out, take it back, grade it.

The lesson is that of one chapter without what stands between its exercises: a
check needs the learner's function and what the chapter imports, no more. Two
students: `solver` fills in the solutions, `starter` hands in the lesson as it
came. `make grading` runs this and shows the points.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from make_lessons import LESSONS, make_lessons
from nbformat.v4 import new_code_cell

from mini_compress.exercises import ANSWER
from tests.support.needs import skip_or_fail

try:
    from nbgrader.api import Gradebook
except ImportError:
    Gradebook = None

pytestmark = [pytest.mark.xdist_group("nbgrader"), pytest.mark.takes(60)]
ASSIGNMENT = "lesson"
CHAPTER = "uniform_quantization"
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "compression"
c.ExecutePreprocessor.timeout = 600  # seconds for a cell, on a busy machine
c.ExecutePreprocessor.startup_timeout = 600
"""


def nbgrader(course: Path, *command: str) -> None:
    """Run one of nbgrader's commands."""
    programs = Path(sys.executable).parent  # nbgrader calls alembic by name
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=course,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def shorten(lesson: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Keep the exercises, their checks, and what the cells import."""
    imports = [
        ast.unparse(statement)
        for cell in lesson.cells
        if cell.cell_type == "code"
        for statement in ast.parse(cell.source).body
        if isinstance(statement, ast.Import | ast.ImportFrom)
    ]
    graded = [cell for cell in lesson.cells if "nbgrader" in cell.metadata]
    lesson.cells = [new_code_cell("\n".join(imports), id="imports"), *graded]
    return lesson


def solve(lesson: nbformat.NotebookNode, solved: str) -> None:
    """Write the solutions into the cells that wait for them."""
    answers = {cell.id: cell.source for cell in nbformat.reads(solved, 4).cells}
    for cell in lesson.cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("solution"):
            cell.source = answers[marks["grade_id"]]


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Iterator[Path]:
    """A course whose lesson was handed out, handed in and graded."""
    if Gradebook is None:
        skip_or_fail("needs nbgrader: pip install '.[grading]'")
    course = tmp_path_factory.mktemp("course")
    (course / "nbgrader_config.py").write_text(CONFIG)
    source = course / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    solved = make_lessons(solved=True)[CHAPTER]
    file = f"{CHAPTER}.ipynb"
    nbformat.write(shorten(nbformat.reads(solved, 4)), source / file)
    nbgrader(course, "generate_assignment", ASSIGNMENT)
    for student in ("solver", "starter"):
        folder = course / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        lesson = read(course / "release" / ASSIGNMENT / file)
        if student == "solver":
            solve(lesson, solved)
        nbformat.write(lesson, folder / file)
    nbgrader(course, "autograde", ASSIGNMENT)
    nbgrader(course, "generate_feedback", ASSIGNMENT)
    return course


def points(course: Path, student: str) -> dict[str, tuple[str, float, float]]:
    """Return grade id -> kind of cell, points, points that can be had."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, student)
        return {
            grade.name: (grade.cell.cell_type, grade.score, grade.max_score)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def test_what_is_handed_out_has_no_solutions(course):
    [path] = (course / "release" / ASSIGNMENT).glob("*.ipynb")
    text = path.read_text()
    assert "raise NotImplementedError" in text
    assert "SOLUTION" not in text


@pytest.mark.parametrize(("student", "share"), [("solver", 1), ("starter", 0)])
def test_every_check_gives_its_points_or_none(course, student, share):
    graded = points(course, student)
    print(f"\n{student}")
    for name, (kind, score, most) in graded.items():
        print(f"  {name:20} {score:3.0f} of {most:.0f}")
        if kind == "code":
            assert score == share * most > -1
    assert any(kind == "code" for kind, *_ in graded.values())


def test_prose_waits_for_a_reader_if_there_is_any(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for student, waits in [("solver", True), ("starter", False)]:
            submission = gradebook.find_submission(ASSIGNMENT, student)
            assert submission.needs_manual_grade == waits


def test_feedback_shows_what_the_checks_said(course):
    for student, says in [
        ("solver", "passed: signed codes start at quant_min"),
        ("starter", "is not written yet"),
    ]:
        folder = course / "feedback" / student / ASSIGNMENT
        page = folder / f"{CHAPTER}.html"
        assert says in page.read_text()


def test_the_lessons_themselves_can_be_handed_out(course):
    """They have no answers to be cut, and lose nothing on the way."""
    folder = course / "source" / "shipped"
    folder.mkdir()
    for path in LESSONS.glob("*.ipynb"):
        (folder / path.name).write_text(path.read_text())
    nbgrader(course, "generate_assignment", "shipped")
    for path in LESSONS.glob("*.ipynb"):
        released = read(course / "release" / "shipped" / path.name)
        assert [
            cell.source
            for cell in read(path).cells
            if not cell.metadata.get("nbgrader", {}).get("solution")
        ] == [
            cell.source
            for cell in released.cells
            if not cell.metadata.get("nbgrader", {}).get("solution")
        ]
        assert not ANSWER.search(path.read_text())
