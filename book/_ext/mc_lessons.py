"""The lesson of a chapter, offered for download under the chapter's title."""

import shutil
from pathlib import Path

from docutils import nodes

LESSONS = Path(__file__).resolve().parents[2] / "lessons"
FOLDER = "lessons"  # of the built book
LINK = (
    '<p class="lesson-link"><a href="{address}" download>Download the '
    "lesson</a>: this chapter as a notebook, its exercises still to be done</p>"
)


def offer_lesson(app, doctree, docname):
    """Put a link to its lesson under the title of a page that has one."""
    lesson = LESSONS / f"{Path(docname).name}.ipynb"
    title = next(doctree.findall(nodes.title), None)
    if lesson.exists() and title is not None:
        link = LINK.format(address=address_of_lesson(docname))
        link = nodes.raw("", link, format="html")
        title.parent.insert(title.parent.index(title) + 1, link)


def address_of_lesson(docname):
    """Return where a page's lesson is, seen from the page."""
    up = "../" * docname.count("/")
    return f"{up}{FOLDER}/{Path(docname).name}.ipynb"


def copy_lessons(app, exception):
    """Put all lessons into the built book."""
    if exception is None and app.builder.format == "html":
        target = Path(app.outdir) / FOLDER
        target.mkdir(exist_ok=True)
        for lesson in LESSONS.glob("*.ipynb"):
            shutil.copyfile(lesson, target / lesson.name)
