"""The HTML of a metric as a curve over one knob, with a marker on it.

The curve of the setting that is shown goes over all values of that knob; pale
ones differ from it in one other knob. The script draws the same from the
places in its data when a knob turns.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from .bars import drawing, figure, write_number
from .metric import Metric, Reading
from .scale import Scale
from .settings import Knobs, Setting, choose_axis, is_ordered, write_values
from .ticks import choose_ticks

GAPS = (15, 60)  # of ticks, in percent of the height: of the first, of others


@dataclass(frozen=True)
class Walk:
    """Which settings a curve goes through.

    sizes : how many values each knob has
    axis : the knob over which curves go
    texts : how the values of that knob are written
    ordered : whether they count, so that a line joins them
    at : the setting that is shown, as indices
    """

    sizes: tuple[int, ...]
    axis: int
    texts: tuple[str, ...]
    ordered: bool
    at: tuple[int, ...]

    @classmethod
    def along(cls, knobs: Knobs, setting: Setting) -> "Walk":
        """Walk over the knob that slides, from a setting."""
        axis, values = choose_axis(knobs), list(knobs.values())
        at = (x.index(y) for x, y in zip(values, setting, strict=True))
        return cls(
            sizes=tuple(map(len, values)),
            axis=axis,
            texts=tuple(write_values(values[axis]).values()),
            ordered=is_ordered(values[axis]),
            at=tuple(at),
        )

    @property
    def between(self) -> str:
        """What joins two points of a path: a line, or dots without one."""
        return "L" if self.ordered else "h0M"

    @property
    def x(self) -> float:
        """Where the marker stands, from 0 to 100."""
        return self.places[self.at[self.axis]]

    @property
    def places(self) -> list[float]:
        """Where the values of the axis stand, from 0 to 100."""
        last = self.sizes[self.axis] - 1
        return [round(100 * i / last, 2) for i in range(last + 1)]

    def curve(self, at: Sequence[int]) -> list[int]:
        """Return the settings of the curve through one, as they are listed."""
        strides = [math.prod(self.sizes[i + 1 :]) for i in range(len(at))]
        start = sum(
            i * stride
            for knob, (i, stride) in enumerate(zip(at, strides, strict=True))
            if knob != self.axis
        )
        return [
            start + i * strides[self.axis] for i in range(self.sizes[self.axis])
        ]

    def others(self) -> list[list[int]]:
        """Return the curves that differ in one other knob."""
        return [
            self.curve((*self.at[:knob], i, *self.at[knob + 1 :]))
            for knob, size in enumerate(self.sizes)
            if knob != self.axis
            for i in range(size)
            if i != self.at[knob]
        ]


def plot_row(
    metric: Metric,
    scale: Scale,
    readings: Sequence[Reading | None],
    *,
    walk: Walk,
    baseline: str,
    lead: bool,
) -> str:
    """Write a metric as its figure and its curves.

    readings : of all settings, as `list_settings` gives them
    lead : whether it is drawn large
    """
    own = walk.curve(walk.at)
    reading = readings[own[walk.at[walk.axis]]]
    place = None if reading is None else 100 - scale.place(reading.value)
    ends = scale.interval(reading)
    marks = [
        line("mcx-guide", (0, 100)),
        line("mcx-marker", None if place is None else (place, place)),
        line("mcx-interval", ends and (100 - ends[0], 100 - ends[1])),
    ]
    if lead and not walk.ordered:
        marks.append(name_below(walk))
    drawn = [
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none">'
        f"{paths(scale, readings, walk)}</svg>",
        f'<svg class="mcx-now" x="{walk.x:g}%">{"".join(marks)}</svg>',
    ]
    ground = [*grid(scale, GAPS[not lead]), *limits(metric, scale, baseline)]
    kind = "mcx-plot mcx-lead" if lead else "mcx-plot"
    return (
        f'<div class="mcx-metric {kind}">{figure(metric, reading)}'
        f"{drawing([*ground, *drawn])}</div>"
    )


def paths(scale: Scale, readings: Sequence[Reading | None], walk: Walk) -> str:
    """Write the curves as paths on a square of 100."""
    between, own = walk.between, walk.curve(walk.at)
    drawn = {
        "others": "".join(
            path(scale, readings, walk, one, between) for one in walk.others()
        ),
        "curve": path(scale, readings, walk, own, between),
        "points": path(scale, readings, walk, own, "h0M"),
    }
    dots = "" if walk.ordered else " mcx-dots"
    return "".join(
        f'<path class="mcx-{name}{dots}" d="{d}"/>' for name, d in drawn.items()
    )


def path(
    scale: Scale,
    readings: Sequence[Reading | None],
    walk: Walk,
    curve: Sequence[int],
    between: str,
) -> str:
    """Write a curve: from point to point, over what was never run.

    A line of no length is a dot, for its ends are round.
    """
    points = [
        f"{x:g} {round(100 - scale.place(reading.value), 1):g}"
        for x, i in zip(walk.places, curve, strict=True)
        if (reading := readings[i])
    ]
    return f"M{between.join(points)}h0" if points else ""


def line(name: str, down: Sequence[float] | None) -> str:
    """Write a line down between two places; hidden if there are none."""
    y1, y2 = down or (0, 0)
    hidden = "" if down else ' style="display:none"'
    return f'<line class="{name}" y1="{y1:g}%" y2="{y2:g}%"{hidden}/>'


def level(name: str, y: float) -> str:
    """Write a line from side to side."""
    return f'<line class="{name}" x2="100%" y1="{y:g}%" y2="{y:g}%"/>'


def name_below(walk: Walk) -> str:
    """Write the name of the setting that is shown below its marker."""
    # to the side where there is room for it
    anchor = "start" if walk.x < 33 else "middle" if walk.x < 67 else "end"
    return (
        f'<text class="mcx-here" y="100%" dy="1.5em" '
        f'style="text-anchor:{anchor}">{escape(walk.texts[walk.at[walk.axis]])}'
        "</text>"
    )


def grid(scale: Scale, gap: float) -> list[str]:
    """Write a line and a text for round values; at least for both ends."""
    lines = []
    for value in choose_ticks(scale, gap):
        y = 100 - scale.place(value)
        lines += [
            level("mcx-grid", y),
            f'<text class="mcx-tick" y="{y:g}%">{write_number(value)}</text>',
        ]
    return lines


def limits(metric: Metric, scale: Scale, baseline: str) -> list[str]:
    """Write the lines of the baseline and of the margin, with their names.

    Between them lies what is held to be as good, so the names lie outside.
    """
    marked = []
    if metric.baseline is not None:
        text = f"{baseline} {metric.write(metric.baseline)}"
        marked.append(("baseline", metric.baseline, text))
    if metric.line is not None and scale.low <= metric.line <= scale.high:
        marked.append(("margin", metric.line, write_margin(metric)))
    lines = []
    for name, value, text in marked:
        y = 100 - scale.place(value)
        above = (name == "baseline") is (metric.better != "lower")
        lines += [
            level(f"mcx-{name}", y),
            f'<text class="mcx-named mcx-at-{name}" x="100%" y="{y:g}%" '
            f'dy="{"-.35em" if above else "1.05em"}">{escape(text)}</text>',
        ]
    return lines


def write_margin(metric: Metric) -> str:
    """Write how wide the margin is."""
    unit = "pp" if metric.unit == "%" else metric.unit
    return f"margin {metric.margin:g}\N{NO-BREAK SPACE}{unit}"
