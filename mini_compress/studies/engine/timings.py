"""Recorded times: those of some versions, and what a method leaves of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .results import Result
from .rows import FLOAT, AnyRow, TimingRow
from .selection import words


@dataclass(frozen=True)
class RecordedTimes:
    """Milliseconds of versions of a network, recorded together.

    ms : by version; the fastest of the repeated calls, as others on the
        machine only make them longer
    conditions : what was called, how often, on which processor
    """

    ms: Mapping[Any, float]
    conditions: str


def recorded_times(
    result: Result, versions: Mapping[Any, Mapping[str, Any]]
) -> RecordedTimes:
    """Look up the times of versions of a network.

    result : of a study of times
    versions : what a version is called -> as for `Result.select`, one row.
        That they ran different kernels, or different numbers of calls, is a
        ValueError: such times do not belong side by side. A kernel's name may
        hold the row's method, such as the form that a runtime was given.

    >>> from mini_compress import studies
    >>> times = studies.load("factored_timing")
    >>> place = {"network": "LeNet300", "run": "inference", "batch": 1}
    >>> recorded_times(
    ...     times, {"an eighth": {"share": 0.125, **place}}
    ... ).conditions
    'the fastest of 51 calls of torch float32, batch 1, on one thread \
(Intel(R) Xeon(R) Processor), by the study factored_timing'
    """
    rows = {
        key: _only(result, result.select(**wanted), words(wanted))
        for key, wanted in versions.items()
    }
    ways = {(row.repeats, _kernel(row)) for row in rows.values()}
    if len(ways) != 1:
        raise ValueError(
            "versions must have one kernel and number of calls, got "
            f"{sorted(ways)}"
        )
    [(repeats, kernel)] = ways
    return RecordedTimes(
        ms={key: row.min_ms for key, row in rows.items()},
        conditions=f"the fastest of {repeats} calls of {kernel}, on one "
        f"thread ({result.machine['processor']}), by the study "
        f"{result.study}",
    )


def _kernel(row: TimingRow) -> str:
    """Return the name of a row's kernel, without the row's method."""
    return re.sub(rf" {re.escape(row.method)}\b", "", row.kernel)


def time_left(result: Result, **wanted: Any) -> tuple[float, float]:
    """Return which parts of the uncompressed MACs and time are left.

    result : of a study of times
    wanted : as for `Result.select`, of one row; it is held against the float
        row of the same network or shape, whose settings it has
    returns : both over those of the float row; the times are the fastest of
        the repeated calls, as others on the machine only make them longer

    >>> from mini_compress import studies
    >>> macs, ms = time_left(
    ...     studies.load("timing"),
    ...     network="LeNet5",
    ...     method="fold_batchnorm",
    ...     batch=1,
    ... )
    >>> f"{macs:.0%}"
    '100%'
    """
    row = _only(result, result.select(**wanted), words(wanted))
    floats = result.select(
        method=FLOAT, network=row.network, dataset=row.dataset
    )
    whole = _only(
        result,
        tuple(x for x in floats if x.settings.items() <= row.settings.items()),
        f"float, as {words(wanted)}",
    )
    return row.macs / whole.macs, row.min_ms / whole.min_ms


def _only(result: Result, rows: tuple[AnyRow, ...], asked: str) -> TimingRow:
    """Return the one time among rows; refuse none, several and other rows."""
    if len(rows) != 1 or not isinstance(rows[0], TimingRow):
        raise ValueError(
            f"{result.study} must have one time for {asked}, got {len(rows)} "
            "rows or no times"
        )
    return rows[0]
