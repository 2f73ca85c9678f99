"""Lay the files of a new chapter, with one exercise to be replaced.

    python tools/new_chapter.py NAME --title "A title" --after svd

NAME becomes book/NAME.md, mini_compress/checks/NAME.py and
tests/checks/answers/NAME.py, and a line in _toc.yml. `make lessons` then writes
the lesson. What the tests will ask for is said at the end.
"""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = Path(__file__).resolve().parent / "templates"
PLACES = {
    "chapter.md": "book/{name}.md",
    "checks.py": "mini_compress/checks/{name}.py",
    "answers.py": "tests/checks/answers/{name}.py",
}
NEXT = """\
Next: python tools/make_lessons.py, and make book. The tests will ask for
- three exercises or more, and three properties or more in each check;
- for every property a wrong answer, for every check another right one;
- terms in book/glossary.md, symbols in book/notation.md, sources in
  book/references.bib, no result typed into the text;
- of a study in studies/catalog.py all rows in mini_compress/results
  (python -m mini_compress.studies NAME --out mini_compress/results)."""


def new_chapter(root: Path, name: str, *, title: str, after: str) -> list[Path]:
    """Write the files of a chapter; return where they are.

    root : the folder with book/ and _toc.yml
    name : of the file, such as "binary_weights"
    after : the chapter that it follows
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(
            f"NAME must be lower case, digits and underscores, got {name!r}"
        )
    toc = root / "_toc.yml"
    before = f"      - file: book/{after}\n"
    if before not in toc.read_text():
        raise ValueError(
            f"--after must be a chapter of _toc.yml, got {after!r}"
        )
    paths = {
        template: root / place.format(name=name)
        for template, place in PLACES.items()
    }
    for path in paths.values():
        if path.exists():
            raise ValueError(f"NAME must be new, got {path.relative_to(root)}")
    for template, path in paths.items():
        text = (TEMPLATES / template).read_text()
        for old, new in {
            "A new chapter": title,
            "the new chapter": f"the chapter {title!r}",
            "new_chapter": name,
            "new-chapter": name.replace("_", "-"),
        }.items():
            text = text.replace(old, new)
        path.write_text(text)
    line = f"      - file: book/{name}\n"
    toc.write_text(toc.read_text().replace(before, before + line))
    return [*paths.values(), toc]


def main(arguments: list[str] | None = None) -> int:
    """Lay the files; return 2 if that cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--title", required=True)
    parser.add_argument("--after", required=True, metavar="CHAPTER")
    options = parser.parse_args(arguments)
    try:
        paths = new_chapter(
            ROOT, options.name, title=options.title, after=options.after
        )
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for path in paths:
        print(path.relative_to(ROOT))
    print(NEXT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
