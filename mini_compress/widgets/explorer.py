"""A display of measured results in which the reader turns one to three knobs.

Everything is computed beforehand, so it needs no kernel and no internet.
"""

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._require import require_extra, require_one_of, require_text
from ..plotting import COLORS
from ..tables import Table
from . import markup
from .calls import call_all, check_function
from .metric import Metric, Reading
from .picture import Picture
from .scale import choose_scale
from .settings import (
    Setting,
    Value,
    check_knobs,
    check_metrics,
    check_setting,
    check_values,
    write_value,
)


class Explorer:
    """Results for every setting of one to three knobs.

    title : the question that the results answer
    knobs : {name: values}, one to three knobs of two values at least; a knob
        of numbers becomes a slider, a knob of names becomes a row of buttons
        or, if there are many, a menu
    metrics : what was measured, in the order in which it is shown
    values : {setting: {metric's name: value}} for every setting, that is for
        every tuple of one value of each knob (or the plain value of a single
        knob); a value is a number, (value, low, high) with the ends of its
        interval, or None; a setting without any value is None
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

    def __init__(
        self,
        title: str,
        *,
        knobs: Mapping[str, Sequence[Value]],
        metrics: Sequence[Metric],
        values: Mapping[Any, Mapping[str, Any] | None],
        pictures: Mapping[Any, Picture] | None = None,
        default: Any = None,
        baseline: str = "baseline",
        family: str = "float",
        note: str = "",
    ) -> None:
        require_text("title", title)
        require_text("baseline", baseline)
        require_one_of("family", family, COLORS)
        self.title, self.baseline = title, baseline
        self.family, self.note = family, note
        self.knobs = check_knobs(knobs)
        self.metrics = check_metrics(metrics)
        self.values = check_values(values, self.knobs, self.metrics)
        self.pictures = self._check_pictures(pictures or {})
        self.default = self._check_default(default)
        self.scales = [
            choose_scale(metric, self.readings(metric))
            for metric in self.metrics
        ]

    def _check_pictures(
        self, pictures: Mapping[Any, Picture]
    ) -> dict[Setting, Picture]:
        for picture in pictures.values():
            if not isinstance(picture, Picture):
                got = type(picture).__name__
                raise TypeError(f"pictures must be of type Picture, got {got}")
        return {
            check_setting("key of pictures", key, self.knobs): picture
            for key, picture in pictures.items()
        }

    def _check_default(self, default: Any) -> Setting:
        filled = [
            setting
            for setting, readings in self.values.items()
            if any(reading is not None for reading in readings.values())
        ]
        if not filled:
            raise ValueError("values must hold one number or more, got none")
        if default is None:
            return filled[0]
        setting = check_setting("default", default, self.knobs)
        if setting not in filled:
            raise ValueError(
                f"default must be a setting with values, got {default!r}"
            )
        return setting

    def readings(self, metric: Metric) -> list[Reading | None]:
        """Return one metric's readings, setting by setting."""
        return [readings[metric.name] for readings in self.values.values()]

    def table(self) -> Table:
        """Return all values, one row per setting, the baseline last."""
        header = (*self.knobs, *(metric.header for metric in self.metrics))
        rows = [
            (
                *map(write_value, setting),
                *(m.write_cell(readings[m.name]) for m in self.metrics),
            )
            for setting, readings in self.values.items()
        ]
        if any(metric.baseline is not None for metric in self.metrics):
            blanks = itertools.repeat("", len(self.knobs) - 1)
            figures = (
                m.write_cell(m.read("baseline", m.baseline))
                for m in self.metrics
            )
            rows.append((self.baseline, *blanks, *figures))
        return Table(self.title, header, tuple(rows))

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

        return LiveExplorer(cls, function, **display)

    def __repr__(self) -> str:
        text = self.table().text()
        return f"{text}\n{self.note}" if self.note else text

    def _repr_markdown_(self) -> str:
        text = self.table().markdown()
        return f"{text}\n\n{self.note}" if self.note else text

    def _repr_html_(self) -> str:
        return markup.explorer(self)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> dict[str, str]:
        """Return the display in every form: HTML, Markdown, plain text."""
        return {
            "text/html": self._repr_html_(),
            "text/markdown": self._repr_markdown_(),
            "text/plain": repr(self),
        }
