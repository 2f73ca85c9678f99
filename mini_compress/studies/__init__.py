"""Measurements that take too long for a chapter, and what they found.

`python -m mini_compress.studies list` names them; `load` reads the results
that ship with the package, from which the chapters plot.
"""

from .catalog import STUDIES
from .engine.results import Result, Setting, load, read, shipped
from .engine.rows import Row, TimingRow

__all__ = [
    "STUDIES",
    "Result",
    "Row",
    "Setting",
    "TimingRow",
    "load",
    "read",
    "shipped",
]
