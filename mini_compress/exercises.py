"""The exercises of a chapter that ask for code: what is given, and its check.

In a chapter the answer stands between the lines `### BEGIN SOLUTION` and
`### END SOLUTION`. The cell that holds `checks.<name>(function)` and nothing
else tests it. A cell with the tag `try-it` behind that shows a widget that
calls the function.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from dis import get_instructions
from types import CodeType, FunctionType

from .chapters import CELL

ANSWER = re.compile(
    r"^( *)### BEGIN SOLUTION\n.*?### END SOLUTION", re.M | re.DOTALL
)
STUB = r"\1raise NotImplementedError  # write this"
CHECK = re.compile(r"checks\.(?P<check>\w+)\((?P<function>\w+)\)")
SOLUTION = re.compile(r"\{solution(?:-start)?\} (\S+)$", re.MULTILINE)
TRY_IT = "try-it"  # the tag of a cell


@dataclass(frozen=True)
class Exercise:
    """An exercise that asks for code.

    label : by which the text refers to it
    solution : the cell with the answer
    check, function : names of its check, and of the function that is checked
    widget : the code of a cell that calls the function, or nothing
    """

    label: str
    solution: str
    check: str
    function: str
    widget: str = ""

    @property
    def stub(self) -> str:
        """The cell without the answer."""
        return to_stub(self.solution)


def to_stub(code: str) -> str:
    r"""Return a cell without the answer in it.

    >>> code = "def f():\n  ### BEGIN SOLUTION\n  return\n  ### END SOLUTION"
    >>> print(to_stub(code))
    def f():
      raise NotImplementedError  # write this
    """
    return ANSWER.sub(STUB, code)


def find_exercises(text: str) -> list[Exercise]:
    """Return the exercises of a chapter's source that ask for code."""
    found: list[Exercise] = []
    solution = label = ""
    for cell in CELL.finditer(text):
        head, code = cell["head"], cell["code"].rstrip("\n")
        if ANSWER.search(code):
            solution = code
            label = SOLUTION.findall(text[: cell.start()])[-1]
        elif check := CHECK.fullmatch(code):
            found.append(Exercise(label, solution, *check.groups()))
        elif TRY_IT in head:
            found[-1] = replace(found[-1], widget=code)
    return found


def find_imports(text: str) -> list[str]:
    r"""Return what a chapter's cells import, a statement for each name.

    So a module that is missing takes no other with it that stood in its line.

    >>> cell = "```{code-cell} ipython3\nfrom math import e, pi as p\n```\n"
    >>> find_imports(cell)
    ['from math import e', 'from math import pi as p']
    """
    nodes = [
        node
        for cell in CELL.finditer(text)
        for node in ast.parse(cell["code"]).body
    ]
    found: list[ast.stmt] = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [ast.Import([name]) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            module, level = node.module, node.level
            found += [ast.ImportFrom(module, [x], level) for x in node.names]
    return list(dict.fromkeys(map(ast.unparse, found)))


def needs_numpy_alone(check: Callable) -> bool:
    """Return whether a check imports nothing as it runs.

    What is imported inside of functions is what torch comes with: the modules
    of checks themselves import with numpy alone.
    """
    return not any(
        instruction.opname == "IMPORT_NAME"
        for function in reach(check, "mini_compress.checks")
        for code in codes_of(function.__code__)
        for instruction in get_instructions(code)
    )


def reach(function: Callable, place: str) -> Iterator[FunctionType]:
    """Give a function, and those of a place that it calls, by any way.

    place : what the names of their modules start with
    """
    waiting: list[object] = [function]
    seen = set()
    while waiting:
        one = waiting.pop()
        if one in seen or not isinstance(one, FunctionType):
            continue
        seen.add(one)
        yield one
        named = (
            one.__globals__.get(name)
            for code in codes_of(one.__code__)
            for name in code.co_names
        )
        waiting += [
            x
            for x in named
            if isinstance(x, FunctionType) and x.__module__.startswith(place)
        ]


def codes_of(code: CodeType) -> Iterator[CodeType]:
    """Give code, and that of the functions inside of it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes_of(inner)
