"""The ipywidgets form of an Explorer: it calls a function as knobs turn."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from .._unwritten import say_in_one_line
from . import markup
from .calls import call
from .controls import has_buttons
from .picture import Picture
from .results import Results
from .settings import (
    Knobs,
    Setting,
    Value,
    is_ordered,
    list_settings,
    write_values,
)


class LiveExplorer(widgets.VBox):
    """Knobs, the figures of their setting, and what the function printed.

    The scales hold what was seen so far, so they may grow.

    function, display : as in `Explorer.live`
    """

    def __init__(
        self,
        function: Callable[..., Any],
        knobs: Knobs,
        default: Setting,
        **display: Any,
    ) -> None:
        self.function, self.knobs, self.display = function, knobs, display
        self.seen: dict[Setting, Any] = dict.fromkeys(list_settings(knobs))
        self.pictures: dict[Setting, Picture] = {}
        self.controls = [
            make_control(name, values, value)
            for (name, values), value in zip(
                knobs.items(), default, strict=True
            )
        ]
        self.result, self.printed = widgets.HTML(), widgets.Output()
        family = display["family"]
        head = widgets.HTML(markup.live_head(display["title"], family))
        super().__init__(
            [head, *self.controls, self.result, self.printed, key_guard()]
        )
        for name in ("mcx", "mcx-live", markup.color_class(family)):
            self.add_class(name)
        for control in self.controls:
            control.observe(self.update, "value")
        self.update()

    def update(self, _change: Any = None) -> None:
        """Call the function, and show its figures or its error."""
        __tracebackhide__ = True
        setting = tuple(control.value for control in self.controls)
        shown = ""
        self.printed.clear_output()
        with self.printed:  # shows errors as well
            try:
                shown = markup.live(self.explore(setting))
            except NotImplementedError as error:
                say_in_one_line(error)
                raise
        self.result.value = shown

    def explore(self, setting: Setting) -> Results:
        """Return all that was seen, with a new setting."""
        __tracebackhide__ = True
        values, picture = call(self.function, self.knobs, setting)
        seen = {**self.seen, setting: values}
        pictures = {**self.pictures, **({setting: picture} if picture else {})}
        results = Results(
            **self.display,
            knobs=self.knobs,
            values=seen,
            pictures=pictures,
            default=setting,
        )
        self.seen, self.pictures = seen, pictures
        return results


def make_control(name: str, values: Sequence[Value], value: Value) -> Any:
    """Return a slider, a row of buttons or a menu, as an Explorer has."""
    options = [(text, x) for x, text in write_values(values).items()]
    if is_ordered(values):
        kind = widgets.SelectionSlider
    elif has_buttons(values):
        kind = widgets.ToggleButtons
    else:
        kind = widgets.Dropdown
    return kind(options=options, value=value, description=name)


def key_guard() -> widgets.Output:
    """Run the script that keeps keys from the notebook around the form."""
    output = {
        "output_type": "display_data",
        "data": {"text/html": markup.script()},
        "metadata": {},
    }
    return widgets.Output(outputs=(output,), layout={"display": "none"})
