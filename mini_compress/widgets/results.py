"""Measured results, one setting after the other, checked and in order.

What the displays of this folder show and the pages of a table hold; nothing
here knows how it is drawn.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from .._require import require_one_of, require_text
from ..plotting import COLORS
from ..tables import Cell, Table
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
    write_values,
)

MAX_CURVES = 6  # metrics; more are shown as bars
FEW = 3  # metrics that share limits are still curves


class Results:
    """What was measured for every setting of one to three knobs.

    The arguments are those of an `Explorer`, which shows it.

    >>> results = Results(
    ...     "How many bits does a weight need?",
    ...     knobs={"bits": [8, 4]},
    ...     metrics=[Metric("file", "KB")],
    ...     values={8: {"file": 434.04}, 4: {"file": 218.52}},
    ... )
    >>> results.default, results.table().records()[1]
    ((8,), {'bits': 4, 'file (KB)': 218.52})
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
            choose_scale(metric, self.readings(metric), bars=self.has_bars)
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
        filled = list(filter(self._has_values, self.values))
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

    @property
    def has_bars(self) -> bool:
        """Whether metrics are compared with each other, as bars.

        They are many, or have one and the same scale.
        """
        count, limits = len(self.metrics), {x.limits for x in self.metrics}
        return count > MAX_CURVES or (
            count > FEW and len(limits) == 1 and None not in limits
        )

    @property
    def run(self) -> list[Setting]:
        """The settings that have values or a picture; others are not shown."""
        return [
            setting
            for setting in self.values
            if setting in self.pictures or self._has_values(setting)
        ]

    def _has_values(self, setting: Setting) -> bool:
        return any(x is not None for x in self.values[setting].values())

    def readings(self, metric: Metric) -> list[Reading | None]:
        """Return one metric's readings, setting by setting."""
        return [readings[metric.name] for readings in self.values.values()]

    def texts(self) -> list[dict[Value, str]]:
        """Return how each knob's values are written."""
        return [write_values(values) for values in self.knobs.values()]

    def table(self) -> Table:
        """Return all values, one row per setting with some, baseline last."""
        header = (*self.knobs, *(metric.header for metric in self.metrics))
        texts = self.texts()
        rows = [
            (
                *(
                    Cell(value, text[value])
                    for value, text in zip(setting, texts, strict=True)
                ),
                *(m.write_cell(readings[m.name]) for m in self.metrics),
            )
            for setting in self.run
            for readings in (self.values[setting],)
        ]
        if any(metric.baseline is not None for metric in self.metrics):
            blanks = itertools.repeat(Cell(None, ""), len(self.knobs) - 1)
            figures = (
                m.write_cell(m.read("baseline", m.baseline))
                for m in self.metrics
            )
            rows.append((Cell(self.baseline), *blanks, *figures))
        return Table(self.title, header, tuple(rows))
