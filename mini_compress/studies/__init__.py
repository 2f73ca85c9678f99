"""Measurements that take too long for a chapter, and what they found.

`python -m mini_compress.studies list` names them; `load` reads the results
that ship with the package, from which the chapters plot. A `Study` of one's
own is run by `run_study`, or by `python -m mini_compress.studies
package.module:STUDY`.
"""

from .catalog import STUDIES
from .engine.gains import Gain
from .engine.grid import Better, Run, Study, cross
from .engine.results import Result, load, read
from .engine.rows import Row, TimingRow
from .engine.runner import run_study
from .engine.settings import Setting
from .engine.superiority import BetterClaim
from .engine.timings import RecordedTimes, recorded_times, time_left
from .engine.values import Values
from .engine.verdicts import Verdict, shipped
from .times.machine import overheads, recorded_machine

__all__ = [
    "STUDIES",
    "Better",
    "BetterClaim",
    "Gain",
    "RecordedTimes",
    "Result",
    "Row",
    "Run",
    "Setting",
    "Study",
    "TimingRow",
    "Values",
    "Verdict",
    "cross",
    "load",
    "overheads",
    "read",
    "recorded_machine",
    "recorded_times",
    "run_study",
    "shipped",
    "time_left",
]
