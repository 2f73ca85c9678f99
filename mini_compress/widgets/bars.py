"""The HTML of metrics that are compared with each other: bars on one scale.

And what every metric has: its name, its figure.
"""

import math
from collections.abc import Iterable, Sequence
from html import escape

from .metric import MISSING, Metric, Reading
from .scale import Scale

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def bar_row(metric: Metric, scale: Scale, reading: Reading | None) -> str:
    """Write a metric of one setting as a bar, or as a dot."""
    x1, x2 = scale.bar(reading) or (0, 0)
    kind = "mcx-bar" if scale.has_bars else "mcx-dot"
    hidden = ' style="display:none"' if reading is None else ""
    lines = [
        '<line class="mcx-track" x2="100%" y1="50%" y2="50%"/>',
        f'<line class="mcx-value {kind}" x1="{x1:g}%" x2="{x2:g}%" '
        f'y1="50%" y2="50%"{hidden}/>',
    ]
    return (
        f'<div class="mcx-metric">{figure(metric, reading)}'
        f"{drawing(lines)}</div>"
    )


def figure(metric: Metric, reading: Reading | None) -> str:
    """Write a metric's name and its figure, with the interval."""
    better = f"<small>{metric.better} is better</small>" * bool(metric.better)
    number, interval = write(metric, reading)
    return (
        f'<span class="mcx-name">{escape(metric.name)}{better}</span>'
        f'<span class="mcx-figure"><b>{escape(number)}</b> '
        f"<small>{escape(interval)}</small></span>"
    )


def write(metric: Metric, reading: Reading | None) -> tuple[str, str]:
    """Return a reading's two texts: the value, the ends of its interval."""
    number = MISSING if reading is None else metric.write(reading.value)
    return number, metric.write_interval(reading, " to ")


def drawing(lines: Iterable[str]) -> str:
    """Write a drawing that says nothing that the text does not say."""
    return f'<svg aria-hidden="true" focusable="false">{"".join(lines)}</svg>'


def write_number(value: float) -> str:
    """Write a round value of a scale; far off, as a power of ten: 10⁶.

    >>> write_number(2500.0), write_number(0.5), write_number(5e-5)
    ('2,500', '0.5', '5·10⁻⁵')
    """
    size = abs(value)
    power = math.log10(size) if size else 0
    if size and not -4 < power < 6:
        ten = f"10{str(math.floor(power)).translate(SUPERSCRIPTS)}"
        times = round(value / 10.0 ** math.floor(power), 2)
        return ten if times == 1 else f"{times:g}·{ten}"
    return f"{value:,.6g}".replace("-", "\N{MINUS SIGN}")


def legend(marks: Sequence[tuple[str, str]]) -> str:
    """Write what marks mean, each by its class and its name."""
    return "".join(
        f'<span><svg aria-hidden="true" focusable="false">'
        f'<line class="{name}" x1="1" x2="15" y1="50%" y2="50%"/></svg>'
        f"{escape(text)}</span>"
        for name, text in marks
    )
