"""The common scale on which the readings of all settings are drawn.

It turns a value into a place from 0 (left) to 100 (right):

    place = 100 * (value - low) / (high - low)

or the same of the logarithms. A scale that holds 0 and is not logarithmic
draws bars from 0; any other draws dots, because the length of a bar would
mean nothing.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from .metric import Metric, Reading

Ends = tuple[float, float]  # two places


@dataclass(frozen=True)
class Scale:
    """The range over which one metric is drawn.

    >>> scale = Scale(0, 50)
    >>> scale.place(10), scale.bar(Reading(10, 10, 10))
    (20.0, (0.0, 20.0))
    """

    low: float
    high: float
    log: bool = False

    @property
    def has_bars(self) -> bool:
        """Whether the length of a bar has a meaning."""
        return not self.log and self.low <= 0 <= self.high

    def place(self, value: float) -> float:
        """Return where a value lies, from 0 to 100."""
        ends = (value, self.low, self.high)
        x, low, high = map(math.log10, ends) if self.log else ends
        return round(100 * (x - low) / (high - low), 2)

    def bar(self, reading: Reading | None) -> Ends | None:
        """Return the two ends of a value's bar; for a dot, twice its place."""
        if reading is None:
            return None
        end = self.place(reading.value)
        return (self.place(0) if self.has_bars else end, end)

    def interval(self, reading: Reading | None) -> Ends | None:
        """Return the two ends of a value's interval."""
        if reading is None or not reading.has_interval:
            return None
        return (self.place(reading.low), self.place(reading.high))

    def decades(self) -> list[float]:
        """Return the places of the powers of ten between the ends."""
        if not self.log:
            return []
        first = math.floor(math.log10(self.low)) + 1
        last = math.ceil(math.log10(self.high))
        return [self.place(10.0**power) for power in range(first, last)]


def choose_scale(metric: Metric, readings: Iterable[Reading | None]) -> Scale:
    """Choose the scale that holds all readings and the baseline."""
    shown = [value for reading in readings if reading for value in reading]
    if metric.baseline is not None:
        shown.append(metric.baseline)
    low, high = metric.limits or _choose_limits(metric, shown)
    outside = [value for value in shown if not low <= value <= high]
    if outside:
        raise ValueError(
            f"limits of {metric.name} must hold every value, "
            f"got {(low, high)} and {outside[0]}"
        )
    return Scale(low, high, metric.log)


def _choose_limits(metric: Metric, shown: list[float]) -> Ends:
    if metric.log:
        first = math.floor(math.log10(min(shown, default=1)))
        last = math.ceil(math.log10(max(shown, default=1)))
        return 10.0**first, 10.0 ** max(last, first + 1)
    low, high = min([0.0, *shown]), max([0.0, *shown])
    if metric.unit == "%" and low == 0 and high <= 100:
        return 0.0, 100.0
    return (low, high) if low < high else (0.0, 1.0)
