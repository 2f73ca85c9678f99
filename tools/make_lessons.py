"""Write the lessons: the student edition of each chapter, as a notebook.

    python tools/make_lessons.py               lessons/, the answers cut out
    python tools/make_lessons.py --solved DIR  DIR, with them, for nbgrader

A chapter says what an answer is: in code it stands between the lines
`### BEGIN SOLUTION` and `### END SOLUTION`, in prose in a `solution`. The cell
that holds `checks.<name>(function)` and nothing else tests it. nbgrader's
metadata follow from that, so a chapter carries none.
"""

import argparse
import re
import symtable
import sys
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import jupytext
import nbformat
from lesson_names import collect_names, describe, number_chapters, read
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from plain_markdown import Block, Names, render, split_blocks, to_plain
from sphinx_external_toc.parsing import parse_toc_yaml

from mini_compress.chapters import Chapter
from mini_compress.exercises import ANSWER, CHECK, to_stub

ROOT = Path(__file__).resolve().parent.parent
LESSONS = ROOT / "lessons"
BLANK = "*Your answer: write it in the place of this line.*"
EXERCISE = re.compile(r"^(:::|```)\{exercise", re.MULTILINE)
CITED = re.compile(r"\{cite(?::[pt])?\}`([^`]+)`")
FOLDED = {"hide-input", "remove-input", "hide-cell", "remove-cell"}
HEADER = """\
> **This is a lesson**: a chapter with its code, and with its exercises still to
> be done. Run it from top to bottom (*Run > Run All Cells*). `page.show(...)`
> draws or prints what the chapter's page shows; `print(page.code(...))` is how.
>
> **An exercise** asks for a function, in the place of
> `raise NotImplementedError`. Run your cell, then the check below it, which
> says what holds and what does not. A function that is not written says so in
> one line, wherever it is called; the other cells run all the same.
>
> **Help**: `affine.quantize?`, in a cell of its own, explains this function,
> and so for any other. The [chapter](../_build/html/book/{name}.html), which
> `make book` builds, has a solution to every exercise."""
OPENING = """\
from mini_compress.chapters import Chapter

page = Chapter("{name}")"""
METADATA = {
    "kernelspec": {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


class Lesson:
    """A notebook that grows cell by cell as a chapter is read.

    place : the chapter's number
    given : code of a folded cell -> the names that open cells take from it
    solved : keep the answers, marked for nbgrader, which cuts them out
    """

    def __init__(
        self,
        name: str,
        place: int,
        names: Names,
        given: dict[str, set[str]],
        *,
        solved: bool,
    ) -> None:
        self.cells: list[nbformat.NotebookNode] = []
        self._name, self._place = name, place
        self._names, self._solved = names, solved
        self._waiting: list[str] = []  # text that has no cell yet
        self._given = given
        self._opened = False  # whether the first cell of code is there
        self._exercise = ""  # the label of the last one
        self._solution: list[str] | None = None  # its text while it is read
        self._written = False  # whether the solution has a function
        self._unsure: set[str] = set()  # names that an unsolved lesson lacks

    def add_markdown(self, source: str) -> None:
        """Add the text between two code cells."""
        for block in split_blocks(source):
            self._add_block(block)
        self._flush()

    def add_code(self, cell: nbformat.NotebookNode) -> None:
        """Add a code cell, and its caption if it draws a figure."""
        answer = ANSWER.search(cell.source)
        if self._solution is not None and not answer:
            return  # it belongs to the solution
        tags = set(cell.metadata.get("tags", []))
        metadata = {}
        source, identity = cell.source, None
        stored, used = names_in(source)
        if tags & FOLDED and self._opened:
            source = self._call(source)
        if answer:
            self._written, identity = True, self._exercise
            self._unsure |= stored
            if self._solved:
                metadata["nbgrader"] = grading(identity, solution=True)
            else:
                source = to_stub(source)
        elif CHECK.fullmatch(source):
            identity = f"{self._exercise}-check"
            metadata["nbgrader"] = grading(identity, points=1)
            metadata["tags"] = ["raises-exception"]
        elif used & self._unsure:
            self._unsure |= stored
            metadata["tags"] = ["raises-exception"]
        self._add(new_code_cell(source, metadata=metadata), identity)
        if not self._opened:
            self._opened = True
            self._add(new_code_cell(OPENING.format(name=self._name)))
        figure = cell.metadata.get("mystnb", {}).get("figure")
        if figure:
            number = self._names.labels[figure["name"]]
            caption = to_plain(figure["caption"], self._names)
            self._add(new_markdown_cell(f"**{number}.** {caption}"))

    @cached_property
    def _calls(self) -> dict[str, str | int]:
        """What `Chapter.show` calls a folded cell, by its code."""
        cells = Chapter(self._name).cells
        return {code: cell for cell, code in cells.items()}

    def _call(self, code: str) -> str:
        """Return the call that shows a folded cell, and what it leaves."""
        given = ", ".join(sorted(self._given.get(code, ())))
        comment = f"  # gives {given}" if given else ""
        return f"page.show({self._calls[code]!r}){comment}".replace("'", '"')

    def finish(self, references: list[str]) -> nbformat.NotebookNode:
        """Return the notebook, with a list of what it cites."""
        items = "\n".join(f"- {reference}" for reference in references)
        if items:
            self._add(new_markdown_cell(f"## References\n\n{items}"))
        notebook = new_notebook(cells=self.cells, metadata=METADATA)
        nbformat.validate(notebook)
        return notebook

    def _add_block(self, block: Block) -> None:
        if block.kind in ("exercise", "exercise-start"):
            self._flush()
            self._exercise = block.label
            number = self._names.labels[block.label]
            self._waiting.append(f"### {number}. {block.argument}")
            self._waiting.append(to_plain(block.body, self._names))
        elif block.kind in ("solution", "solution-start"):
            self._solution, self._written = [], False
            if block.kind == "solution":
                self._solution.append(to_plain(block.body, self._names))
                self._end_solution()
        elif block.kind == "solution-end":
            self._end_solution()
        elif block.kind == "exercise-end":
            pass
        elif self._solution is not None:
            self._solution.append(render(block, self._names))
        else:
            if block.kind == "text" and block.body.startswith("#"):
                self._flush()
            text = render(block, self._names)
            if not block.body.startswith("# "):
                self._waiting.append(text)
                return
            self._waiting.append(f"# {self._place}. {text[2:]}")
            self._waiting.append(HEADER.format(name=self._name))

    def _end_solution(self) -> None:
        """Give an exercise without a function a cell for the answer."""
        if not self._written:
            self._flush()
            text = "\n\n".join(self._solution) if self._solved else BLANK
            metadata = {
                "nbgrader": grading(self._exercise, points=1, solution=True)
            }
            answer = new_markdown_cell(text, metadata=metadata)
            self._add(answer, self._exercise)
        self._solution = None

    def _flush(self) -> None:
        text = "\n\n".join(part for part in self._waiting if part)
        self._waiting = []
        if text:
            self._add(new_markdown_cell(text))

    def _add(self, cell: nbformat.NotebookNode, identity: str | None = None):
        """Append a cell; its id is the same whenever its source is."""
        taken = {other.id for other in self.cells}
        if identity is None:
            digest = sha256(cell.source.encode()).hexdigest()[:8]
            repeats = (f"{digest}-{number}" for number in range(2, 100))
            identity = next(i for i in (digest, *repeats) if i not in taken)
        if identity in taken:
            raise ValueError(f"{self._name}: two cells for {identity!r}")
        cell.id = identity
        self.cells.append(cell)


def grading(
    identity: str, *, points: int = 0, solution: bool = False
) -> dict[str, object]:
    """Return what nbgrader wants to know about a cell."""
    metadata = {
        "cell_type": "markdown" if points and solution else "code",
        "grade": points > 0,
        "grade_id": identity,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return metadata | ({"points": points} if points else {})


def names_in(source: str) -> tuple[set[str], set[str]]:
    """Return the global names that a cell binds, and those that it uses."""
    top = symtable.symtable(source, "cell", "exec")
    symbols = top.get_symbols()
    stored = {
        s.get_name() for s in symbols if s.is_assigned() or s.is_imported()
    }
    used = {s.get_name() for s in symbols if s.is_referenced()}
    return stored, used.union(*map(_globals_in, top.get_children()))


def given_to_others(
    chapter: nbformat.NotebookNode,
) -> dict[str, set[str]]:
    """Return, by its code, the names that a folded cell gives to open ones."""
    given: dict[str, set[str]] = {}
    source_of: dict[str, str] = {}  # name -> the folded cell that bound it last
    for cell in chapter.cells:
        if cell.cell_type != "code":
            continue
        stored, used = names_in(cell.source)
        is_folded = bool(FOLDED & set(cell.metadata.get("tags", [])))
        if not is_folded:
            for name in (used - stored) & source_of.keys():
                given.setdefault(source_of[name], set()).add(name)
        for name in stored:
            source_of.pop(name, None)
            if is_folded:
                source_of[name] = cell.source
    return given


def _globals_in(function: symtable.SymbolTable) -> set[str]:
    """Return the global names that a function or class uses."""
    own = {s.get_name() for s in function.get_symbols() if s.is_global()}
    return own.union(*map(_globals_in, function.get_children()))


def find_chapters() -> dict[str, nbformat.NotebookNode]:
    """Return the pages that have exercises, as notebooks."""
    pages = [ROOT / f"{name}.md" for name in parse_toc_yaml(ROOT / "_toc.yml")]
    return {
        page.stem: jupytext.read(page)
        for page in pages
        if EXERCISE.search(page.read_text())
    }


def make_lessons(*, solved: bool = False) -> dict[str, str]:
    """Return the text of each lesson's file by the chapter's name."""
    chapters = find_chapters()
    bibliography = ROOT / "book" / "references.bib"
    places = number_chapters(ROOT / "_toc.yml")
    names = collect_names(ROOT / "book", chapters, places, bibliography)
    sources = read(bibliography)
    files = {}
    for name, chapter in chapters.items():
        given = given_to_others(chapter)
        lesson = Lesson(name, places[name], names[name], given, solved=solved)
        cited = set()
        for cell in chapter.cells:
            if cell.cell_type == "code":
                lesson.add_code(cell)
            else:
                lesson.add_markdown(cell.source)
                for keys in CITED.findall(cell.source):
                    cited |= {key.strip() for key in keys.split(",")}
        references = [describe(sources[key]) for key in sources if key in cited]
        files[name] = nbformat.writes(lesson.finish(references)) + "\n"
    return files


def main(arguments: list[str] | None = None) -> int:
    """Write the lessons; return 0."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--solved", type=Path, metavar="DIR")
    folder = parser.parse_args(arguments).solved
    files = make_lessons(solved=folder is not None)
    folder = folder or LESSONS
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / f"{name}.ipynb"
        path.write_text(text, encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
