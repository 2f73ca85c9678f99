"""The HTML of knobs: a slider, a row of radio buttons, or a menu.

All are switched off in the markup; the script sets them free, so none is
dead where scripts do not run. Their names are local to the form around them.
"""

from collections.abc import Sequence
from html import escape

from .settings import Value, is_numeric, write_values

MAX_BUTTONS = 5  # a knob of more names becomes a menu
MAX_TICKS = 10  # a slider of more values names the first and the last


def knob_row(key: str, name: str, values: Sequence[Value], at: int) -> str:
    """Write a knob: its name, its value, the control.

    key : the control's name in the form
    at : index of the value that it stands on
    """
    texts = [escape(text) for text in write_values(values).values()]
    label = escape(name)
    if is_numeric(values):
        kind, control = "slider", slider(key, label, texts, at)
    elif len(values) <= MAX_BUTTONS:
        kind, control = "buttons", buttons(key, label, texts, at)
    else:
        kind, control = "menu", menu(key, label, texts, at)
    return (
        f'<div class="mcx-knob"><span class="mcx-name">{label}</span>'
        f'<b>{texts[at]}</b><span class="mcx-{kind}">{control}</span></div>'
    )


def slider(key: str, label: str, texts: Sequence[str], at: int) -> str:
    """Write a slider with its values below."""
    last = len(texts) - 1
    named = range(last + 1) if last < MAX_TICKS else (0, last)
    ticks = (
        f'<span style="--at:{round(i / last, 4)}">{texts[i]}</span>'
        for i in named
    )
    return (
        f'<input type="range" name="{key}" min="0" max="{last}" value="{at}" '
        f'aria-label="{label}" aria-valuetext="{texts[at]}" disabled>'
        f'<span class="mcx-ticks" aria-hidden="true">{"".join(ticks)}</span>'
    )


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
