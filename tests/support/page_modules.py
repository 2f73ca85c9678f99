"""What code needs that a page of the book does not have: all but numpy."""

import dis
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType

from mini_compress.exercises import codes_of, reach
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
    found = {
        module_of(one.__globals__.get(instruction.argval))
        for one in reach(function, function.__module__)
        for code in codes_of(one.__code__)
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    return {name for name in found if is_missing(name)}


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
