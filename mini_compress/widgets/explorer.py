"""A display of measured results in which the reader turns one to three knobs.

Everything is computed beforehand, so it needs no kernel and no internet.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._require import require_extra
from ..writing import plain_markdown
from . import markup
from .calls import call_all, check_function
from .display import Display
from .metric import Metric
from .results import Results
from .settings import Value, check_knobs, check_metrics, check_setting


class Explorer(Display, Results):
    """Results for every setting of one to three knobs.

    title : the question that the results answer
    knobs : {name: values}, one to three knobs of two values at least; a knob
        of numbers, or of names that count ("8 bits", "4 bits"), becomes a
        slider, a knob of names becomes a row of buttons or, if there are many,
        a menu; curves go over the first slider of three values or more
    metrics : what was measured, in the order in which it is shown, the first
        one large
    values : {setting: {metric's name: value}} for every setting, that is for
        every tuple of one value of each knob (or the plain value of a single
        knob); a value is a number, (value, low, high) with the ends of its
        interval, or None; a setting that was never run is None, and is not
        offered
    pictures : {setting: Picture}; settings without one are allowed
    default : the setting that is shown first; None for the first with values
    baseline : the name of what the metrics' baselines were measured on
    family : the family of methods, which gives the colour
    note : where the figures come from, in a sentence

    >>> explorer = Explorer(
    ...     "How many bits does a weight need?",
    ...     knobs={"bits": [8, 4, 2]},
    ...     metrics=[
    ...         Metric("accuracy", "%", better="higher", baseline=98.9),
    ...         Metric("file", "KB", better="lower", baseline=1724.6),
    ...     ],
    ...     values={
    ...         8: {"accuracy": (98.9, 98.2, 99.4), "file": 434.0},
    ...         4: {"accuracy": (98.7, 97.9, 99.2), "file": 218.5},
    ...         2: {"accuracy": (61.3, 58.3, 64.3), "file": 110.7},
    ...     },
    ...     family="quantization",
    ... )
    >>> explorer
    How many bits does a weight need?
    bits           accuracy (%)  file (KB)
    8         98.9 [98.2, 99.4]      434.0
    4         98.7 [97.9, 99.2]      218.5
    2         61.3 [58.3, 64.3]      110.7
    baseline               98.9    1,724.6
    """

    @classmethod
    def live(
        cls,
        function: Callable[..., Any],
        title: str,
        *,
        knobs: Mapping[str, Sequence[Value]],
        metrics: Sequence[Metric],
        default: Any = None,
        baseline: str = "baseline",
        family: str = "float",
        note: str = "",
        fallback: "Explorer | None" = None,
    ) -> Any:
        """Call a function as the knobs turn, and show what it returns.

        function : called with one keyword argument per knob; returns
            {metric's name: value}, or that and a Picture
        fallback : shown where no kernel runs; None for calls of all settings
        returns : an ipywidgets form; an Explorer where the environment says
            MINI_COMPRESS_VIEW=static, as the book's build does

        The other arguments are those of an Explorer. The form shows what the
        function prints and the error that it raises; a static page raises it.
        A reopened form is blank until it runs again.
        """
        knobs = check_knobs(knobs)
        check_function(function, knobs)
        if default is None:
            default = tuple(values[0] for values in knobs.values())
        display: dict[str, Any] = {
            "title": title,
            "knobs": knobs,
            "metrics": check_metrics(metrics),
            "default": check_setting("default", default, knobs),
            "baseline": baseline,
            "family": family,
            "note": note,
        }
        if os.environ.get("MINI_COMPRESS_VIEW") == "static":
            return fallback or cls(**display, **call_all(function, knobs))
        require_extra("ipywidgets", "lab")
        from .live import LiveExplorer

        return LiveExplorer(function, **display)

    def __repr__(self) -> str:
        text = self.table().text()
        return f"{text}\n{self.note}" if self.note else text

    def _repr_markdown_(self) -> str:
        text = self.table().markdown()
        note = plain_markdown(self.note)
        return f"{text}\n\n{note}" if note else text

    def _repr_html_(self) -> str:
        return markup.explorer(self)
