"""What a lesson shows of its chapter in one call: figures, widgets, numbers.

The code that only draws, looks up and prints is the chapter's; a lesson holds
the code that a student wants to read, and `Chapter.show` where the rest was.
"""

import ast
import linecache
import re
from functools import cached_property
from pathlib import Path
from typing import Any

from ._unwritten import say_in_one_line

__all__ = ["Chapter"]

PACKAGE = Path(__file__).resolve().parent
CELL = re.compile(
    r"^```\{code-cell\}[^\n]*\n"
    r"(?P<head>---\n.*?^---\n|(?::[\w-]+:[^\n]*\n)*)\n*"
    r"(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
FIGURE = re.compile(r"^ +name: (\S+)$", re.MULTILINE)
FOLDED = re.compile(r"^:?tags: .*\b(?:hide|remove)-(?:input|cell)\b", re.M)


class Chapter:
    """The cells of a chapter that its lesson only calls.

    name : of the chapter, such as "weight_pruning"

    Made in a notebook, it also lets functions that are not written yet say so
    in one line. FileNotFoundError if there is no chapter of that name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._path = find_chapter(name)
        shell = _find_shell()
        if shell is not None:
            shell.set_custom_exc((NotImplementedError,), _show_error)

    def __repr__(self) -> str:
        return f"Chapter({self.name!r})"

    @cached_property
    def cells(self) -> dict[str | int, str]:
        """The code of each folded cell: by the name of its figure, or number.

        Those without a figure are numbered from 1. The first cell of a page,
        which imports, is not one of them.
        """
        cells: dict[str | int, str] = {}
        count = 0
        text = self._path.read_text(encoding="utf-8")
        for cell in list(CELL.finditer(text))[1:]:
            if not FOLDED.search(cell["head"]):
                continue
            figure = FIGURE.search(cell["head"])
            count += figure is None
            cells[figure[1] if figure else count] = cell["code"].rstrip("\n")
        return cells

    def code(self, cell: str | int) -> str:
        """Return the code of a cell: `print(page.code(3))`."""
        if cell not in self.cells:
            known = ", ".join(map(repr, self.cells))
            raise ValueError(
                f"cell must be one of {known}, got {cell!r}; a lesson needs "
                "the edition of the package that it came with"
            )
        return self.cells[cell]

    def show(self, cell: str | int) -> Any:
        """Run a cell in the notebook, and return what its last line gives."""
        shell = _find_shell()
        if shell is None:
            raise RuntimeError("show must be called in a notebook, got none")
        code, name = self.code(cell), f"<{self.name}, {cell}>"
        lines = [f"{line}\n" for line in code.split("\n")]
        linecache.cache[name] = (len(code), None, lines, name)
        return run(code, name, shell.user_ns)


def run(code: str, name: str, names: dict[str, Any]) -> Any:
    r"""Run code as a notebook does, and return the value of its last line.

    name : stands in tracebacks
    names : what the code knows, and what it adds to

    >>> run("x = 2\nx + 1", "<cell>", {})
    3
    """
    body = ast.parse(code, name)
    last = body.body[-1] if body.body else None
    if not isinstance(last, ast.Expr) or code.endswith(";"):
        exec(compile(body, name, "exec"), names)
        return None
    body.body.pop()
    exec(compile(body, name, "exec"), names)
    return eval(compile(ast.Expression(last.value), name, "eval"), names)


def find_chapter(name: str) -> Path:
    """Return a chapter's file: in the package, or beside it."""
    for folder in (PACKAGE / "lessons", PACKAGE.parent / "book"):
        path = folder / f"{name}.md"
        if path.exists():
            return path
    raise FileNotFoundError(
        f"name must be a chapter that comes with the package, got {name!r}"
    )


def _find_shell() -> Any:
    """Return the notebook's shell, None outside of notebooks."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _show_error(
    shell: Any,
    kind: type,
    error: BaseException,
    trace: Any,
    tb_offset: Any = None,
) -> None:
    """Show an error; of a stub, one line."""
    say_in_one_line(error)
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
