"""Every method of the book on one network: points of accuracy and cost."""

import functools
from dataclasses import dataclass

from ..engine.grid import UNTRAINED
from ..engine.results import load
from ..engine.rows import FLOAT, Row
from ..engine.settings import Setting
from ..engine.values import Values
from ..engine.verdicts import shipped
from .kinds import (
    IMAGES,
    LABELS,
    NOTHING,
    details,
    is_trial,
    kind_of,
    training_of,
)

FEWEST_SEEDS = 3


@dataclass(frozen=True, eq=False)
class Point:
    """A network that some study made and scored: what it is and costs.

    study : that recorded it
    setting : its rows, seed by seed
    family : of its method; "combined" for several
    name : what was done, in words
    training : one of `kinds.TRAININGS`
    epochs : of its own, the baseline's not counted
    needs : data, one of `kinds.NEEDS`
    teacher : whether it needs one
    integer : whether it multiplies integers
    """

    study: str
    setting: Setting
    family: str
    name: str
    training: str
    epochs: int
    needs: str
    teacher: bool
    integer: bool

    @property
    def accuracy(self) -> Values:
        """Share of the test images classified correctly, in percent."""
        return self.setting.accuracy

    @property
    def num_bytes(self) -> Values:
        """Length of the file."""
        return self.setting.num_bytes

    @property
    def evidence(self) -> str:
        """The study, its seeds, and the accuracy that each reached."""
        seeds = len(self.setting.seeds)
        low, high = self.accuracy.reading[1:]
        return (
            f"{self.study}, {seeds} seeds, {low:.2f} to {high:.2f} %"
            f"{f', {self.epochs} epochs' if self.epochs else ''}"
        )


def collect(network: str, dataset: str) -> tuple[Point, ...]:
    """Return what all studies that ship recorded of a network.

    network, dataset : of the baselines that every method started from
    returns : each setting of each method with three seeds or more, in the
        order of the studies' names; the baseline itself once, first. Controls
        and trials (see `kinds`) are left out.

    >>> points = collect("ConvNet", "fashion_mnist")
    >>> points[0].name, points[0].training, len(points) > 100
    ('float32', 'none', True)

    No study of the network is a ValueError.
    """
    found = [
        point for name in shipped() for point in _points(name, network, dataset)
    ]
    if not found:
        raise ValueError(
            "network and dataset must be those of a study, got "
            f"{network!r} and {dataset!r}"
        )
    whole = [x for x in found if x.setting.method == FLOAT]
    return (whole[0], *(x for x in found if x.setting.method != FLOAT))


@functools.cache
def _points(name: str, network: str, dataset: str) -> tuple[Point, ...]:
    """Return the points of one study."""
    result = load(name)
    places = {
        (row.network, row.dataset)
        for row in result.rows
        if isinstance(row, Row)
    }
    if (network, dataset) not in places:
        return ()
    [epochs] = [
        facts["recipe"]["epochs"]
        for facts in result.baselines
        if (facts["network"], facts["dataset"]) == (network, dataset)
    ]
    settings = result.table(network=network, dataset=dataset)
    made = (_point(name, setting, epochs) for setting in settings)
    return tuple(point for point in made if point)


def _point(study: str, setting: Setting, whole: int) -> Point | None:
    """Say what a setting is; None for what nobody would choose."""
    kind, own = kind_of(setting.method), setting.settings
    if kind is None or is_trial(own) or len(setting.seeds) < FEWEST_SEEDS:
        return None
    taught = kind.teacher or "temperature" in own
    scratch = own.get("start") == UNTRAINED
    family = kind.family
    if taught and family != "distillation":
        family = "combined"
    words = [kind.words + ", taught" * (taught and not kind.teacher)]
    words += ["from scratch"] * (scratch and "scratch" not in kind.words)
    if setting.method == "small_dense":  # as long as a compressed file
        words.append(f"{setting.num_bytes.mean / 1000:.0f} KB")
    else:
        words += details(own)
    return Point(
        study=study,
        setting=setting,
        family=family,
        name=", ".join(words),
        training=training_of(own, whole),
        epochs=own.get("epochs", 0),
        needs=_needs(kind.needs, own.get("epochs", 0), own.get("norms")),
        teacher=taught,
        integer=kind.integer or "activation_bits" in own,
    )


def _needs(untrained: str, epochs: int, norms: str | None) -> str:
    """Say what data a method needs: labels to train, images to measure."""
    if epochs:
        return LABELS
    return IMAGES if norms == "measured" and untrained == NOTHING else untrained
