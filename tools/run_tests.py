"""Run every check of the project one after the other, then say how each went.

A check that fails does not stop the others. Called by `make test`.
"""

import os
import subprocess
import sys
import time

JOBS = str(min(os.cpu_count() or 1, 8))
MODULE = [sys.executable, "-m"]
# one file per worker: a notebook's cells depend on each other; in their own
# order, for the files with the fewest tests are those that take longest
WORKERS = ["-n", JOBS, "--dist", "loadfile", "--no-loadscope-reorder"]
PYTEST = [*MODULE, "pytest", *WORKERS]
CHECKS = {
    "ruff check": [*MODULE, "ruff", "check"],
    "ruff format": [*MODULE, "ruff", "format", "--check"],
    "mypy": [*MODULE, "mypy"],
    "book": ["make", "--no-print-directory", "book"],
    "pytest": PYTEST,
    "nbval": [
        *PYTEST,
        "--nbval",
        "--nbval-cell-timeout=120",
        "_build/jupyter_execute",
    ],
}


def run_check(command: list[str]) -> tuple[bool, float, str]:
    """Run a command, passing its output on.

    returns : whether it succeeded, its seconds, its last line that says
        something
    """
    started = time.perf_counter()
    closing = ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            closing = line.strip() or closing
    if process.returncode < 0:
        closing = f"killed by signal {-process.returncode}"
    return process.returncode == 0, time.perf_counter() - started, closing


def main() -> int:
    """Run all checks; return 1 if one of them failed."""
    summary = []
    for number, (name, command) in enumerate(CHECKS.items(), start=1):
        print(f"\n=== {number}/{len(CHECKS)} {name}", flush=True)
        succeeded, seconds, closing = run_check(command)
        summary.append((succeeded, name, seconds, closing))
    print("\n=== Summary")
    for succeeded, name, seconds, closing in summary:
        outcome = "passed" if succeeded else "FAILED"
        print(f"{outcome}  {name:<12} {seconds:6.1f} s  {closing}")
    return 0 if all(succeeded for succeeded, *_ in summary) else 1


if __name__ == "__main__":
    sys.exit(main())
