"""The choice of a method: constraints go in, what is left comes out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from ..tables import Cell, Table
from ..writing import plain_markdown, significant
from . import markup
from .controls import knob_row
from .display import Display

if TYPE_CHECKING:
    from ..hardware import DeviceProfile
    from ..studies.fronts import Point

ANY = "any"
NEVER = 1e9  # more than any cost, for what is unknown and for no limit
# a need that is not allowed is exceeded, but by next to nothing: what counts
# is how many constraints fail, and then how far off the costs are
RANKS = (0, 1, 1.001)
ALLOWED = (0.999, 1.0005)
# of what the float32 network takes
SHARES = {"half": 0.5, "a quarter": 0.25, "an eighth": 0.125}
HEADER = (
    *("method", "fails", "accuracy (%)", "file (KB)", "time (ms)"),
    *("energy (µJ)", "evidence"),
)
NOTE = (
    "Sorted by the mean accuracy of the seeds; a limit on accuracy is for the "
    "worst of them. Ranges that overlap are no order. Time and energy are "
    "asked for as shares of the float32 network's. Files are real; "
    "milliseconds (roofline, cold cache) and microjoules are modelled, one "
    "image, batch normalization folded. Left out are points that another one "
    "beats in everything. Ranked on test images, so the first is flattered."
)


@dataclass(frozen=True)
class Limit:
    """One constraint of a choice.

    name : what fails, in one word
    choices : what can be asked for, in words; the first asks for nothing
    ends : for each device, the highest value that each choice allows
    """

    name: str
    choices: tuple[str, ...]
    ends: tuple[tuple[float, ...], ...]


class MethodChoice(Display):
    """A display of points that is sorted by what they fail.

    title : the question
    points : of one network and data set, with the float32 one among them
    devices : in `hardware.DEVICES`, or profiles; the first is the default
    max_kb, min_accuracy : limits to choose from, in KB and in percent

    >>> from mini_compress.studies.fronts import collect
    >>> shown = MethodChoice(
    ...     "Which method?",
    ...     collect("ConvNet", "fashion_mnist")[:3],
    ...     devices=["stm32h743"],
    ...     max_kb=(50,),
    ...     min_accuracy=(90,),
    ... )
    >>> shown.limits[0].choices, shown.table().header[0]
    (('any', '50 KB'), 'method')
    """

    def __init__(
        self,
        title: str,
        points: "Sequence[Point]",
        *,
        devices: "Sequence[str | DeviceProfile]",
        max_kb: Sequence[float],
        min_accuracy: Sequence[float],
    ) -> None:
        from ..hardware import find_device  # only here: torch comes with it
        from ..studies.fronts import costs

        self.title = title
        self.devices = [find_device(device) for device in devices]
        self.points = sorted(
            points, key=lambda x: (-x.accuracy.mean, x.num_bytes.mean)
        )
        self.costs = [
            [costs(point, device) for point in self.points]
            for device in self.devices
        ]
        whole = [x.setting.method == "float" for x in self.points].index(True)
        self.limits = self._limits(whole, max_kb, min_accuracy)

    def _limits(
        self, whole: int, max_kb: Sequence[float], min_accuracy: Sequence[float]
    ) -> list[Limit]:
        """List the constraints; `whole` is the place of the float32 network."""
        per_device = len(self.devices)

        def fixed(name: str, choices: Sequence[str], ends: Any) -> Limit:
            each = (NEVER, *ends)
            return Limit(name, (ANY, *choices), (each,) * per_device)

        def relative(name: str, place: int) -> Limit:
            mosts = [found[whole][place] or NEVER for found in self.costs]
            ends = tuple(
                (NEVER, *(x * most for x in SHARES.values())) for most in mosts
            )
            return Limit(name, (ANY, *SHARES), ends)

        worst = [f"{x:g} %" for x in min_accuracy]
        return [
            fixed("file", [f"{x:g} KB" for x in max_kb], max_kb),
            relative("time", 1),
            relative("energy", 2),
            fixed("accuracy", worst, [100 - x for x in min_accuracy]),
            fixed("training", ["a few epochs", "none"], ALLOWED[::-1]),
            fixed("data", ["images", "none"], ALLOWED[::-1]),
            fixed("teacher", ["none"], ALLOWED[:1]),
        ]

    def _values(self, device: int, place: int) -> list[float]:
        """Return what a point costs and needs, one value for each limit."""
        from ..studies.fronts.kinds import NEEDS, TRAININGS

        point, cost = self.points[place], self.costs[device][place]
        low = point.accuracy.reading[1]
        return [
            *(NEVER if x is None else _digits(x) for x in cost),
            100 - round(low, 2),
            RANKS[TRAININGS.index(point.training)],
            RANKS[NEEDS.index(point.needs)],
            RANKS[point.teacher],
        ]

    def table(self) -> Table:
        """Return all points on the first device, nothing asked for."""
        rows = [
            (
                point.name,
                "",
                Cell(point.accuracy.mean, f"{point.accuracy.mean:.2f}"),
                *(Cell(x, _write(x)) for x in cost),
                point.evidence,
            )
            for point, cost in zip(self.points, self.costs[0], strict=True)
        ]
        return Table(self.title, HEADER, tuple(rows))

    def __repr__(self) -> str:
        return f"{self.table().text()}\n{NOTE}"

    def _repr_markdown_(self) -> str:
        return f"{self.table().markdown()}\n\n{plain_markdown(NOTE)}"

    def _repr_html_(self) -> str:
        names = [device.name for device in self.devices]
        asked: dict[str, Sequence[str]] = {"device": names}
        asked |= {x.name: x.choices for x in self.limits}
        knobs = (
            knob_row(f"knob{i}", name, values, 0)
            for i, (name, values) in enumerate(asked.items())
        )
        count = len(self.points)
        best = f"{count} of {count} fit. Best: {self.points[0].name}."
        body = (
            f"{markup.title(self.title)}"
            f'<div class="mcx-knobs">{"".join(knobs)}</div>'
            f'<output class="mcx-found" aria-live="polite">{escape(best)}'
            '</output><div class="mcx-choices" tabindex="0" role="group" '
            f'aria-label="All methods">{self.table().html()}</div>'
            f'<p class="mcx-note">{escape(NOTE)}</p>'
            f"{markup.script(self._data(asked), own='choice.js')}"
        )
        return markup.frame(self.title, "combined", body)

    def _data(self, asked: dict[str, Sequence[str]]) -> dict[str, Any]:
        """Return what the script compares, and the figures of each device."""
        places = range(len(self.points))
        return {
            "knobs": [list(texts) for texts in asked.values()],
            "limits": [{"name": x.name, "ends": x.ends} for x in self.limits],
            "costs": [
                [self._values(device, place) for place in places]
                for device in range(len(self.devices))
            ],
            "shown": [
                [[_write(x) for x in cost] for cost in found]
                for found in self.costs
            ],
        }


def _digits(value: float) -> float:
    """Round to three significant digits, which are those that are shown."""
    if not value or not math.isfinite(value):
        return value
    return float(f"{value:.3g}")


def _write(value: float | None) -> str:
    return "-" if value is None else significant(value)
