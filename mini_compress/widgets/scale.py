"""The scale on which the readings of all settings of a metric are drawn.

It turns a value into a place from 0 (low) to 100 (high):

    place = 100 * (f(value) - f(low)) / (f(high) - f(low))

f is the value itself, its logarithm, or, where most values lie close to a good
one and a few far off, asinh((value - near) / room): even within `room` of the
value `near`, and logarithmic further out, so that nothing is cut off.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from .metric import Metric, Reading

Ends = tuple[float, float]  # two places
STEPS = (1, 2, 5)  # times a power of ten: what a scale is divided by
PARTS = 4  # of a scale from one end to the other, at least
DECADE = 10  # largest over smallest cost from which on a scale is logarithmic
LEAST = 2.0  # percent; an accuracy's scale is never shorter
FAR = 20  # margins; a range that is larger is stretched at its good end


@dataclass(frozen=True)
class Scale:
    """The range over which one metric is drawn.

    near, room : what is stretched, or None

    >>> scale = Scale(0, 50)
    >>> scale.place(10), scale.bar(Reading(10, 10, 10))
    (20.0, (0.0, 20.0))
    """

    low: float
    high: float
    log: bool = False
    near: float | None = None
    room: float = 1.0

    @property
    def is_even(self) -> bool:
        """Whether equal distances are equal differences."""
        return not self.log and self.near is None

    @property
    def has_bars(self) -> bool:
        """Whether the length of a bar has a meaning."""
        return self.is_even and self.low <= 0 <= self.high

    def _bend(self, value: float) -> float:
        if self.log:
            return math.log10(value)
        if self.near is None:
            return value
        return math.asinh((value - self.near) / self.room)

    def place(self, value: float) -> float:
        """Return where a value lies, from 0 to 100."""
        x, low, high = map(self._bend, (value, self.low, self.high))
        return round(100 * (x - low) / (high - low), 1)

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


def choose_scale(
    metric: Metric, readings: Iterable[Reading | None], *, bars: bool = False
) -> Scale:
    """Choose the scale that shows how readings and the baseline differ.

    bars : whether it starts at 0, for bars whose lengths are compared
    """
    shown = [value for reading in readings if reading for value in reading]
    if metric.baseline is not None:
        shown.append(metric.baseline)
    if metric.limits:
        _check_inside(metric, shown)
        return Scale(*metric.limits, metric.log)
    low, high = min(shown, default=0.0), max(shown, default=1.0)
    if metric.log or (not bars and _spans_decades(metric, low, high)):
        return Scale(*_round_decades(low, high), log=True)
    if bars:
        return Scale(*_from_zero(metric, low, high))
    if room := _choose_room(metric, shown):
        near = _best(metric, shown)
        low, high = _widen(min(low, near), max(high, near), near, room)
        return Scale(low, high, near=near, room=room)
    if metric.unit == "%" and metric.better == "higher" and high > LEAST:
        low = min(low, high - LEAST)  # noise must not look like a cliff
    return Scale(*_round_even(low, high))


def _check_inside(metric: Metric, shown: Iterable[float]) -> None:
    low, high = metric.limits or (-math.inf, math.inf)
    outside = [value for value in shown if not low <= value <= high]
    if outside:
        raise ValueError(
            f"limits of {metric.name} must hold every value, "
            f"got {(low, high)} and {outside[0]}"
        )


def _spans_decades(metric: Metric, low: float, high: float) -> bool:
    costs = metric.better == "lower" and metric.margin is None
    return costs and 0 < DECADE * low <= high


def _best(metric: Metric, shown: Iterable[float]) -> float:
    """Return the value next to which differences matter.

    That is the baseline, 0 for a difference, or the best value.
    """
    if metric.baseline is not None:
        return metric.baseline
    if metric.unit == "pp":
        return 0.0
    return max(shown) if metric.better == "higher" else min(shown)


def _choose_room(metric: Metric, shown: list[float]) -> float | None:
    """Return how much is stretched; None where an even scale shows it all."""
    if metric.unit not in ("%", "pp") or not metric.better or not shown:
        return None
    span, best = max(shown) - min(shown), _best(metric, shown)
    if metric.margin is not None:
        return metric.margin if span > FAR * metric.margin else None
    distances = sorted(abs(value - best) for value in shown)
    median = distances[len(distances) // 2]
    return max(median / 2, span / 100) if 4 * median < span else None


def _widen(low: float, high: float, near: float, room: float) -> Ends:
    """Round the ends of a stretched scale outwards, each by its distance."""
    ends = []
    for end, sign in ((low, -1), (high, 1)):
        step = round_up(max(abs(end - near) / (2 * PARTS), room / PARTS))
        ends.append(sign * math.ceil(sign * end / step - 1e-9) * step)
    # not above 100 %, where no accuracy is
    return ends[0], 100.0 if high <= 100 < ends[1] else ends[1]


def round_up(least: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at least this."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(x * power for x in (*STEPS, 10) if x * power >= least * 0.999)


def _round_even(low: float, high: float) -> Ends:
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        room = abs(low) / 10 or 0.5
        low, high = low - room, high + room
    step = round_up((high - low) / PARTS)
    return (
        math.floor(low / step + 1e-9) * step,
        math.ceil(high / step - 1e-9) * step,
    )


def _round_decades(low: float, high: float) -> Ends:
    """Round outwards to 1, 2 or 5 times a power of ten."""
    ends = []
    for value, sign in ((low or 1.0, -1), (high, 1)):
        power = math.floor(math.log10(value))
        steps = [x * 10.0**power for x in (*STEPS, 10)]
        fit = [x for x in steps if sign * x >= sign * value * (1 - sign * 1e-9)]
        ends.append(min(fit) if sign > 0 else max(fit, default=value))
    first, last = ends
    return first, last if first < last else 10 * first


def _from_zero(metric: Metric, low: float, high: float) -> Ends:
    low, high = min(0.0, low), max(0.0, high)
    if metric.unit == "%" and low == 0 and high <= 100:
        return 0.0, 100.0
    return (low, high) if low < high else (0.0, 1.0)
