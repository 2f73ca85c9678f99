"""What a method of rounding came to, layer by layer."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import nn

from ..tables import Cell, Table, Tables


@dataclass(frozen=True)
class LayerRounding:
    """One layer, rounded to nearest and by the method.

    plain_error, error : root of the mean squared error of the layer's outputs
        on the images over the root of their mean square; of plain rounding,
        and of the method. Both are given the inputs that the rounded layers
        before this one give.
    moved : share of the weights whose code is not the nearest one
    settled : share of the weights that the method had decided on by itself
        before it was stopped; None for a method that decides on each in turn
    """

    name: str
    plain_error: float
    error: float
    moved: float
    settled: float | None = None


@dataclass(frozen=True, repr=False)
class RoundingReport(Tables):
    """A network whose weights were rounded with a look at the outputs."""

    network: str
    method: str
    bits: int
    layers: tuple[LayerRounding, ...]

    def tables(self) -> tuple[Table, ...]:
        """Show each layer."""
        header = ("layer", "plain error", "error", "moved", "settled")
        title = f"{self.network} rounded to {self.bits} bits by {self.method}"
        return (Table(title, header, tuple(map(_row, self.layers))),)


class Rounded(NamedTuple):
    """A network with rounded weights, and what came of it."""

    model: nn.Module
    report: RoundingReport


def _row(layer: LayerRounding) -> tuple[str | Cell, ...]:
    shares = (layer.plain_error, layer.error, layer.moved, layer.settled)
    return layer.name, *map(_percent, shares)


def _percent(share: float | None) -> Cell:
    return Cell(share, "-" if share is None else f"{100 * share:.1f} %")
