"""Measurements that take too long for a chapter, and what they found.

`python -m mini_compress.studies list` names them; `load` reads the results
that ship with the package, from which the chapters plot.
"""

from .catalog import STUDIES
from .engine.results import Result, load, read
from .engine.rows import Row, TimingRow
from .engine.settings import Gain, Setting
from .engine.values import Values
from .engine.verdicts import Verdict, shipped

__all__ = [
    "STUDIES",
    "Gain",
    "Result",
    "Row",
    "Setting",
    "TimingRow",
    "Values",
    "Verdict",
    "load",
    "read",
    "shipped",
]
