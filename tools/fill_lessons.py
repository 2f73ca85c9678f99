"""Put what the built pages show into the lessons, for `pytest --nbval`.

Each lesson becomes `_build/checked/NAME.ipynb`: its cells with the outputs
that a reader of the built chapter sees. nbval runs it as it stands and
compares. An exercise that is not written says so in one line; what depends on
it fails, and is ignored. At the end, in the same kernel, come the answers and
what depends on them, compared as well. The checks are not called again there:
that the answers pass them is tested function by function, in tests/checks.

Pages that have code and no exercises come as they are.
"""

import re
import shutil
import sys
from ast import literal_eval
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import nbformat
from make_lessons import LESSONS
from nbformat import NotebookNode
from nbformat.v4 import new_output
from run_notebooks import BUILD, find_notebooks, find_run

from mini_compress.chapters import Chapter
from mini_compress.checks.parts.attempt import Attempt, CheckFailed
from mini_compress.exercises import ANSWER, CHECK, to_stub

CHECKED = BUILD / "checked"
IGNORE = "nbval-ignore-output"
OPENED = re.compile(r'^page = Chapter\("(\w+)"\)$', re.MULTILINE)
SHOWN = re.compile(r"page\.show\(([^)]+)\)")


def code_cells(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield the cells that hold code."""
    return (cell for cell in notebook.cells if cell.cell_type == "code")


def fill(lesson: NotebookNode, chapter: NotebookNode) -> NotebookNode:
    """Return a lesson with the outputs of its chapter, and the answers last.

    lesson : as in lessons/, without outputs
    chapter : executed, with every answer
    """
    filled = deepcopy(lesson)
    answers, built = [], code_cells(chapter)
    for number, cell in enumerate(code_cells(filled), start=1):
        cell.execution_count = number  # without one, nbval compares nothing
        opening = OPENED.search(cell.source)
        if opening:
            page = Chapter(opening[1])
            continue
        call = SHOWN.match(cell.source)
        source = page.code(literal_eval(call[1])) if call else cell.source
        shown = find(source, built)
        if CHECK.fullmatch(cell.source):
            cell.outputs = [say_unwritten(cell.source)]
            continue
        waits = "raises-exception" in cell.metadata.get("tags", [])
        if waits or ANSWER.search(shown.source):
            answers.append(as_read(shown, f"{cell.id}-solved"))
        if waits:
            cell.metadata.tags.append(IGNORE)
        else:
            cell.outputs = deepcopy(shown.outputs)
            cell.metadata.tags = tags_of(shown)
    filled.cells += answers
    return filled


def find(source: str, built: Iterator[NotebookNode]) -> NotebookNode:
    """Return the next cell of a chapter that a lesson's cell came from.

    Those in between belong to answers, and are not in the lesson.
    """
    for cell in built:
        if source in (cell.source, to_stub(cell.source)):
            return cell
    raise ValueError(
        f"lessons must hold the chapters' cells: run `make lessons`; got a "
        f"cell that the built chapter lacks:\n{source}"
    )


def say_unwritten(check: str) -> NotebookNode:
    """Return what a check prints for a function that is not written."""

    def stub() -> None:
        raise NotImplementedError

    stub.__name__ = check.partition("(")[2].rstrip(")")
    try:
        Attempt(stub).call()
    except CheckFailed as error:
        return new_output(
            "error", ename="CheckFailed", evalue=str(error), traceback=[]
        )
    raise AssertionError("a stub must fail")


def tags_of(cell: NotebookNode) -> list[str]:
    """Return those of a cell's tags that mean something to nbval."""
    tags = cell.metadata.get("tags", [])
    return [t for t in tags if t == IGNORE or t == "raises-exception"]


def as_read(shown: NotebookNode, identity: str) -> NotebookNode:
    """Return a chapter's cell, to be run and compared."""
    cell = deepcopy(shown)
    cell.id, cell.metadata = identity, {"tags": tags_of(shown)}
    return cell


def fill_page(page: Path) -> None:
    """Write the notebook of one page, with what the page shows."""
    notebook, seconds = find_run(page)
    lesson = LESSONS / f"{page.stem}.ipynb"
    if lesson.exists():
        notebook = fill(nbformat.read(lesson, as_version=4), notebook)
    notebook.metadata.seconds = seconds
    nbformat.write(notebook, CHECKED / lesson.name)


def main() -> int:
    """Write all of them anew; return 1 if one of them cannot be written."""
    shutil.rmtree(CHECKED, ignore_errors=True)
    CHECKED.mkdir(parents=True)
    succeeded = True
    for page in find_notebooks():
        try:
            fill_page(page)
        except ValueError as error:
            print(f"{page.name}: {error}")
            succeeded = False
    return 0 if succeeded else 1


if __name__ == "__main__":
    sys.exit(main())
