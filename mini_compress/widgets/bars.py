"""The HTML of metrics: name, figure, and a bar or a dot on the scale."""

import math
from collections.abc import Iterable
from html import escape

from .metric import MISSING, Metric, Reading
from .scale import Ends, Scale

HEIGHT = 22  # pixels
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MIDDLE = 9  # of the bars; below them lie the marks of all settings


def metric_row(
    metric: Metric,
    scale: Scale,
    reading: Reading | None,
    *,
    others: Iterable[Reading | None],
    baseline: str,
) -> str:
    """Write a metric of one setting, and its place among all others."""
    number, interval, bar, ends = draw(metric, scale, reading)
    better = f"{metric.better} is better" if metric.better else ""
    marks = sorted({scale.place(other.value) for other in others if other})
    lines = [
        level("mcx-track", (0, 100)),
        *(
            mark("mcx-decade", place, 2, 2 * MIDDLE - 2)
            for place in scale.decades()
        ),
        level(f"mcx-value mcx-{'bar' if scale.has_bars else 'dot'}", bar),
        level("mcx-interval", ends),
        *(mark("mcx-mark", place, 2 * MIDDLE, HEIGHT) for place in marks),
    ]
    if metric.baseline is not None:
        place = scale.place(metric.baseline)
        lines.append(mark("mcx-baseline", place, -1, HEIGHT))
    return (
        '<div class="mcx-metric">'
        f'<span class="mcx-name">{escape(metric.name)}<small>{better}</small>'
        f'</span><span class="mcx-figure"><b>{escape(number)}</b>'
        f"<small>{escape(interval)}</small></span><span>"
        f"{drawing('100%', lines)}{scale_texts(metric, scale, baseline)}"
        "</span></div>"
    )


def draw(
    metric: Metric, scale: Scale, reading: Reading | None
) -> tuple[str, str, Ends | None, Ends | None]:
    """Return a reading's two texts, and the ends of its bar and interval."""
    number = MISSING if reading is None else metric.write(reading.value)
    interval = metric.write_interval(reading, " to ")
    return number, interval, scale.bar(reading), scale.interval(reading)


def drawing(width: str, lines: Iterable[str]) -> str:
    """Write a drawing that says nothing that the text does not say."""
    return (
        f'<svg width="{width}" height="{HEIGHT}" aria-hidden="true" '
        f'focusable="false">{"".join(lines)}</svg>'
    )


def level(names: str, ends: Ends | None) -> str:
    """Write a horizontal line between two places; hidden if there are none."""
    x1, x2 = ends or (0, 0)
    hidden = "" if ends else ' style="display:none"'
    return (
        f'<line class="{names}" x1="{x1:g}%" x2="{x2:g}%" '
        f'y1="{MIDDLE}" y2="{MIDDLE}"{hidden}/>'
    )


def mark(name: str, place: float, top: int, bottom: int) -> str:
    """Write an upright line at a place."""
    return (
        f'<line class="{name}" x1="{place:g}%" x2="{place:g}%" '
        f'y1="{top}" y2="{bottom}"/>'
    )


def scale_texts(metric: Metric, scale: Scale, baseline: str) -> str:
    """Write what stands below a scale: its ends, and the baseline.

    The baseline's text lies on the side of its mark where there is more room;
    an end that it would meet is left out.
    """
    texts = [(0.0, write_end(metric, scale.low))]
    texts += [(100.0, write_end(metric, scale.high))]
    if metric.baseline is not None:
        place = scale.place(metric.baseline)
        low, high = (place, place + 50) if place <= 50 else (place - 50, place)
        texts = [(x, text) for x, text in texts if not low - 15 < x < high + 15]
        texts += [(place, f"{baseline} {metric.write(metric.baseline)}")]
    spans = (
        f"<span{' class=mcx-left' if place > 50 else ''} "
        f'style="left:{place:g}%">{escape(text)}</span>'
        for place, text in texts
    )
    return f'<small class="mcx-ends">{"".join(spans)}</small>'


def write_end(metric: Metric, value: float) -> str:
    """Write an end of a scale; decimals only if they are not zeros.

    The far ends of a logarithmic scale are powers of ten: 10⁶.
    """
    if metric.log and metric.limits is None and not 1e-4 < value < 1e6:
        power = round(math.log10(value))
        return metric.with_unit(f"10{str(power).translate(SUPERSCRIPTS)}")
    number = metric.write_number(value)
    whole, point, decimals = number.partition(".")
    number = f"{whole}{point}{decimals.rstrip('0')}".removesuffix(".")
    return number if value == 0 else metric.with_unit(number)


def legend(marks: str, has_intervals: bool) -> str:
    """Write what the small marks and the lines mean."""
    items = [(mark("mcx-mark", 50, 7, 15), escape(marks))]
    if has_intervals:
        items.append((level("mcx-interval", (20, 80)), "interval"))
    shown = (f"{drawing('14', [line])}{text}" for line, text in items)
    return "".join(f"<span>{item}</span>" for item in shown)
