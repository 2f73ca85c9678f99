"""What a benchmark is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """Two functions to time side by side.

    least_ratio : the target: peer's time / our time is at least this
    rounds : how often both are timed
    needs_vnni : the target holds on processors with VNNI only
    """

    work: str
    peer: str
    ours: Callable[[], object]
    theirs: Callable[[], object]
    least_ratio: float
    rounds: int = 9
    needs_vnni: bool = False
