"""What code needs that a page of the book does not have: all but numpy."""

import dis
import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType, FunctionType, ModuleType

from tests.test_imports import BLOCK, modules, run_python

# their first parts; what is no module's has none
PRESENT = {*sys.stdlib_module_names, "numpy", "mini_compress", "tests", ""}
# prints the modules of the package that numpy alone is not enough for
PROBE = """
import importlib
for name in {names}:
    try:
        importlib.import_module(name)
    except ImportError:
        print(name)
"""


def missing_modules(function: Callable) -> set[str]:
    """Return the modules that a function uses and a page does not have.

    What is looked at is the code of the function, and of those of its module
    that it calls.
    """
    found: set[str] = set()
    functions, seen = [function], set()
    while functions:
        one = functions.pop()
        if one in seen:
            continue
        seen.add(one)
        for name in global_names(one.__code__):
            value = one.__globals__.get(name)
            if isinstance(value, FunctionType) and (
                value.__module__ == function.__module__
            ):
                functions.append(value)
            else:
                found.add(module_of(value))
    return {name for name in found if is_missing(name)}


def global_names(code: CodeType) -> Iterator[str]:
    """Give the global names that code reads, inner functions included."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from global_names(inner)


def module_of(value: object) -> str:
    """Return the name of the module that defines a value, or nothing."""
    if isinstance(value, ModuleType):
        return value.__name__
    return getattr(value, "__module__", None) or ""


def is_missing(module: str) -> bool:
    """Return whether a page has no such module."""
    if module.partition(".")[0] not in PRESENT:
        return True
    return module in missing_in_package()


@cache
def missing_in_package() -> frozenset[str]:
    """Return the modules of the package that need more than numpy."""
    names = [f"mini_compress.{name}" for name in sorted(modules())]
    return frozenset(
        run_python(BLOCK + PROBE.format(names=names)).stdout.split()
    )
