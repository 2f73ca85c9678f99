"""Modelled times in their three parts, and what was measured beside them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..hardware.roofline import ModelTime
from ..plotting import COLORS, stack_bars
from .layers import PART_LOOKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "osD"
NONE: Mapping[str, Mapping[str, float]] = MappingProxyType({})


def plot_times(
    times: Mapping[str, ModelTime],
    measured: Mapping[str, Mapping[str, float]] = NONE,
    *,
    ax: "Axes",
) -> "Axes":
    """Draw a bar of overhead, arithmetic and memory for each network, in µs.

    times : what a network is called -> its modelled time; a part that is not
        known has no length
    measured : what ran them -> network -> milliseconds, drawn as a mark

    >>> from matplotlib.figure import Figure
    >>> from mini_compress import hardware, models
    >>> cost = hardware.layer_costs(models.build("LeNet300"))
    >>> time = hardware.model_time(cost, "stm32h743")
    >>> ax = plot_times({"LeNet300": time}, ax=Figure().subplots())
    >>> [round(bar.get_width()) for bar in ax.patches]
    [0, 0, 560]
    """
    stack_bars(
        ax,
        {
            name: {x: 1e3 * (ms or 0) for x, ms in time.parts.items()}
            for name, time in times.items()
        },
        PART_LOOKS,
    )
    for marker, (runtime, ms) in zip(MARKERS, measured.items(), strict=False):
        ax.plot(
            [1e3 * ms[name] for name in times],
            list(times),
            marker,
            color=COLORS["float"],
            markerfacecolor="white",
            label=runtime,
        )
    ax.set(xlabel="µs per image")
    return ax
