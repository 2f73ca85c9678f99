"""What stands on the fronts, and what it took, as pipe tables."""

import importlib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from ...hardware import DeviceProfile, find_device
from ...writing import markdown_table, significant
from ..engine.grid import matches
from ..engine.results import Result
from ..engine.rows import TimingRow
from .costs import costs
from .front import pareto
from .kinds import TRAININGS
from .points import Point

ROUNDED = ("quantization.uniform",)
SECOND_ORDER = ("quantization.adaround", "quantization.learned_rounding")
INTEGERS = tuple(
    f"quantization.{x}"
    for x in ("integer_network", "planning", "static", "rules")
)
LEARNED = tuple(
    f"quantization.trained.{x}"
    for x in ("network", "outputs", "weights", "gradients", "tuning")
)
THINNED = tuple(
    f"pruning.channels.{x}"
    for x in ("filters", "groups", "criteria", "thinning")
)
# from simple to complex: what a point has, and the modules behind it
TRIED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "weights, 8 bits": (
        {"method": "quantize_weights", "bits": 8, "granularity": "channel"},
        ROUNDED,
    ),
    "integers, 8 bits": (
        {"method": "min_max", "weight_bits": 8},
        ROUNDED + INTEGERS,
    ),
    "AdaRound, weights, 4 bits": (
        {"method": "adaround", "bits": 4},
        ROUNDED + SECOND_ORDER,
    ),
    "LSQ, 4 bits": (
        {"method": "lsq", "weight_bits": 4, "temperature": None},
        ROUNDED + INTEGERS + LEARNED,
    ),
    "a quarter of the filters, then LSQ": (
        {"method": "filters + lsq", "channel_ratio": 0.25},
        ROUNDED + INTEGERS + LEARNED + THINNED,
    ),
    "half of the width, taught": (
        {"method": "distilled", "width": 0.5},
        ("distillation.distilling", "distillation.losses"),
    ),
}


def front_table(points: Sequence[Point], *, least: float) -> str:
    """Write the fronts of accuracy over the file, one for each training.

    least : mean accuracy, in percent, below which nothing is shown
    """
    rows = []
    for training in TRAININGS:
        own = [x for x in points if x.training == training]
        for point in pareto(own):
            if point.accuracy.mean >= least:
                size = f"{point.num_bytes.mean / 1000:.1f}"
                shown = [f"{point.accuracy:.2f}", size, point.study]
                rows.append([training, point.name, *shown])
    header = ["training", "on the front", "accuracy (%)", "KB", "study"]
    return markdown_table(header, rows)


def winner_table(
    points: Sequence[Point],
    devices: Sequence[str | DeviceProfile],
    losses: Sequence[float],
) -> str:
    """Write which point takes the shortest time, by device and allowed loss.

    points : the float32 network first
    losses : of mean accuracy, in pp
    """
    rows = []
    for device in devices:
        timed = {x: ms for x in points if (ms := costs(x, device).ms)}
        for loss in losses:
            least = points[0].accuracy.mean - loss
            allowed = [x for x in timed if x.accuracy.mean >= least]
            best = min(allowed, key=lambda x: timed[x])
            own, whole = timed[best], timed[points[0]]
            shown = [significant(own), f"{whole / own:.1f}"]
            rows.append(
                [find_device(device).name, f"{loss:g} pp", best.name, *shown]
            )
    header = [
        *("device", "may lose", "shortest time", "ms"),
        "times shorter than float32",
    ]
    return markdown_table(header, rows)


def effort_table(
    points: Sequence[Point],
    tried: Mapping[str, tuple[Mapping[str, Any], Sequence[str]]] | None = None,
) -> str:
    """Write what points took to be made: seconds, and lines of this package.

    tried : name -> what the one point of it has, as for `Result.one`, and the
        modules that the method needs; None for a few from simple to complex
    """
    rows = []
    for name, (wanted, modules) in (tried or TRIED).items():
        [point] = [x for x in points if matches(x.setting.rows[0], wanted)]
        rows.append(
            [
                name,
                f"{point.accuracy:.2f}",
                f"{point.num_bytes.mean / 1000:.1f}",
                f"{point.setting.macs.mean / 1000:,.0f}",
                f"{point.setting.seconds.mean:.0f}",
                f"{sum(map(_count_lines, modules)):,}",
            ]
        )
    header = ["method", "accuracy (%)", "KB", "MACs (thousand)"]
    header += ["seconds", "lines"]
    return markdown_table(header, rows)


def _count_lines(name: str) -> int:
    """Count the lines of a module of this package."""
    module = importlib.import_module(f"mini_compress.{name}")
    return len(inspect.getsource(module).splitlines())


def step_table(times: Result, names: Mapping[str, str]) -> str:
    """Write what a step of training takes, beside that of the whole network.

    times : of the study `training_timing`
    names : method -> what it is called, the whole network's first
    """
    found = {x.method: x for x in times.rows if isinstance(x, TimingRow)}
    whole = found[next(iter(names))]
    rows = []
    for method, name in names.items():
        row = found[method]
        shares = row.min_ms / whole.min_ms, row.macs / whole.macs
        rows.append([name, f"{row.min_ms:.1f}", *(f"{x:.2f}" for x in shares)])
    header = ["a step", "ms", "of dense", "MACs, of dense"]
    return markdown_table(header, rows)
