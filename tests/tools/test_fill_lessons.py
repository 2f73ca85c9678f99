"""What nbval compares: a lesson with what the built chapter shows."""

import subprocess
import sys

import nbformat
import pytest
from fill_lessons import IGNORE, fill
from make_lessons import METADATA
from nbformat.v4 import new_code_cell, new_notebook, new_output

STUB = "def f():\n    raise NotImplementedError  # write this"
SOLVED = "def f():\n    ### BEGIN SOLUTION\n    return 2\n    ### END SOLUTION"
SETUP = "from mini_compress.checks.parts.attempt import Attempt as checks"
CHECK = "checks.call(f)"
WAITS = {"tags": ["raises-exception"]}


def shown(source, text=None, tags=()):
    """A cell of the chapter, as it ran."""
    outputs = [new_output("stream", text=text)] if text else []
    metadata = {"tags": list(tags)}
    return new_code_cell(
        source, outputs=outputs, metadata=metadata, execution_count=1
    )


CHAPTER = new_notebook(
    cells=[
        shown("a = 1\nprint(a)", "1\n", ["hide-input"]),
        shown(SOLVED),
        shown("helper = 1"),  # of the solution alone
        shown(CHECK, "passed: it is two\n"),
        shown("print(f() + a)", "3\n"),
        shown("print(a + 3)", "4\n", [IGNORE]),
    ]
)
LESSON = new_notebook(
    cells=[
        new_code_cell("a = 1\nprint(a)", id="first"),
        new_code_cell(STUB, id="write"),
        new_code_cell(CHECK, id="write-check", metadata=WAITS),
        new_code_cell("print(f() + a)", id="waits", metadata=WAITS),
        new_code_cell("print(a + 3)", id="timed"),
    ],
    metadata=METADATA,
)


@pytest.fixture
def filled():
    return fill(LESSON, CHAPTER).cells


def test_outputs_are_those_of_the_chapter(filled):
    assert [cell.source for cell in filled[:5]] == [
        cell.source for cell in LESSON.cells
    ]
    assert filled[0].outputs == CHAPTER.cells[0].outputs
    assert filled[4].outputs == CHAPTER.cells[5].outputs
    assert [cell.execution_count for cell in filled[:5]] == [1, 2, 3, 4, 5]


def test_an_exercise_that_is_not_written_says_so_in_a_line(filled):
    [output] = filled[2].outputs
    assert output.evalue.startswith("f is not written yet")
    assert IGNORE not in filled[2].metadata.tags


def test_what_depends_on_it_is_ignored_and_what_is_timed(filled):
    ignored = [IGNORE in cell.metadata.tags for cell in filled[:5]]
    assert ignored == [False, False, False, True, True]


def test_answers_and_what_depends_on_them_come_last(filled):
    assert [cell.source for cell in filled[5:]] == [SOLVED, "print(f() + a)"]
    assert filled[6].outputs == CHAPTER.cells[4].outputs
    assert filled[6].metadata.tags == []
    assert len({cell.id for cell in filled}) == len(filled)


def test_the_lesson_stays_as_it_is(filled):
    assert all(not cell.outputs for cell in LESSON.cells)
    assert "tags" not in LESSON.cells[0].metadata


def test_a_lesson_out_of_step_is_an_error():
    lesson = new_notebook(cells=[new_code_cell("a = 5")])
    with pytest.raises(ValueError, match=r"run `make lessons`(.|\n)*a = 5"):
        fill(lesson, CHAPTER)


@pytest.mark.takes(10)
def test_nbval_sees_another_number(tmp_path):
    """Only that of the last cell, which depends on an answer, is wrong."""
    lesson = fill(LESSON, CHAPTER)
    checked = f"class checks:\n    def call(f):\n        {SETUP}\n"
    checked += "        checks(f).call()"
    lesson.cells.insert(0, new_code_cell(checked, execution_count=1))
    lesson.cells[-1].outputs[0].text = "5\n"
    nbformat.write(lesson, tmp_path / "lesson.ipynb")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--nbval", "-q", tmp_path),
            *("-c", "/dev/null", "-p", "no:xdist", "-p", "no:cacheprovider"),
        ],
        capture_output=True,
        text=True,
    )
    assert "1 failed, 7 passed" in done.stdout
    assert "Cell 7" in done.stdout
