"""What lessons show of their chapters, and what stubs say."""

import jupytext
import pytest
from IPython.core.interactiveshell import InteractiveShell
from make_lessons import FOLDED, ROOT, find_chapters

from mini_compress import chapters
from mini_compress.chapters import Chapter, run


@pytest.fixture
def shell(monkeypatch):
    """A shell of a notebook, in which Chapter finds itself."""
    shell = InteractiveShell()
    monkeypatch.setattr(chapters, "_find_shell", lambda: shell)
    return shell


@pytest.mark.parametrize("name", sorted(find_chapters()))
def test_folded_cells_are_those_that_jupytext_reads(name):
    notebook = jupytext.read(ROOT / "book" / f"{name}.md")
    _, *cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    folded = [
        (cell.metadata.get("mystnb", {}).get("figure", {}).get("name"), cell)
        for cell in cells
        if FOLDED & set(cell.metadata.get("tags", []))
    ]
    found = Chapter(name).cells
    assert [*found.values()] == [cell.source for _, cell in folded]
    for key, (figure, _) in zip(found, folded, strict=True):
        assert key == figure or figure is None


def write(folder, text):
    path = folder / "page.md"
    path.write_text(text)
    return path


PAGE = """
```{code-cell} ipython3
import math
```

```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-one
tags: [hide-input]
---
x = y + 1
x
```

```{code-cell} ipython3
open = 1
```

```{code-cell} ipython3
:tags: [remove-input]

stub()
```
"""


@pytest.fixture
def page(shell, tmp_path, monkeypatch):
    path = write(tmp_path, PAGE)
    monkeypatch.setattr(chapters, "find_chapter", lambda name: path)
    return Chapter("page")


def test_a_cell_runs_among_the_names_of_the_notebook(page, shell):
    shell.user_ns["y"] = 2
    assert page.show("fig-one") == 3
    assert shell.user_ns["x"] == 3
    assert page.code("fig-one") == "x = y + 1\nx"


def test_what_is_not_there_is_named_with_what_is(page):
    with pytest.raises(ValueError, match="one of 'fig-one', 1, got 7"):
        page.show(7)


def test_a_chapter_that_does_not_come_along_is_named():
    with pytest.raises(FileNotFoundError, match="got 'no_such_chapter'"):
        Chapter("no_such_chapter")


def test_outside_of_a_notebook_nothing_is_shown():
    page = Chapter("svd")
    with pytest.raises(RuntimeError, match="in a notebook, got none"):
        page.show(1)


@pytest.mark.parametrize("call", ["stub()", "page.show(1)"])
def test_a_stub_says_so_in_one_line(page, shell, capsys, call):
    shell.user_ns["page"] = page
    shell.run_cell("def stub():\n    raise NotImplementedError  # write this")
    shell.run_cell(call)
    shown = capsys.readouterr().out.strip()
    assert shown.startswith("stub is not written yet: put your code in")
    assert "\n" not in shown


def test_an_error_of_a_library_keeps_its_traceback(page, shell, capsys):
    shell.run_cell("def f():\n    raise NotImplementedError('on the GPU')\nf()")
    shown = capsys.readouterr().out
    assert "Traceback" in shown
    assert "on the GPU" in shown


def test_a_value_that_ends_in_a_semicolon_is_not_shown():
    assert run("1;", "<cell>", {}) is None
    assert run("", "<cell>", {}) is None
