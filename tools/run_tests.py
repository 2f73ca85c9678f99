"""Run every check of the project, then say how each went and what it took.

A check that fails does not stop the others. Called by `make test`.
"""

import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

JOBS = str(min(os.cpu_count() or 1, 8))
MODULE = [sys.executable, "-m"]
MAKE = ["make", "--no-print-directory"]
FILL = [sys.executable, "tools/fill_lessons.py"]
# work is handed out one unit after the other, in the order of tests/conftest.py
WORKERS = ["-n", JOBS, "--dist", "loadgroup", "--no-loadscope-reorder"]
# seconds, for what hangs: the machine may be busy
PATIENCE = ["--nbval-cell-timeout=600", "--nbval-kernel-startup-timeout=600"]
PLACES = ["mini_compress", "tests", "_build/checked"]
# those of a stage run side by side: setting the pages keeps one core busy
STAGES = [
    {"notebooks": [*MAKE, "notebooks"]},
    {
        "pages": [*MAKE, "pages"],
        "lessons": FILL,
        "ruff check": [*MODULE, "ruff", "check"],
        "ruff format": [*MODULE, "ruff", "format", "--check"],
        "mypy": [*MODULE, "mypy"],
    },
    {"pytest": [*MODULE, "pytest", *WORKERS, "--nbval", *PATIENCE, *PLACES]},
]


@dataclass
class Outcome:
    """How a check went.

    seconds : by the clock
    closing : its last line that says something
    """

    name: str
    succeeded: bool
    seconds: float
    closing: str


def run_check(name: str, command: list[str]) -> Outcome:
    """Run a command, passing its output on line by line."""
    started = time.perf_counter()
    closing = ""
    print(f"=== {name}", flush=True)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            closing = line.strip().strip("= ") or closing
    if process.returncode < 0:
        closing = f"killed by signal {-process.returncode}"
    seconds = time.perf_counter() - started
    return Outcome(name, process.returncode == 0, seconds, closing)


def run_stage(checks: dict[str, list[str]]) -> list[Outcome]:
    """Run some checks: the first, and the others in turn beside it."""
    (first, command), *others = checks.items()
    with ThreadPoolExecutor(1) as beside:
        leading = beside.submit(run_check, first, command)
        following = [run_check(*other) for other in others]
        return [leading.result(), *following]


def main() -> int:
    """Run all checks; return 1 if one of them failed."""
    started = time.perf_counter()
    outcomes = [outcome for stage in STAGES for outcome in run_stage(stage)]
    print("\n=== Summary")
    for one in outcomes:
        word = "passed" if one.succeeded else "FAILED"
        print(f"{word}  {one.name:<12} {one.seconds:6.1f} s  {one.closing}")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = usage.ru_utime + usage.ru_stime
    clock = time.perf_counter() - started
    print(f"{clock:.0f} s by the clock, {processor:.0f} s of the processor")
    return 0 if all(one.succeeded for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
