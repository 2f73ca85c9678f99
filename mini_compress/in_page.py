"""Exercises that run inside a page of the book: Python in the browser.

A page has numpy and this package, and nothing else that a chapter imports. Its
script calls `answer`, and `show` for a widget that calls the answer.
"""

import ast
import importlib
import linecache
import traceback
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, NoReturn

from ._unwritten import describe_unwritten, is_unwritten
from .chapters import run
from .checks import CheckFailed

CELL = "<your answer>"  # the name of the student's cell in tracebacks
ELSEWHERE = "A page has numpy alone; the lesson has the rest: download it."


@dataclass(frozen=True)
class Outcome:
    """How an answer did.

    status : "passed"; "failed"; "error" if no function came about, or none
        that returns; "unwritten" if it is as it was given
    says : what is wrong
    names : what a widget that calls the function may know of it
    """

    status: str
    says: str = ""
    names: dict[str, Any] = field(default_factory=dict)


def answer(
    chapter: str, imports: list[str], code: str, check: str, function: str
) -> Outcome:
    r"""Run a student's cell, and the check of its function.

    imports : the import statements of the chapter, one name in each
    code : the cell
    check : the name of the check in mini_compress.checks.<chapter>
    function : the name of what it checks

    What the cell prints is printed, and each property that the check finds.

    >>> code = "def share(keep, group, value_bits):\n    return 1 / 0"
    >>> out = answer("sparse_kernels", [], code, "share_of_dense", "share")
    >>> print(out.says)
    failed: 2:4 of float32 takes 17 of 32 bits
    <BLANKLINE>
      answer    share
      input     keep = 2
                group = 4
                value_bits = 32
      expected  a result
      got       ZeroDivisionError: division by zero
                in line 2: return 1 / 0
    """
    given = import_all(imports)
    names = {**given, "input": refuse_input}
    lines = code.splitlines(keepends=True)
    linecache.cache[CELL] = (len(code), None, lines, CELL)
    try:
        run(code, CELL, names)
    except BaseException as error:
        return Outcome("error", describe_error(error, imports, given))
    if function not in names:
        own = (x for x, y in names.items() if defined_here(y))
        says = f"The check looks for a function {function}; "
        return Outcome("error", f"{says}you have: {', '.join(own) or 'none'}.")
    checks = importlib.import_module(f"mini_compress.checks.{chapter}")
    known = {**given, function: names[function]}
    try:
        getattr(checks, check)(names[function])
    except CheckFailed as failure:
        cause = failure.__cause__
        if cause is None:
            return Outcome("failed", str(failure), known)
        if is_unwritten(cause):
            return Outcome("unwritten", str(failure))
        hint = explain_name(cause, imports, given)
        return Outcome("failed", f"{failure}\n{hint}".rstrip())
    except (
        BaseException
    ) as error:  # KeyboardInterrupt is one that can be raised
        return Outcome("error", describe_error(error, imports, given))
    return Outcome("passed", "", known)


def show(code: str, outcome: Outcome) -> str:
    """Run a cell that shows a widget, among an answer's names: its HTML.

    Empty, with a printed line, where the answer makes that fail.
    """
    try:
        return run(code, "<widget>", dict(outcome.names))._repr_html_()
    except Exception as error:
        text = "".join(traceback.format_exception_only(error)).rstrip()
        print(f"The widget below cannot show this answer: {text}")
        return ""


def import_all(statements: list[str]) -> dict[str, Any]:
    """Return the names that import statements give, as far as they can.

    >>> sorted(import_all(["from math import pi", "import no_such_module"]))
    ['pi']
    """
    names: dict[str, Any] = {}
    for statement in statements:
        try:
            exec(statement, {"__name__": "__main__"}, names)
        except ImportError:
            continue
    return names


def refuse_input(prompt: str = "") -> NoReturn:
    """Take the place of `input`, for which a page has no keyboard."""
    raise RuntimeError("a page asks for no input: call your function instead")


def defined_here(value: Any) -> bool:
    """Return whether a value is a function of the student's cell."""
    is_function = isinstance(value, FunctionType)
    return is_function and value.__code__.co_filename == CELL


def describe_error(
    error: BaseException, imports: list[str], given: dict[str, Any]
) -> str:
    """Return what was raised, where in the cell, and what may help.

    imports : the statements; given : the names that they gave
    """
    frames = traceback.extract_tb(error.__traceback__)
    if is_unwritten(error):
        return describe_unwritten(frames[-1].name)
    text = "".join(traceback.format_exception_only(error)).rstrip()
    own = [frame for frame in frames if frame.filename == CELL]
    if own:
        text = f"In line {own[-1].lineno}: {own[-1].line}\n{text}"
    return f"{text}\n{explain_name(error, imports, given)}".rstrip()


def explain_name(
    error: BaseException, imports: list[str], given: dict[str, Any]
) -> str:
    """Return which names and modules there are, where one was not found.

    >>> explain_name(NameError(name="eight"), [], {"np": None, "sparse": None})
    'A page knows what its chapter imports, not its cells: np, sparse.'
    >>> explain_name(NameError(name="nn"), ["from torch import nn"], {})
    'A page has numpy alone; the lesson has the rest: download it.'
    """
    if isinstance(error, ModuleNotFoundError):
        return ELSEWHERE
    if not isinstance(error, NameError):
        return ""
    imported = {
        alias.asname or alias.name.partition(".")[0]
        for statement in imports
        for alias in ast.parse(statement).body[0].names  # type: ignore[attr-defined]
    }
    if error.name in imported - given.keys():
        return ELSEWHERE
    there = ", ".join(sorted(given))
    return f"A page knows what its chapter imports, not its cells: {there}."
