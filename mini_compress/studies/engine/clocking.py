"""One run of a study of time: what it took, as a row."""

import time
from collections.abc import Callable

from ...hardware import Timing
from .grid import Run
from .rows import TimingRow


def time_run(run: Run, clock: Callable[[Run], tuple[Timing, int]]) -> TimingRow:
    """Time a run on the thread that calls.

    clock : returns what a call took, and its multiply-accumulates
    """
    start = time.process_time()
    timing, macs = clock(run)
    return TimingRow(
        **vars(run),
        kernel=timing.kernel,
        repeats=timing.repeats,
        median_ms=timing.median_ms,
        min_ms=timing.min_ms,
        max_ms=timing.max_ms,
        macs=macs,
        seconds=round(time.process_time() - start, 2),
    )


def write_shape(shape: tuple[int, ...]) -> str:
    """Write a shape as the setting of a run."""
    return " x ".join(map(str, shape))


def read_shape(run: Run) -> tuple[int, ...]:
    """Read the shape in the settings of a run."""
    return tuple(map(int, run.settings["shape"].split(" x ")))
