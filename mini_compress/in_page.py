"""Exercises that run inside a page of the book: Python in the browser.

A page has numpy and this package, and nothing else that a chapter imports. Its
script calls `answer`, and `show` for a widget that calls the answer.
"""

import ast
import importlib
import linecache
import traceback
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ._unwritten import describe_unwritten, is_unwritten
from .chapters import run
from .checks import CheckFailed

CELL = "<your answer>"  # the name of the student's cell in tracebacks


@dataclass(frozen=True)
class Outcome:
    """How an answer did.

    status : "passed", "failed", or "error" if it is no function to check
    names : what the cell defined, and what it knew
    """

    status: str
    names: dict[str, Any] = field(default_factory=dict)


class Missing:
    """What stands for a name that a chapter imports and a page cannot.

    >>> Missing("torch").no_grad()
    Traceback (most recent call last):
    ModuleNotFoundError: torch is not in the page: download the lesson to use it
    """

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # Python itself asks whether they are there
            raise AttributeError(name)
        raise ModuleNotFoundError(describe_missing(self._module))

    def __call__(self, *arguments: Any, **options: Any) -> NoReturn:
        """Refuse to be called."""
        raise ModuleNotFoundError(describe_missing(self._module))


def describe_missing(module: str) -> str:
    """Return what is said of a module that a page does not have."""
    return f"{module} is not in the page: download the lesson to use it"


def import_all(statements: list[str]) -> dict[str, Any]:
    """Return the names that import statements give, or what stands for them.

    >>> names = import_all(["from math import pi", "import no_such_module"])
    >>> names["pi"], type(names["no_such_module"]).__name__
    (3.141592653589793, 'Missing')
    """
    names: dict[str, Any] = {}
    for statement in statements:
        try:
            exec(statement, names)
        except ImportError as error:
            for alias in ast.parse(statement).body[0].names:  # type: ignore[attr-defined]
                name = alias.asname or alias.name.partition(".")[0]
                names.setdefault(name, Missing(error.name or alias.name))
    return names


def answer(
    chapter: str, imports: list[str], code: str, check: str, function: str
) -> Outcome:
    r"""Run a student's cell and the check of its function, which print.

    imports : the import statements of the chapter
    code : the cell
    check : the name of the check in mini_compress.checks.<chapter>
    function : the name of what it checks

    >>> code = "def share(keep, group, value_bits):\n    return 1 / 0"
    >>> answer("sparse_kernels", [], code, "share_of_dense", "share").status
    failed: 2:4 of float32 takes 17 of 32 bits
    <BLANKLINE>
      answer    share
      input     keep = 2
                group = 4
                value_bits = 32
      expected  a result
      got       ZeroDivisionError: division by zero
                in line 2: return 1 / 0
      hint      Two values of 32 bits and two positions of 2, for four weights.
    'failed'
    """
    names = import_all(imports)
    lines = code.splitlines(keepends=True)
    linecache.cache[CELL] = (len(code), None, lines, CELL)
    try:
        run(code, CELL, names)
    except BaseException as error:
        print(describe_error(error))
        return Outcome("error")
    if function not in names:
        print(f"Nothing is called {function} here, which the check calls.")
        return Outcome("error")
    checks = importlib.import_module(f"mini_compress.checks.{chapter}")
    try:
        getattr(checks, check)(names[function])
    except CheckFailed as failure:
        print(failure)
        if isinstance(failure.__cause__, ModuleNotFoundError):
            print(f"\n{describe_error(failure.__cause__)}")
        return Outcome("failed", names)
    return Outcome("passed", names)


def show(code: str, outcome: Outcome) -> str:
    """Run a cell that shows a widget, among an answer's names: its HTML.

    Empty, with a printed line, where the answer makes that fail.
    """
    try:
        return run(code, "<widget>", dict(outcome.names))._repr_html_()
    except Exception as error:
        print(describe_error(error))
        return ""


def describe_error(error: BaseException) -> str:
    """Return what was raised in a line or two, and where in the cell.

    >>> describe_error(ModuleNotFoundError("no torch", name="torch"))
    'torch is not in the page: download the lesson to use it'
    """
    frames = traceback.extract_tb(error.__traceback__)
    if is_unwritten(error):
        return describe_unwritten(frames[-1].name)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return describe_missing(error.name)
    own = [frame for frame in frames if frame.filename == CELL]
    text = "".join(traceback.format_exception_only(error)).rstrip()
    return f"In line {own[-1].lineno}: {own[-1].line}\n{text}" if own else text
