"""Metrics, and their readings: a value, with its interval if it has one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .._require import require_int, require_one_of, require_real, require_text
from ..tables import Cell
from ..writing import significant

MISSING = "-"
MAX_DIGITS = 9
MAX_SIZE = 1e300  # beyond it, places on a scale overflow


class Reading(NamedTuple):
    """A measured value, and the ends of its interval, or its value twice."""

    value: float
    low: float
    high: float

    @property
    def has_interval(self) -> bool:
        """Whether the interval was given."""
        return self.low < self.high


@dataclass(frozen=True)
class Metric:
    r"""What is measured in each setting, and how its figures are written.

    name : as the reader sees it, and the key of its values
    unit : such as "%", "KB", "ms"; "" for none
    digits : decimals; None for three significant digits
    better : "higher" or "lower"; None where neither is better
    baseline : the value of the uncompressed network, or None
    limits : (low, high) of the scale; None for one that shows how the values
        differ
    log : whether the scale is logarithmic, as that of costs which span decades
        is anyhow
    margin : how much worse than the baseline (or than no difference) is held
        to be as good; it is marked, and what is near it is stretched

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
    margin: float | None = None

    def __post_init__(self) -> None:
        require_text("name of a metric", self.name)
        require_one_of("better", self.better, ["higher", "lower", None])
        if self.digits is not None:
            require_int("digits", self.digits, 0, MAX_DIGITS)
        if self.baseline is not None:
            self.read(f"baseline of {self.name}", self.baseline)
        if self.limits is not None:
            self._check_limits(*self.limits)
        if self.margin is not None:
            require_real("margin", self.margin)
            if self.better is None or self.margin <= 0:
                raise ValueError(
                    "margin must be above 0, of a metric with a better side, "
                    f"got {self.margin} and better={self.better!r}"
                )

    def _check_limits(self, low: float, high: float) -> None:
        for end in (low, high):
            _require_drawable(f"limits of {self.name}", end)
        if not low < high or (self.log and low <= 0):
            above = " from above 0" if self.log else ""
            raise ValueError(
                f"limits of {self.name} must rise{above}, got {(low, high)}"
            )

    @property
    def line(self) -> float | None:
        """The value at which the margin is used up, or None."""
        is_difference = self.unit == "pp"
        if self.margin is None or not (self.baseline or is_difference):
            return None
        worse = -self.margin if self.better == "higher" else self.margin
        return (self.baseline or 0.0) + worse

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
        ends = value if isinstance(value, Sequence) else (value, value, value)
        if len(ends) != 3:
            raise ValueError(
                f"{where} must be a number or (value, low, high), got {value}"
            )
        for end in ends:
            _require_drawable(where, end)
        reading = Reading(*map(float, ends))
        if not reading.low <= reading.value <= reading.high:
            raise ValueError(
                f"{where} must be (value, low, high) with "
                f"low <= value <= high, got {value}"
            )
        if self.log and reading.low < 1 / MAX_SIZE:
            raise ValueError(
                f"{where} must be above 0 on a logarithmic scale, got {value}"
            )
        return reading

    def write_number(self, value: float) -> str:
        """Write a value without its unit, with a true minus sign."""
        if self.digits is None:
            return significant(value).replace("-", "\N{MINUS SIGN}")
        rounded = round(value, self.digits) + 0.0  # no minus before a zero
        return f"{rounded:,.{self.digits}f}".replace("-", "\N{MINUS SIGN}")

    def with_unit(self, number: str) -> str:
        """Put the unit behind a written number; the two stay on one line."""
        return f"{number}\N{NO-BREAK SPACE}{self.unit}" if self.unit else number

    def write(self, value: float) -> str:
        """Write a value with its unit."""
        return self.with_unit(self.write_number(value))

    def write_interval(self, reading: Reading | None, between: str) -> str:
        """Write the two ends of the interval; nothing where there is none."""
        if reading is None or not reading.has_interval:
            return ""
        return between.join(map(self.write_number, reading[1:]))

    def write_cell(self, reading: Reading | None) -> Cell:
        """Write a reading as a table does: value, and interval in brackets."""
        if reading is None:
            return Cell(None, MISSING)
        number = self.write_number(reading.value)
        if not reading.has_interval:
            return Cell(reading.value, number)
        ends = self.write_interval(reading, ", ")
        interval = (reading.low, reading.high)
        return Cell(reading.value, f"{number} [{ends}]", interval=interval)


ACCURACY = Metric("accuracy", "%", digits=2, better="higher")


def _require_drawable(name: str, value: Any) -> None:
    require_real(name, value)
    if abs(float(value)) > MAX_SIZE:
        raise ValueError(
            f"{name} must be at most {MAX_SIZE:g} in size, got {value}"
        )
