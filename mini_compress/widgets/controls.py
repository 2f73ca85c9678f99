"""The HTML of knobs: a slider, a row of radio buttons, or a menu.

All are switched off in the markup; the script sets them free, so none is
dead where scripts do not run. Their names are local to the form around them.
"""

from collections.abc import Sequence
from html import escape

from .settings import Value, is_ordered, write_values

MAX_BUTTONS = 5  # a knob of more names becomes a menu
PIXELS = 335, 8, 22  # of a phone's line, of a letter, around a button
ROOM = 38  # characters that stand side by side below a slider, on a phone


def knob_row(key: str, name: str, values: Sequence[Value], at: int) -> str:
    """Write a knob: its name, its value, the control.

    key : the control's name in the form
    at : index of the value that it stands on
    """
    texts = [escape(text) for text in write_values(values).values()]
    label = escape(name)
    if is_ordered(values):
        kind, control = "slider", slider(key, label, values, at)
    elif has_buttons(values):
        kind, control = "buttons", buttons(key, label, texts, at)
    else:
        kind, control = "menu", menu(key, label, texts, at)
    return (
        f'<div class="mcx-knob"><span class="mcx-name">{label} '
        f'<b>{texts[at]}</b></span><span class="mcx-{kind}">{control}</span>'
        "</div>"
    )


def has_buttons(values: Sequence[Value]) -> bool:
    """Return whether a knob's names have room as buttons, on a phone."""
    line, letter, around = PIXELS
    letters = sum(map(len, write_values(values).values()))
    needed = letter * letters + around * len(values)
    return len(values) <= MAX_BUTTONS and needed <= line


def slider(key: str, label: str, values: Sequence[Value], at: int) -> str:
    """Write a slider with its values below."""
    text = escape([*write_values(values).values()][at])
    return (
        f'<input type="range" name="{key}" min="0" max="{len(values) - 1}" '
        f'value="{at}" aria-label="{label}" aria-valuetext="{text}" disabled>'
        f"{ticks(values)}"
    )


def ticks(values: Sequence[Value]) -> str:
    """Write the values along a slider: those that have room, first the ends.

    The others are there, but empty, so that each can be found by its place.
    """
    texts = list(write_values(values).values())
    last = len(texts) - 1
    taken: list[tuple[float, float]] = []
    shown = set()
    for i in (0, last, *range(1, last)):
        width = len(texts[i]) + 1
        left = i / last * (ROOM - width)
        if all(left + width <= a or left >= b for a, b in taken):
            taken.append((left, left + width))
            shown.add(i)
    spans = (
        f'<span style="--at:{round(i / last, 4)}">'
        f"{escape(text) if i in shown else ''}</span>"
        for i, text in enumerate(texts)
    )
    return f'<span class="mcx-ticks" aria-hidden="true">{"".join(spans)}</span>'


def buttons(key: str, label: str, texts: Sequence[str], at: int) -> str:
    """Write a row of radio buttons."""
    radios = (
        f'<label><input type="radio" name="{key}" value="{i}"'
        f"{' checked' if i == at else ''} disabled><span>{text}</span></label>"
        for i, text in enumerate(texts)
    )
    return (
        f'<span role="radiogroup" aria-label="{label}">{"".join(radios)}</span>'
    )


def menu(key: str, label: str, texts: Sequence[str], at: int) -> str:
    """Write a menu."""
    options = (
        f'<option value="{i}"{" selected" if i == at else ""}>{text}</option>'
        for i, text in enumerate(texts)
    )
    return (
        f'<select name="{key}" aria-label="{label}" disabled>'
        f"{''.join(options)}</select>"
    )
