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
from .bars import draw, legend, metric_row
from .controls import knob_row
from .picture import Picture
from .results import Results


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
    knobs = (
        knob_row(f"knob{i}", name, values, values.index(shown.default[i]))
        for i, (name, values) in enumerate(shown.knobs.items())
    )
    body = (
        f"{title(shown.title)}"
        f'<div class="mcx-knobs">{"".join(knobs)}</div>'
        f"{picture_box(pictures, shown.pictures.get(shown.default))}"
        f"{results(shown)}"
        '<output class="mcx-said" aria-live="polite"></output>'
        "<details><summary>All values</summary>"
        '<div class="mcx-table" tabindex="0" role="group" '
        f'aria-label="All values">{shown.table().html()}</div></details>'
        f"{script(explorer_data(shown, pictures))}"
    )
    return frame(shown.title, shown.family, body)


def live_head(text: str, family: str) -> str:
    """Write the style and the title of an ipywidgets form."""
    return f"<style>{asset('live.css')}</style>{style(family)}{title(text)}"


def live(shown: Results) -> str:
    """Write the default setting of results, without knobs and table."""
    picture = shown.pictures.get(shown.default)
    box = picture_box([picture] if picture else [], picture)
    return box + results(shown, marks="settings so far")


def results(shown: Results, marks: str = "all settings") -> str:
    """Write the default setting's metrics, and how to read them."""
    rows = (
        metric_row(
            metric,
            scale,
            shown.values[shown.default][metric.name],
            others=shown.readings(metric),
            baseline=shown.baseline,
        )
        for metric, scale in zip(shown.metrics, shown.scales, strict=True)
    )
    has_intervals = any(
        reading and reading.has_interval
        for metric in shown.metrics
        for reading in shown.readings(metric)
    )
    note = legend(marks, has_intervals) + escape(shown.note)
    return (
        f'<div class="mcx-metrics">{"".join(rows)}</div>'
        f'<p class="mcx-note">{note}</p>'
    )


def explorer_data(shown: Results, pictures: list[Picture]) -> dict[str, Any]:
    """Return what the script puts in: texts and places of every setting."""
    index = {picture: i for i, picture in enumerate(pictures)}
    columns = [
        [draw(metric, scale, reading) for reading in shown.readings(metric)]
        for metric, scale in zip(shown.metrics, shown.scales, strict=True)
    ]
    at = [
        index[shown.pictures[setting]] if setting in shown.pictures else -1
        for setting in shown.values
    ]
    return {
        "knobs": [list(texts.values()) for texts in shown.texts()],
        "settings": list(zip(at, *columns, strict=True)),
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
