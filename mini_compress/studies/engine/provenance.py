"""Where figures come from: the machine, the versions, the code.

No path, no host name, no user: a result is published.
"""

import ast
import functools
import hashlib
import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import joblib
import torch

from ..._version import __version__
from .grid import Run, Study, key_of

THREADS = 1  # of each job
_OURS = "mini_compress."
_COMMAND = "python -m mini_compress.studies"
MACHINE_KEYS = ("processor", "vectors", "cores", "threads_per_job")


def describe_machine() -> dict[str, Any]:
    """Return the processor's model, its vector unit, cores, threads a job."""
    return {
        "processor": _processor(),
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "cores": joblib.cpu_count(),
        "threads_per_job": THREADS,
    }


def list_versions(uses: Iterable[str] = ()) -> dict[str, str]:
    """Return the versions of what a figure depends on."""
    packages = ("numpy", "torch", *uses)
    return {
        "mini_compress": __version__,
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in packages},
    }


def fingerprint(study: Study, runs: Sequence[Run]) -> str:
    """Return a checksum of a grid and of the code that defines the study."""
    module = sys.modules[study.grid.__module__]
    content = json.dumps([[key_of(run) for run in runs], statements(module)])
    return hashlib.sha256(content.encode()).hexdigest()


def command(study: Study) -> str:
    """Say what runs a study again: by its name, or by where it stands."""
    module = sys.modules[study.grid.__module__]
    names = [name for name, value in vars(module).items() if value is study]
    if names and not module.__name__.startswith(_OURS):
        return f"{_COMMAND} {module.__name__}:{names[0]}"
    return f"{_COMMAND} {study.name}"


@functools.cache
def statements(module: ModuleType) -> str:
    """Return what a module does: its code without what only goes with it.

    Left out are comments, docstrings, and imports: where a function lives is
    not what it does.
    """
    path = getattr(module, "__file__", None)  # none where code is typed in
    tree = ast.parse(Path(path).read_text() if path else "")
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [line for line in body if not _goes_along(line)]
    return ast.dump(tree)


def _goes_along(statement: ast.AST) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom) or (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _processor() -> str:
    """Ask Linux for the model's name; elsewhere take what Python knows."""
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
