"""Times that can be compared, on a machine that others use too.

The clock counts the processor's time for this process, all of its threads
together. For work on one thread that is the time on the wall, less the moments
in which the processor was lent to someone else.
"""

import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

PERCENTILE = 20  # below it lie the rounds in which little else ran
LONG_MS = 100  # calls that take longer have no use for warm caches


def time_once(function: Callable[[], object]) -> float:
    """Return the milliseconds of processor time of one call."""
    start = time.process_time_ns()
    function()
    return (time.process_time_ns() - start) / 1e6


def side_by_side(
    functions: list[Callable[[], object]], rounds: int
) -> np.ndarray:
    """Time functions in turns, so that a slow moment of the machine hits all.

    A turn is the best of a few calls in a row where these are short, so that
    none suffers from the caches that the other one left.
    returns : (functions,) milliseconds, a low percentile of the rounds
    """
    first = [time_once(one) for one in functions]  # fills caches, allocates
    calls = [1 if ms > LONG_MS else 5 for ms in first]
    times = [
        [
            min(time_once(one) for _ in range(count))
            for one, count in zip(functions, calls, strict=True)
        ]
        for _ in range(rounds)
    ]
    return np.percentile(times, PERCENTILE, axis=0)


def import_ms(*modules: str, rounds: int) -> np.ndarray:
    """Time imports, each in a Python of its own: (modules,) milliseconds."""
    clock = (
        "import time; start = time.process_time(); import {}; "
        "print(time.process_time() - start)"
    )

    def run(module: str) -> float:
        command = [sys.executable, "-c", clock.format(module)]
        return float(subprocess.check_output(command)) * 1e3

    times = [[run(one) for one in modules] for _ in range(rounds)]
    return np.percentile(times, PERCENTILE, axis=0)


def imports(module: str, other: str) -> bool:
    """Whether importing one module imports the other."""
    code = f"import sys, {module}; print({other!r} in sys.modules)"
    return subprocess.check_output([sys.executable, "-c", code]) == b"True\n"


def peak_bytes(function: Callable[[], np.ndarray]) -> int:
    """Return the bytes that a call holds at its peak beyond its result."""
    tracemalloc.start()
    try:
        result = function()
        return tracemalloc.get_traced_memory()[1] - result.nbytes
    finally:
        tracemalloc.stop()
