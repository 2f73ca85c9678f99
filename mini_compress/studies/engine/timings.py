"""What a method leaves of the work, and of the time that was measured."""

from typing import Any

from .results import Result
from .rows import FLOAT, AnyRow, TimingRow
from .selection import words


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
