"""Metrics, their readings, and the common scale on which they are drawn.

A scale turns a reading into places from 0 (left) to 100 (right):

    place = 100 * (value - low) / (high - low)

or the same of the logarithms. A scale that holds 0 and is not logarithmic
draws bars from 0; any other draws dots, because the length of a bar would
mean nothing.
"""

import math
import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .._require import require_finite, require_int, require_one_of
from ..hardware.tables import significant

MISSING = "-"
MAX_DIGITS = 9


class Reading(NamedTuple):
    """A measured value, and its interval if it has one."""

    value: float
    low: float | None = None
    high: float | None = None

    def numbers(self) -> list[float]:
        """Return the numbers that must fit on a scale."""
        return [number for number in self if number is not None]


@dataclass(frozen=True)
class Metric:
    r"""What is measured in each setting, and how its figures are written.

    name : as the reader sees it, and the key of its values
    unit : such as "%", "KB", "ms"; "" for none
    digits : decimals; None for three significant digits
    better : "higher" or "lower"; None where neither is better
    baseline : the value of the uncompressed network, or None
    limits : (low, high) of the scale; None for a scale from 0 to the largest
        value, or to 100 for a percentage, or over whole decades
    log : whether the scale is logarithmic; for values that span decades

    >>> Metric("file", "KB", better="lower").write(43.21)
    '43.2\xa0KB'
    """

    name: str
    unit: str = ""
    digits: int | None = 1
    better: str | None = None
    baseline: float | None = None
    limits: tuple[float, float] | None = None
    log: bool = False

    def __post_init__(self) -> None:
        require_text("name of a metric", self.name)
        require_one_of("better", self.better, ["higher", "lower", None])
        if self.digits is not None:
            require_int("digits", self.digits, 0, MAX_DIGITS)
        if self.baseline is not None:
            self.read("baseline", self.baseline)
        if self.limits is not None:
            low, high = (require_real("limits", x) for x in self.limits)
            if not low < high or (self.log and low <= 0):
                raise ValueError(
                    f"limits of {self.name} must rise"
                    f"{' from above 0' if self.log else ''}, got {self.limits}"
                )

    @property
    def header(self) -> str:
        """The name with the unit, as a table's header."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def read(self, where: str, value: Any) -> Reading | None:
        """Check a value as it was passed in.

        value : a number, (value, low, high), or None where there is none
        """
        if value is None:
            return None
        numbers = value if isinstance(value, tuple | list) else (value,)
        if len(numbers) not in (1, 3):
            raise ValueError(
                f"{where} must be a number or (value, low, high), got {value}"
            )
        reading = Reading(*(require_real(where, x) for x in numbers))
        if reading.low is not None and reading.high is not None:
            if not reading.low <= reading.value <= reading.high:
                raise ValueError(
                    f"{where} must be (value, low, high) with "
                    f"low <= value <= high, got {value}"
                )
        if self.log and min(reading.numbers()) <= 0:
            raise ValueError(
                f"{where} must be above 0 on a logarithmic scale, got {value}"
            )
        return reading

    def write_number(self, value: float) -> str:
        """Write a value without its unit."""
        if self.digits is None:
            return significant(value)
        return f"{value:,.{self.digits}f}"

    def write(self, value: float) -> str:
        """Write a value with its unit; the two stay on one line."""
        number = self.write_number(value)
        return f"{number}\N{NO-BREAK SPACE}{self.unit}" if self.unit else number

    def write_interval(self, reading: Reading | None) -> str:
        """Write the two ends of the interval; nothing where there is none."""
        if reading is None or reading.low is None or reading.high is None:
            return ""
        ends = map(self.write_number, (reading.low, reading.high))
        return " to ".join(ends)

    def write_cell(self, reading: Reading | None) -> str:
        """Write a reading as a table does: value, and interval in brackets."""
        if reading is None:
            return MISSING
        number = self.write_number(reading.value)
        interval = self.write_interval(reading).replace(" to ", ", ")
        return f"{number} [{interval}]" if interval else number


@dataclass(frozen=True)
class Scale:
    """The range over which one metric is drawn, for all settings."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def of(cls, metric: Metric, readings: Iterable[Reading | None]) -> "Scale":
        """Choose the scale that holds all readings and the baseline."""
        shown = [
            x for reading in readings if reading for x in reading.numbers()
        ]
        if metric.baseline is not None:
            shown.append(metric.baseline)
        if metric.limits is not None:
            low, high = metric.limits
            outside = [x for x in shown if not low <= x <= high]
            if outside:
                raise ValueError(
                    f"limits of {metric.name} must hold every value, "
                    f"got {metric.limits} and {outside[0]}"
                )
        elif metric.log:
            low = 10.0 ** math.floor(math.log10(min(shown, default=1)))
            high = 10.0 ** math.ceil(math.log10(max(shown, default=1)))
        else:
            low, high = min([0.0, *shown]), max([0.0, *shown])
            if metric.unit == "%" and low == 0 and high <= 100:
                high = 100.0
        if low == high:
            high = low * 10 if metric.log else low + 1
        return cls(low, high, metric.log)

    @property
    def has_bars(self) -> bool:
        """Whether the length of a bar has a meaning."""
        return not self.log and self.low <= 0 <= self.high

    def place(self, value: float) -> float:
        """Return where a value lies, from 0 to 100."""
        ends = (value, self.low, self.high)
        x, low, high = map(math.log10, ends) if self.log else ends
        return round(100 * (x - low) / (high - low), 2)

    def bar(self, reading: Reading | None) -> tuple[float, float] | None:
        """Return the two ends of a value's bar; for a dot, twice its place."""
        if reading is None:
            return None
        end = self.place(reading.value)
        return (self.place(0) if self.has_bars else end, end)

    def interval(self, reading: Reading | None) -> tuple[float, float] | None:
        """Return the two ends of a value's interval."""
        if reading is None or reading.low is None or reading.high is None:
            return None
        return (self.place(reading.low), self.place(reading.high))

    def decades(self) -> list[float]:
        """Return the places of the powers of ten between the ends."""
        if not self.log:
            return []
        first = math.floor(math.log10(self.low)) + 1
        last = math.ceil(math.log10(self.high))
        return [self.place(10.0**power) for power in range(first, last)]


def require_text(name: str, value: Any) -> None:
    """Refuse anything but a string that says something."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, got {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{name} must not be empty, got {value!r}")


def require_real(name: str, value: Any) -> float:
    """Refuse anything but a finite real number; return it as a float."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        got = type(value).__name__
        raise TypeError(f"{name} must be a number, got {got}")
    require_finite(name, np.asarray(value, np.float64))
    return float(value)
