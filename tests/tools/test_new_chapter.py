"""The files of a new chapter hold what the tests of chapters ask for."""

import ast
import shutil

import jupytext
import pytest
from make_lessons import EXERCISE, ROOT
from new_chapter import PLACES, new_chapter

from mini_compress.exercises import ANSWER, CHECK


@pytest.fixture
def root(tmp_path):
    """A copy of what a chapter needs."""
    for place in PLACES.values():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "_toc.yml", tmp_path)
    return tmp_path


def test_files_are_laid_and_the_chapter_has_its_place(root):
    *paths, toc = new_chapter(root, "two_bits", title="Two bits", after="svd")
    assert [str(path.relative_to(root)) for path in paths] == [
        place.format(name="two_bits") for place in PLACES.values()
    ]
    lines = toc.read_text().split("\n")
    place = lines.index("      - file: book/svd")
    assert lines[place + 1] == "      - file: book/two_bits"
    chapter, *code = paths
    text = chapter.read_text()
    assert "# Two bits\n" in text
    assert EXERCISE.search(text)
    for path in paths:
        assert "new_chapter" not in path.read_text()
    for path in code:
        ast.parse(path.read_text())


def test_the_exercise_and_its_answers_hold(root):
    chapter, checks, answers, _ = new_chapter(
        root, "two_bits", title="Two bits", after="svd"
    )
    cells = [x.source for x in jupytext.read(chapter).cells]
    [solution] = [source for source in cells if ANSWER.search(source)]
    assert any(CHECK.fullmatch(source) for source in cells)
    # the check is a module of the package, so it is run as one
    package = "from mini_compress.checks"
    code = checks.read_text().replace("from .parts", f"{package}.parts")
    names: dict = {}
    exec(compile(code, "checks", "exec"), names)
    exec(solution, names)
    names["halves"](names["halve"])
    assert len(ast.parse(answers.read_text()).body) > 4


@pytest.mark.parametrize(
    ("name", "after", "says"),
    [
        ("Two bits", "svd", "NAME must be lower case"),
        ("two_bits", "nowhere", "--after must be a chapter"),
    ],
)
def test_what_cannot_be_laid_is_said_and_nothing_written(
    root, name, after, says
):
    before = sorted(root.rglob("*"))
    with pytest.raises(ValueError, match=says):
        new_chapter(root, name, title="Two bits", after=after)
    assert sorted(root.rglob("*")) == before


def test_a_chapter_that_exists_is_kept(root):
    new_chapter(root, "two_bits", title="Two bits", after="svd")
    (root / "book" / "two_bits.md").write_text("mine")
    with pytest.raises(ValueError, match="NAME must be new"):
        new_chapter(root, "two_bits", title="Two bits", after="svd")
    assert (root / "book" / "two_bits.md").read_text() == "mine"
