"""An Explorer of fronts: what the cheapest network costs that loses little."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from .explorer import Explorer
from .metric import Metric
from .picture import Picture

if TYPE_CHECKING:
    from ..hardware import DeviceProfile
    from ..studies.fronts import Costs, Point

Candidates = Sequence[tuple["Point", "Costs"]]
# name -> families of methods
METHODS: dict[str, tuple[str, ...]] = {
    "all": (),
    "quantization": ("quantization",),
    "pruning": ("pruning",),
    "low rank": ("low_rank",),
    "small networks": ("float", "distillation"),
    "combined": ("combined",),
}
METRICS: dict[str, tuple[Metric, Callable[["Costs"], float | None]]] = {
    "file": (Metric("shortest file", "KB", better="lower"), lambda x: x.kb),
    "time": (
        Metric("shortest time", "ms", digits=None, better="lower", log=True),
        lambda x: x.ms,
    ),
    "energy": (
        Metric("least energy", "µJ", digits=None, better="lower", log=True),
        lambda x: x.uj,
    ),
}
NOTE = (
    "What loses at most this, on the mean of its seeds, against the float32 "
    "network; of such, the lowest of each metric, which may be three networks. "
    "Files are real; time (roofline, cold cache) and energy are modelled."
)
WIDTH, LINE = 420, 22  # of the names, in pixels


def explore_front(
    title: str,
    points: "Sequence[Point]",
    *,
    devices: "Sequence[str | DeviceProfile]",
    losses: Sequence[float] = (0.25, 0.5, 1, 2, 4),
    note: str = "",
) -> Explorer:
    """Walk along the fronts: of all methods or some, on a device.

    points : of one network and data set, the float32 one first
    devices : in `hardware.DEVICES`, or profiles
    losses : of accuracy, in pp, to choose from
    note : a sentence more

    >>> from mini_compress.studies.fronts import collect
    >>> shown = explore_front(
    ...     "What does the cheapest network cost?",
    ...     collect("ConvNet", "fashion_mnist"),
    ...     devices=["stm32h743", "a100_40gb"],
    ...     losses=(0.5, 1),
    ... )
    >>> list(shown.knobs), shown.table().header[-1]
    (['methods', 'device', 'may lose (pp)'], 'least energy (µJ)')
    """
    from ..hardware import find_device  # only here: torch comes with it
    from ..studies.fronts import costs

    profiles = {x.name: x for x in map(find_device, devices)}
    paid = {
        name: [(point, costs(point, profile)) for point in points]
        for name, profile in profiles.items()
    }
    present = {point.family for point in points}
    ways = [x for x, own in METHODS.items() if not own or present & {*own}]
    whole = points[0].accuracy.mean
    values, pictures = {}, {}
    for way, device, loss in itertools.product(ways, profiles, losses):
        own = METHODS[way] or present
        allowed = [
            (point, cost)
            for point, cost in paid[device]
            if point.family in own and point.accuracy.mean >= whole - loss
        ]
        values[way, device, loss], names = _cheapest(allowed)
        pictures[way, device, loss] = draw_names(names)
    return Explorer(
        title,
        knobs={
            "methods": ways,
            "device": list(profiles),
            "may lose (pp)": list(losses),
        },
        metrics=[metric for metric, _ in METRICS.values()],
        values=values,
        pictures=pictures,
        default=(ways[0], next(iter(profiles)), losses[len(losses) // 2]),
        family="combined",
        note=f"{NOTE} {note}".rstrip(),
    )


def _cheapest(
    allowed: Candidates,
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return the lowest of each metric, and whose it is."""
    lowest: dict[str, float | None] = {}
    names: dict[str, str] = {}
    for metric, cost_of in METRICS.values():
        known = [
            (value, point.name)
            for point, cost in allowed
            if (value := cost_of(cost)) is not None
        ]
        lowest[metric.name], names[metric.name] = min(
            known, default=(None, "none loses so little")
        )
    return lowest, names


def draw_names(names: Mapping[str, str]) -> Picture:
    """Write who is the cheapest, a line for each metric.

    >>> draw_names({"shortest file": "GPTQ, 4 bits"}).alt
    'Shortest file: GPTQ, 4 bits.'
    """
    lines = [f"{metric.capitalize()}: {name}" for metric, name in names.items()]
    texts = (
        f'<text x="6" y="{LINE * (i + 1) - 6}">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{LINE * len(lines) + 4}" viewBox="0 0 {WIDTH} '
        f'{LINE * len(lines) + 4}" font-family="sans-serif" font-size="14">'
        f"{''.join(texts)}</svg>"
    )
    return Picture(svg, alt=f"{'. '.join(lines)}.")
