"""Run the book's notebooks in parallel, into the cache that the build reads.

The build itself would run them one after the other, and would not notice that
the package has changed: its cache looks at the notebooks' own code alone.
"""

import hashlib
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import JupyterCacheAbstract
from jupyter_cache.executors.basic import (
    ExecutionWorkerLocalMProc,
    JupyterExecutorLocalMproc,
)
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import is_myst_markdown_notebook
from nbformat import NotebookNode
from sphinx_external_toc.parsing import parse_toc_yaml
from traitlets.config import Config

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"
CELL_TIMEOUT = 120  # seconds, as in _config.yml; catches what hangs
READER = {"type": "plugin", "name": "myst_nb_md"}  # what the build uses


class Worker(ExecutionWorkerLocalMProc):
    """Runs one notebook, and says so with the processor time of its kernel.

    Notebooks run side by side, so their time by the clock says little.
    """

    @staticmethod
    def execute(project_nb, data):
        """Run a notebook; return its result with the kernel's seconds."""
        before = finished_kernel_seconds()
        with tempfile.TemporaryDirectory() as folder:
            result = single_nb_execution(
                project_nb.nb,
                cwd=str(Path(project_nb.uri).parent),
                timeout=data.timeout,
                allow_errors=data.allow_errors,
                config=sockets_in(folder),
            )
        result.time = finished_kernel_seconds() - before
        if not result.err:
            name = Path(project_nb.uri).relative_to(ROOT)
            print(f"  {result.time:6.1f} s  {name}", flush=True)
        return result


class Executor(JupyterExecutorLocalMproc):
    """Runs notebooks side by side, one for each processor core."""

    _EXECUTION_WORKER = Worker


def sockets_in(folder: str) -> Config:
    """Let a kernel talk through files: no port is taken, no warning due."""
    file = str(Path(folder) / "kernel.json")
    return Config(KernelManager={"transport": "ipc", "connection_file": file})


def finished_kernel_seconds() -> float:
    """Return the processor time of this process's children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def hash_sources() -> str:
    """Return a sha256 of all that a notebook's output depends on."""
    package = (ROOT / "mini_compress").rglob("*")
    files = [path for path in package if "__pycache__" not in path.parts]
    files += [ROOT / "constraints.txt", ROOT / "book" / "kernel.env"]
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(path for path in files if path.is_file()):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def drop_stale_outputs() -> None:
    """Forget every stored output if the sources have changed."""
    stamp = BUILD / "sources.sha256"
    current = hash_sources()
    if not stamp.exists() or stamp.read_text() != current:
        for folder in [CACHE, BUILD / ".doctrees", BUILD / "jupyter_execute"]:
            shutil.rmtree(folder, ignore_errors=True)
        BUILD.mkdir(exist_ok=True)
        stamp.write_text(current)


def find_notebooks() -> list[Path]:
    """Return the pages in the table of contents that hold code."""
    names = parse_toc_yaml(ROOT / "_toc.yml")
    pages = [ROOT / f"{name}.md" for name in names]
    return [
        page for page in pages if is_myst_markdown_notebook(page.read_text())
    ]


def find_run(page: Path) -> tuple[NotebookNode, float]:
    """Return the code cells of a page as they ran, and their seconds."""
    cache = get_cache(str(CACHE))
    record = cache.get_cached_project_nb(str(page))
    if record is None:
        raise ValueError(f"{page.name} must have run, got no outputs of it")
    notebook = cache.get_cache_bundle(record.pk).nb
    return notebook, record.data["execution_seconds"]


def report_run(cache: JupyterCacheAbstract, path: str) -> bool:
    """Return whether a notebook ran; print why if it did not."""
    if cache.get_cached_project_nb(path) is not None:
        return True
    record = cache.get_project_record(path)
    name = Path(path).relative_to(ROOT)
    print(f"    FAILED  {name}\n{record.traceback or ''}")
    return False


def main() -> int:
    """Run what is not in the cache yet."""
    drop_stale_outputs()
    cache = get_cache(str(CACHE))
    paths = [str(page) for page in find_notebooks()]
    for path in paths:
        cache.add_nb_to_project(path, read_data=READER)
    waiting = [record.uri for record in cache.list_unexecuted(paths)]
    print(f"Notebooks: {len(paths)}, to run: {len(waiting)}", flush=True)
    if not waiting:
        return 0
    started = time.perf_counter()
    Executor(cache).run_and_cache(filter_uris=waiting, timeout=CELL_TIMEOUT)
    succeeded = [report_run(cache, path) for path in waiting]
    print(f"Done in {time.perf_counter() - started:.1f} s", flush=True)
    return 0 if all(succeeded) else 1


if __name__ == "__main__":
    sys.exit(main())
