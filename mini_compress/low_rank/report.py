"""What a factorization came to, layer by layer."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import nn

from ..tables import Cell, Table, Tables

Change = tuple[int, int]  # before, after


@dataclass(frozen=True)
class LayerReport:
    """One layer and the chain in its place.

    method : "svd", "channel", "spatial" or "tucker"
    ranks : one, or that of outputs and that of inputs
    weights : without the bias, before and after
    macs : multiply-accumulates for one example, before and after; None in a
        network that has layers which cannot be counted
    weight_error : norm of the difference over the norm of the weight
    output_error : the same of the outputs on the images; None without any
    """

    name: str
    method: str
    ranks: tuple[int, ...]
    weights: Change
    macs: Change | None
    weight_error: float
    output_error: float | None


@dataclass(frozen=True, repr=False)
class FactorizationReport(Tables):
    """A network with layers of low rank.

    layers : those that were factorized
    parameters : of the whole network, before and after
    macs : of the whole network for one example, before and after; None where
        it has layers that cannot be counted
    """

    network: str
    layers: tuple[LayerReport, ...]
    parameters: Change
    macs: Change | None

    def tables(self) -> tuple[Table, ...]:
        """Show the totals, then each layer."""
        return self._totals(), self._of_layers()

    def _totals(self) -> Table:
        rows = (
            ("parameters", *_change(self.parameters)),
            ("MACs per example", *_change(self.macs)),
        )
        header = ("", "before", "after", "left")
        return Table(f"{self.network} factorized", header, rows)

    def _of_layers(self) -> Table:
        header = (
            *("layer", "method", "ranks", "weights before", "weights after"),
            *("MACs before", "MACs after", "weight error", "output error"),
        )
        return Table("Layers", header, tuple(map(_row, self.layers)))


class Factorized(NamedTuple):
    """A network with layers of low rank, and what came of it."""

    model: nn.Module
    report: FactorizationReport


def _change(change: Change | None) -> tuple[Cell, ...]:
    if change is None:
        return (Cell(None, "-"),) * 3
    before, after = change
    left = after / before if before else 1.0
    return Cell.of(before), Cell.of(after), _percent(left)


def _percent(share: float | None) -> Cell:
    return Cell(share, "-" if share is None else f"{100 * share:.1f} %")


def _row(layer: LayerReport) -> tuple[str, ...]:
    return (
        layer.name,
        layer.method,
        ", ".join(map(str, layer.ranks)),
        *map(Cell.of, (*layer.weights, *(layer.macs or (None, None)))),
        _percent(layer.weight_error),
        _percent(layer.output_error),
    )
