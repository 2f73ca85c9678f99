"""The HTML of whole displays: inline, without ids, the same twice.

A display is a form of method "dialog", which is never sent anywhere. Texts
and places of all settings are worked out here and travel as JSON; the script
only puts them in.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from ..plotting import COLORS
from .bars import bar_row, legend, write
from .controls import knob_row, ticks
from .curves import Walk, plot_row, write_margin
from .metric import Metric, Reading
from .picture import Picture
from .results import Results
from .scale import Scale


@cache
def asset(name: str) -> str:
    """Return a script or a style of this folder, without its comments."""
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if not line.startswith("//"))


def script(data: Any = None, own: str = "widgets.js") -> str:
    """Write the script, and before it the data that it reads.

    data : cannot end the element it stands in
    own : what follows `common.js`
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("<", "\\u003c")
    before = f'<script type="application/json">{text}</script>'
    parts = f"{asset('common.js')}\n{asset(own)}"
    code = f"<script>(() => {{\n{parts}\n}})();</script>"
    return code if data is None else before + code


def frame(label: str, family: str, body: str, attributes: str = "") -> str:
    """Wrap a display, so that it has a name and a colour."""
    return (
        f'<form class="mcx {color_class(family)}" method="dialog" '
        f'autocomplete="off" aria-label="{escape(label)}"{attributes}>'
        f"{style(family)}{body}</form>"
    )


def color_class(family: str) -> str:
    """Return the name of the class that gives a family's colour."""
    return f"mcx-{family.replace('_', '-')}"


def style(family: str) -> str:
    """Write the style, with the colour that the page gives or the figures'."""
    name = family.replace("_", "-")
    color = f"--mcx-family:var(--mc-{name},{COLORS[family]})"
    rule = f".{color_class(family)}{{{color}}}"
    return f"<style>{asset('widgets.css')}{rule}</style>"


def title(text: str) -> str:
    """Write the title of a display."""
    return f'<p class="mcx-title">{escape(text)}</p>'


def explorer(shown: Results) -> str:
    """Write results: their default setting, their table, their script."""
    pictures = list(dict.fromkeys(shown.pictures.values()))
    walk = Walk.along(shown.knobs, shown.default)
    rows = [
        knob_row(f"knob{i}", name, values, walk.at[i])
        for i, (name, values) in enumerate(shown.knobs.items())
    ]
    # the knob that slides is the axis of the curves, so it stands below them
    slider = rows.pop(walk.axis) if walk.ordered else ""
    body = (
        f"{title(shown.title)}"
        f'<div class="mcx-knobs">{"".join(rows)}</div>'
        f"{picture_box(pictures, shown.pictures.get(shown.default))}"
        f"{results(shown, walk, slider)}"
        '<output class="mcx-said" aria-live="polite"></output>'
        "<details><summary>All values</summary>"
        '<div class="mcx-table" tabindex="0" role="group" '
        f'aria-label="All values">{shown.table().html()}</div></details>'
        f"{script(explorer_data(shown, pictures, walk))}"
    )
    return frame(shown.title, shown.family, body)


def live_head(text: str, family: str) -> str:
    """Write the style and the title of an ipywidgets form."""
    return f"<style>{asset('live.css')}</style>{style(family)}{title(text)}"


def live(shown: Results) -> str:
    """Write the default setting of results, without knobs and table."""
    picture = shown.pictures.get(shown.default)
    box = picture_box([picture] if picture else [], picture)
    walk = Walk.along(shown.knobs, shown.default)
    values = [*shown.knobs.values()][walk.axis]
    axis = f'<div class="mcx-knob mcx-axis">{ticks(values)}</div>'
    return box + results(shown, walk, axis if walk.ordered else "")


def results(shown: Results, walk: Walk, axis: str) -> str:
    """Write the default setting's metrics, and how to read them.

    axis : what stands below the first curve
    """
    pairs = list(zip(shown.metrics, shown.scales, strict=True))
    if shown.has_bars:
        now = shown.values[shown.default]
        rows = [bar_row(m, scale, now[m.name]) for m, scale in pairs]
    else:
        rows = [
            plot_row(
                metric,
                scale,
                shown.readings(metric),
                walk=walk,
                baseline=shown.baseline,
                lead=metric is shown.metrics[0],
            )
            for metric, scale in pairs
        ]
    rows.insert(0 if shown.has_bars else 1, axis)
    kind = "mcx-metrics mcx-compared" if shown.has_bars else "mcx-metrics"
    note = key(shown, walk) + escape(shown.note)
    return (
        f'<div class="{kind}">{"".join(rows)}</div>'
        f'<p class="mcx-note">{note}</p>'
    )


def key(shown: Results, walk: Walk) -> str:
    """Write what the marks mean that are drawn."""
    marks = []
    if not shown.has_bars:
        if len(shown.knobs) > 1:
            marks.append(("mcx-others", "one other knob turned"))
        readings = (x for m in shown.metrics for x in shown.readings(m))
        if any(x and x.has_interval for x in readings):
            marks.append(("mcx-interval", "interval"))
        if any(m.baseline is not None for m in shown.metrics):
            marks.append(("mcx-baseline", shown.baseline))
        margins = [write_margin(m) for m in shown.metrics if m.margin]
        marks += [("mcx-margin", text) for text in dict.fromkeys(margins)]
    return legend(marks)


def explorer_data(
    shown: Results, pictures: list[Picture], walk: Walk
) -> dict[str, Any]:
    """Return what the script puts in: texts and places of every setting.

    A setting is its picture, and for each metric the value, its interval, its
    place and that of the interval; None is one that was never run.
    """
    index = {picture: i for i, picture in enumerate(pictures)}
    pairs = list(zip(shown.metrics, shown.scales, strict=True))
    run = set(shown.run)

    def found(metric: Metric, scale: Scale, reading: Reading | None) -> Any:
        place = None if reading is None else scale.place(reading.value)
        return [*write(metric, reading), place, scale.interval(reading)]

    settings = [
        [
            index[shown.pictures[setting]] if setting in shown.pictures else -1,
            *(found(m, scale, readings[m.name]) for m, scale in pairs),
        ]
        if setting in run
        else None
        for setting, readings in shown.values.items()
    ]
    return {
        "knobs": [list(texts.values()) for texts in shown.texts()],
        "axis": walk.axis,
        "between": walk.between,
        "settings": settings,
    }


def picture_box(pictures: Iterable[Picture], shown: Picture | None) -> str:
    """Write all pictures; all but one are hidden."""
    images = "".join(
        f'<img src="{escape(picture.uri)}" alt="{escape(picture.alt)}"'
        f"{'' if picture == shown else ' hidden'}>"
        for picture in pictures
    )
    return f'<div class="mcx-pictures">{images}</div>' if images else ""


def predict(
    question: str, choices: Sequence[str], *, answer: str, reveal: str
) -> str:
    """Write a Predict: without a script, a list and an answer to unfold."""
    radios = "".join(
        f'<label><input type="radio" name="choice" value="{i}">'
        f"<span>{escape(choice)}</span></label>"
        for i, choice in enumerate(choices)
    )
    paragraphs = "".join(
        f"<p>{escape(text)}</p>" for text in reveal.split("\n\n")
    )
    body = (
        '<p class="mcx-kind" aria-hidden="true">Predict</p>'
        f"<fieldset><legend>{escape(question)}</legend>{radios}"
        '</fieldset><button type="button" hidden>Commit and see</button>'
        '<output aria-live="polite"></output>'
        "<details><summary>Answer</summary>"
        f"<p><b>{escape(answer)}</b></p>{paragraphs}</details>{script()}"
    )
    at = choices.index(answer)
    label = f"Predict: {question}"
    return frame(label, "float", body, f' data-answer="{at}"')
