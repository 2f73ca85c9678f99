"""The HTML of the widgets: inline, without ids, the same twice.

A display is a form of method "dialog", which can never be sent anywhere. All
texts and places of all settings are worked out here and travel as JSON; the
script only puts them in.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

from ..plotting import COLORS
from .metric import MISSING, Metric, Reading, Scale
from .picture import Picture
from .settings import Value, is_numeric, list_settings, write_value

if TYPE_CHECKING:
    from .explorer import Explorer

MAX_BUTTONS = 5  # a knob of more names becomes a menu
MAX_TICKS = 10  # a slider of more values names the first and the last
BAR_HEIGHT = 22  # pixels

Ends = tuple[float, float] | None


@cache
def asset(name: str) -> str:
    """Return a file of this folder, a script or a style."""
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def script_data(value: Any) -> str:
    """Write JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def frame(title: str, family: str, body: str, kind: str = "") -> str:
    """Wrap a display: its style, its colour, its title."""
    name = family.replace("_", "-")
    color = f"var(--mc-{name},{COLORS[family]})"
    return (
        f'<form class="mcx{kind}" method="dialog" autocomplete="off" '
        f'aria-label="{escape(title)}" style="--mcx-family:{color}">'
        f"<style>{asset('widgets.css')}</style>{body}</form>"
    )


def explorer(shown: "Explorer") -> str:
    """Write an Explorer: its default setting, its table, its script."""
    at = list_settings(shown.knobs).index(shown.default)
    pictures = list(dict.fromkeys(shown.pictures.values()))
    rows = [
        metric_row(
            metric,
            scale,
            shown.values[shown.default][metric.name],
            others=shown.readings(metric),
            baseline=shown.baseline,
        )
        for metric, scale in zip(shown.metrics, shown.scales, strict=True)
    ]
    body = [
        f'<p class="mcx-title">{escape(shown.title)}</p>',
        '<div class="mcx-knobs">',
        *knob_rows(shown),
        "</div>",
        picture_box(pictures, shown.pictures.get(shown.default)),
        '<div class="mcx-metrics">',
        *rows,
        "</div>",
        note_line(shown.note),
        '<output class="mcx-said" aria-live="polite"></output>',
        "<details><summary>All values</summary>",
        f'<div class="mcx-table" tabindex="0" role="group" '
        f'aria-label="All values">{shown.table().html()}</div></details>',
        '<script type="application/json">',
        script_data({"at": at, **explorer_data(shown, pictures)}),
        f"</script><script>{asset('explorer.js')}</script>",
    ]
    return frame(shown.title, shown.family, "".join(body))


def explorer_data(shown: "Explorer", pictures: list[Picture]) -> dict[str, Any]:
    """Return what the script puts in: texts and places of every setting."""
    settings = [
        [
            pictures.index(shown.pictures[setting])
            if setting in shown.pictures
            else -1,
            *(
                draw(metric, scale, readings[metric.name])
                for metric, scale in zip(
                    shown.metrics, shown.scales, strict=True
                )
            ),
        ]
        for setting, readings in shown.values.items()
    ]
    knobs = [list(map(write_value, values)) for values in shown.knobs.values()]
    return {"knobs": knobs, "settings": settings}


def draw(
    metric: Metric, scale: Scale, reading: Reading | None
) -> tuple[str, str, Ends, Ends]:
    """Return a reading's two texts, and the ends of its bar and interval."""
    number = MISSING if reading is None else metric.write(reading.value)
    interval = metric.write_interval(reading)
    return number, interval, scale.bar(reading), scale.interval(reading)


def knob_rows(shown: "Explorer") -> Iterable[str]:
    """Write one row per knob: its name, its value, the control."""
    for number, (name, values) in enumerate(shown.knobs.items()):
        at = values.index(shown.default[number])
        key = f"knob{number}"
        if is_numeric(values):
            control = slider(key, name, values, at)
        elif len(values) <= MAX_BUTTONS:
            control = buttons(key, name, values, at)
        else:
            control = menu(key, name, values, at)
        yield (
            f'<div class="mcx-knob"><span class="mcx-name">{escape(name)}'
            f"</span> <b>{escape(write_value(values[at]))}</b>{control}</div>"
        )


def slider(key: str, name: str, values: Sequence[Value], at: int) -> str:
    """Write a slider with its values below; the script sets it free."""
    last = len(values) - 1
    shown = range(last + 1) if last < MAX_TICKS else (0, last)
    ticks = "".join(
        f'<span style="--at:{round(i / last, 4)}">'
        f"{escape(write_value(values[i]))}</span>"
        for i in shown
    )
    return (
        f'<span class="mcx-slider"><input type="range" name="{key}" min="0" '
        f'max="{last}" value="{at}" aria-label="{escape(name)}" '
        f'aria-valuetext="{escape(write_value(values[at]))}" disabled>'
        f'<span class="mcx-ticks" aria-hidden="true">{ticks}</span></span>'
    )


def buttons(key: str, name: str, values: Sequence[Value], at: int) -> str:
    """Write a row of radio buttons."""
    radios = "".join(
        f'<label><input type="radio" name="{key}" value="{i}"'
        f"{' checked' if i == at else ''} disabled>"
        f"<span>{escape(write_value(value))}</span></label>"
        for i, value in enumerate(values)
    )
    return (
        f'<span class="mcx-buttons" role="radiogroup" '
        f'aria-label="{escape(name)}">{radios}</span>'
    )


def menu(key: str, name: str, values: Sequence[Value], at: int) -> str:
    """Write a menu."""
    options = "".join(
        f'<option value="{i}"{" selected" if i == at else ""}>'
        f"{escape(write_value(value))}</option>"
        for i, value in enumerate(values)
    )
    return (
        f'<select name="{key}" aria-label="{escape(name)}" disabled>'
        f"{options}</select>"
    )


def metric_row(
    metric: Metric,
    scale: Scale,
    reading: Reading | None,
    *,
    others: Iterable[Reading | None],
    baseline: str,
) -> str:
    """Write a metric: its name, its figure, its place among all settings."""
    number, interval, bar, ends = draw(metric, scale, reading)
    better = f"{metric.better} is better" if metric.better else ""
    marks = sorted({scale.place(other.value) for other in others if other})
    lines = [
        line((0, 100), "mcx-track"),
        *(line((place, place), "mcx-decade") for place in scale.decades()),
        line(bar, "mcx-bar" if scale.has_bars else "mcx-dot"),
        *(line((place, place), "mcx-mark") for place in marks),
        line(ends, "mcx-interval"),
    ]
    if metric.baseline is not None:
        place = scale.place(metric.baseline)
        lines.append(line((place, place), "mcx-baseline"))
    return (
        '<div class="mcx-metric">'
        f'<span class="mcx-name">{escape(metric.name)}<small>{better}</small>'
        f'</span><span class="mcx-figure"><b>{escape(number)}</b>'
        f"<small>{escape(interval)}</small></span>"
        f'<span class="mcx-scale"><svg width="100%" height="{BAR_HEIGHT}" '
        f'aria-hidden="true" focusable="false">{"".join(lines)}</svg>'
        f"{scale_texts(metric, scale, baseline)}</span></div>"
    )


def line(ends: Ends, name: str) -> str:
    """Write a horizontal line of the drawing, or a mark if both ends meet."""
    x1, x2 = ends or (0, 0)
    upright = name in ("mcx-mark", "mcx-decade", "mcx-baseline")
    y1, y2 = (0, BAR_HEIGHT) if upright else (BAR_HEIGHT // 2,) * 2
    hidden = "" if ends else ' style="display:none"'
    return (
        f'<line class="{name}" x1="{x1:g}%" x2="{x2:g}%" '
        f'y1="{y1}" y2="{y2}"{hidden}/>'
    )


def scale_texts(metric: Metric, scale: Scale, baseline: str) -> str:
    """Write what stands below a scale: its ends, and the baseline.

    An end that the baseline's text would meet is left out.
    """
    place = None if metric.baseline is None else scale.place(metric.baseline)
    texts = []
    if place is None or 10 <= place <= 50 or place >= 65:
        texts.append((0.0, write_end(metric, scale.low)))
    if metric.baseline is not None and place is not None:
        figure = metric.write(metric.baseline)
        texts.append((place, f"{baseline} {figure}"))
    if place is None or place <= 30 or 50 < place <= 85:
        texts.append((100.0, write_end(metric, scale.high)))
    return (
        '<small class="mcx-ends">'
        + "".join(
            f'<span class="{"mcx-left" if x > 50 else "mcx-right"}" '
            f'style="left:{x:g}%">{escape(text)}</span>'
            for x, text in texts
        )
        + "</small>"
    )


def write_end(metric: Metric, value: float) -> str:
    """Write an end of a scale: round numbers without decimals, 0 alone."""
    if value == 0:
        return "0"
    number = f"{value:,.0f}" if value == int(value) else None
    if number is None:
        return metric.write(value)
    return f"{number}\N{NO-BREAK SPACE}{metric.unit}" if metric.unit else number


def picture_box(pictures: Iterable[Picture], shown: Picture | None) -> str:
    """Write all pictures; all but one are hidden."""
    images = "".join(
        f'<img src="{escape(picture.uri)}" alt="{escape(picture.alt)}"'
        f"{'' if picture == shown else ' hidden'}>"
        for picture in pictures
    )
    return f'<div class="mcx-pictures">{images}</div>' if images else ""


def note_line(note: str) -> str:
    """Write where the figures come from."""
    return f'<p class="mcx-note">{escape(note)}</p>' if note else ""
