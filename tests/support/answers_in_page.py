"""What tests let Python in the browser run."""

import ast
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Locator, Page

from tests.support.page_modules import missing_modules

# calls of a page's Python, one after the other; each gives what was printed
CALLS = """async tasks => {
  const said = [];
  for (const task of tasks) {
    const lines = [];
    const started = performance.now();
    const {status, says} = await python.call({call: "answer", ...task}, {
      print: text => lines.push(text), tell() {},
    });
    const ms = performance.now() - started;
    said.push([status, [...lines, says].join("\\n"), ms]);
  }
  return said;
}"""


class Said(NamedTuple):
    """How an answer did: its status, what was printed, how long it took."""

    status: str
    text: str
    ms: float


def call(page: Page, tasks: list[dict]) -> list[Said]:
    """Let the page's Python do tasks, with the arguments of `in_page.answer`.

    The function that is checked is called `name` there.
    """
    return [Said(*one) for one in page.evaluate(CALLS, tasks)]


def run(box: Locator, code: str) -> str:
    """Put code into an editor and run it; return all that is said at last."""
    box.locator("textarea").fill(code)
    box.locator("textarea").press("Control+Enter")
    return wait(box)


def wait(box: Locator) -> str:
    """Wait for the end of what runs; return all that is said."""
    said = box.locator("[role=status]")
    said.locator("p:not([data-status=''])").wait_for()
    return said.inner_text()


def task_of(check: Callable, answer: Callable) -> dict:
    """Return what runs an answer of tests/checks/answers in a page.

    Its module is run without what needs more than a page has.
    """
    module = inspect.getmodule(answer)
    tree = ast.parse(Path(module.__file__).read_text())
    imports = [
        x for x in tree.body if isinstance(x, ast.Import | ast.ImportFrom)
    ]
    lacking = {
        name
        for name, value in inspect.getmembers(module, inspect.isfunction)
        if missing_modules(value)
    }
    tree.body = [
        x
        for x in tree.body
        if x not in imports and getattr(x, "name", "") not in lacking
    ]
    register = "right = wrong = lambda *about: lambda function: function\n"
    return {
        "chapter": check.__module__.rpartition(".")[2],
        "imports": [ast.unparse(x) for x in imports],
        "code": register + ast.unparse(tree),
        "check": check.__name__,
        "name": answer.__name__,
    }
