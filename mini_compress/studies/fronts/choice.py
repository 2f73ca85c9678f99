"""A choice under constraints: what is left, and what each constraint kills."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..._require import require_bool, require_number, require_one_of
from ...hardware import DeviceProfile
from ...writing import markdown_table, significant
from ..engine.rows import FLOAT
from .costs import Costs, costs
from .kinds import LABELS, NEEDS, TRAININGS, WHOLE
from .points import Point

LIMITS = ("max_kb", "max_ms", "max_uj", "min_accuracy")


@dataclass(frozen=True)
class Constraints:
    """What a network must keep to; the defaults ask for nothing.

    max_kb : of the file, in KB of 1,000 bytes
    max_ms, max_uj : of one image, modelled; a point without a model fails
    min_accuracy : in percent; the worst seed must reach it
    training : what is allowed at most, one of `kinds.TRAININGS`
    data : what there is, one of `kinds.NEEDS`
    teacher : whether a network may be asked for its answers
    """

    max_kb: float | None = None
    max_ms: float | None = None
    max_uj: float | None = None
    min_accuracy: float | None = None
    training: str = WHOLE
    data: str = LABELS
    teacher: bool = True

    def __post_init__(self) -> None:
        for name in LIMITS:
            value = getattr(self, name)
            if value is not None:
                require_number(name, value, 0)
        require_one_of("training", self.training, TRAININGS)
        require_one_of("data", self.data, NEEDS)
        require_bool("teacher", self.teacher)


@dataclass(frozen=True, eq=False)
class Candidate:
    """A point on a device, and what it fails.

    reasons : one for each constraint that it does not keep to, in words
    misses : how far off it is: for each of them 1, and the logarithm of how
        many times a limit is exceeded
    """

    point: Point
    costs: Costs
    reasons: tuple[str, ...]
    misses: float


@dataclass(frozen=True, eq=False)
class Choice:
    """What is left of all points, and why the others are not.

    fitting : best mean accuracy first; of equals the shorter file
    failing : nearest first
    """

    fitting: tuple[Candidate, ...]
    failing: tuple[Candidate, ...]

    @property
    def closest(self) -> Candidate:
        """The best that fits; where nothing does, what fails by least."""
        return (*self.fitting, *self.failing)[0]

    @property
    def killed(self) -> dict[str, int]:
        """How many points each constraint rules out, by its first word."""
        found: dict[str, int] = {}
        for candidate in self.failing:
            for reason in candidate.reasons:
                name = reason.split(" ")[0].rstrip(":")
                found[name] = found.get(name, 0) + 1
        return found

    def __str__(self) -> str:
        if self.fitting:
            return f"{self.closest.point.name}, best of {len(self.fitting)}"
        return (
            f"nothing fits; closest: {self.closest.point.name}, which fails "
            f"{' and '.join(self.closest.reasons)}"
        )

    def markdown(self, rows: int = 5) -> str:
        """Write the first points that fit, or those that fail by least."""
        shown = (self.fitting or self.failing)[:rows]
        return markdown_table(
            ["method", "KB", "ms", "µJ", "evidence", "fails"],
            [
                [
                    x.point.name,
                    *(_written(cost) for cost in x.costs),
                    x.point.evidence,
                    "; ".join(x.reasons),
                ]
                for x in shown
            ],
        )


def choose(
    points: Sequence[Point],
    constraints: Constraints,
    *,
    device: str | DeviceProfile,
) -> Choice:
    """Sort points by what they fail, then by accuracy.

    points : of `collect`, one or more
    device : in `hardware.DEVICES`, or a profile

    >>> from mini_compress.studies.fronts import collect
    >>> found = choose(
    ...     collect("ConvNet", "fashion_mnist"),
    ...     Constraints(max_kb=25, data="nothing"),
    ...     device="stm32h743",
    ... )
    >>> found.fitting[0].point.needs, found.failing[0].reasons
    ('nothing', ('data: images with labels',))
    """
    if not points:
        raise ValueError("points must hold one or more, got none")
    candidates = []
    for point in points:
        cost = costs(point, device)
        fails = list(_failures(point, cost, constraints))
        reasons = tuple(reason for reason, _ in fails)
        misses = sum(1 + miss for _, miss in fails)
        candidates.append(Candidate(point, cost, reasons, misses))
    candidates.sort(
        key=lambda x: (x.misses, -x.point.accuracy.mean, x.costs.kb)
    )
    return Choice(
        tuple(x for x in candidates if not x.reasons),
        tuple(x for x in candidates if x.reasons),
    )


def _failures(
    point: Point, cost: Costs, wanted: Constraints
) -> Iterator[tuple[str, float]]:
    """List what a point fails, and how many times it exceeds it, as a log."""
    lowest = point.accuracy.reading[1]
    yield from _exceeds("file", "KB", cost.kb, wanted.max_kb)
    yield from _exceeds("time", "ms", cost.ms, wanted.max_ms)
    yield from _exceeds("energy", "µJ", cost.uj, wanted.max_uj)
    if wanted.min_accuracy is not None and lowest < wanted.min_accuracy:
        errors = math.log((100 - lowest) / max(100 - wanted.min_accuracy, 0.01))
        yield f"accuracy {lowest:.2f} % < {wanted.min_accuracy:g} %", errors
    if TRAININGS.index(point.training) > TRAININGS.index(wanted.training):
        yield f"training: {point.epochs} epochs", 0.0
    if NEEDS.index(point.needs) > NEEDS.index(wanted.data):
        yield f"data: {point.needs}", 0.0
    if point.teacher and not wanted.teacher:
        yield "teacher needed", 0.0


def _exceeds(
    name: str, unit: str, value: float | None, limit: float | None
) -> Iterable[tuple[str, float]]:
    if limit is None:
        return ()
    if value is None:
        return [(f"{name} not modelled", 0.0)]
    if value <= limit:
        return ()
    text = f"{name} {significant(value)} > {significant(limit)} {unit}"
    return [(text, math.log(value / limit) if limit else math.inf)]


def _written(cost: float | None) -> str:
    return "-" if cost is None else significant(cost)


def undominated(
    points: Sequence[Point], devices: Sequence[str | DeviceProfile]
) -> list[Point]:
    """Return the points that may be the best of some choice.

    Left out is a point if another one needs no more training, data and
    teacher, costs no more on any of the devices, and is no less accurate on
    average and in its worst seed. The float32 network stays: it is what
    others are held against.
    """
    marks = {id(point): _marks(point, devices) for point in points}
    kept: list[Point] = []
    for point in sorted(points, key=lambda x: marks[id(x)]):
        own = marks[id(point)]
        whole = point.setting.method == FLOAT
        if whole or not any(_no_worse(marks[id(x)], own) for x in kept):
            kept.append(point)
    return kept


def _marks(
    point: Point, devices: Sequence[str | DeviceProfile]
) -> tuple[float, ...]:
    """Return all of a point that is to be low."""
    found = [costs(point, device) for device in devices]
    mean, low, _ = point.accuracy.reading
    return (
        -mean,
        -low,
        TRAININGS.index(point.training),
        NEEDS.index(point.needs),
        point.teacher,
        point.num_bytes.mean,
        *(math.inf if x.ms is None else x.ms for x in found),
        *(math.inf if x.uj is None else x.uj for x in found),
    )


def _no_worse(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(x <= y for x, y in zip(one, other, strict=True))
