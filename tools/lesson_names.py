"""What labels, page names and citations stand for in the lessons.

Figures, equations and exercises bear the numbers of the pages: 3.1 is the first
of the third chapter that `_toc.yml` numbers.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat
from plain_markdown import Block, Names, split_blocks
from pybtex.database import Entry, parse_file
from pybtex.plugin import find_plugin
from pybtex.richtext import Text
from sphinx_external_toc.parsing import parse_toc_yaml

BACKEND = find_plugin("pybtex.backends", "markdown")()
STYLE = find_plugin("pybtex.style.formatting", "plain")()


def collect_names(
    folder: Path,
    chapters: dict[str, nbformat.NotebookNode],
    places: dict[str, int],
    bibliography: Path,
) -> dict[str, Names]:
    """Return what the names on each chapter's page stand for.

    folder : with the pages, each a .md file
    chapters : name -> the page as a notebook
    places : name -> the chapter's number
    """
    titles = {path.stem: find_title(path) for path in folder.glob("*.md")}
    pages = {
        name: f"[{title}]({name}.ipynb)" if name in chapters else f"*{title}*"
        for name, title in titles.items()
    }
    citations = {key: cite(entry) for key, entry in read(bibliography).items()}
    numbers = {
        name: number_labels(chapter, places[name])
        for name, chapter in chapters.items()
    }
    elsewhere = {
        label: f"{number} of {pages[name]}"
        for name, own in numbers.items()
        for label, number in own.items()
    }
    return {
        name: Names(folder, elsewhere | numbers[name], pages, citations)
        for name in chapters
    }


def find_title(page: Path) -> str:
    """Return the first heading of a page."""
    lines = page.read_text().split("\n")
    return next(
        (line.removeprefix("# ") for line in lines if line.startswith("# ")),
        page.stem,
    )


def number_chapters(toc: Path) -> dict[str, int]:
    """Return the number of each page in the numbered parts of a book."""
    parts = parse_toc_yaml(toc).root.subtrees
    pages = [page for part in parts if part.numbered for page in part.files()]
    return {Path(page).stem: place for place, page in enumerate(pages, 1)}


def number_labels(chapter: nbformat.NotebookNode, place: int) -> dict[str, str]:
    """Return the labels of a chapter, and their numbers in words."""
    counts: Counter[str] = Counter()
    numbers = {}
    for kind, label in find_labels(chapter):
        counts[kind] += 1
        number = f"{place}.{counts[kind]}"
        is_equation = kind == "Equation"
        numbers[label] = f"({number})" if is_equation else f"{kind} {number}"
    return numbers


def find_labels(chapter: nbformat.NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield the kind and the label of whatever is numbered, in order."""
    for cell in chapter.cells:
        figure = cell.metadata.get("mystnb", {}).get("figure")
        if figure:
            yield "Figure", figure["name"]
        if cell.cell_type == "markdown":
            for block in walk(cell.source):
                if block.label and block.kind == "math":
                    yield "Equation", block.label
                elif block.label and block.kind.startswith("exercise"):
                    yield "Exercise", block.label
                elif block.label and block.kind.startswith("prf:"):
                    kind = block.kind.removeprefix("prf:").capitalize()
                    yield kind, block.label


def walk(text: str) -> Iterator[Block]:
    """Yield all blocks, those inside directives too."""
    for block in split_blocks(text):
        yield block
        if block.kind not in ("text", "fence", "math", "definitions"):
            yield from walk(block.body)


def read(bibliography: Path) -> dict[str, Entry]:
    """Return the sources of a bibliography by their keys."""
    return dict(parse_file(str(bibliography)).entries)


def cite(entry: Entry) -> str:
    """Return authors and year, as in "Jacob et al., 2018"."""
    names = [
        str(Text(" ").join(person.rich_prelast_names + person.rich_last_names))
        for person in entry.persons["author"]
    ]
    authors = names[0] if len(names) == 1 else f"{names[0]} et al."
    if len(names) == 2:
        authors = " and ".join(names)
    return f"{authors}, {entry.fields['year']}"


def describe(entry: Entry) -> str:
    """Return a source in full, as one line of Markdown."""
    text = STYLE.format_entry("", entry).text.render(BACKEND)
    return " ".join(text.replace("\\", "").split())
