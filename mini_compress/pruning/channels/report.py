"""What pruning was asked for, and what it came to."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import nn

from ...tables import Cell, Table, Tables
from .groups import PruningGroup

Change = tuple[int, int]  # before, after


@dataclass(frozen=True)
class GroupReport:
    """One group and the numbers of its channels that were kept."""

    group: PruningGroup
    kept: tuple[int, ...]

    @property
    def channels(self) -> Change:
        """How many there were, and are."""
        return self.group.channels, len(self.kept)


@dataclass(frozen=True, repr=False)
class PruningReport(Tables):
    """A pruned network: what was requested, and what was achieved.

    requested : share of the channels
    groups : all groups that were treated
    parameters : of the whole network, before and after
    macs : multiply-accumulates for one example, before and after
    """

    network: str
    criterion: str
    scope: str
    requested: float
    groups: tuple[GroupReport, ...]
    parameters: Change
    macs: Change

    @property
    def channels(self) -> Change:
        """Channels of all groups, before and after."""
        pairs = [group.channels for group in self.groups]
        before, after = (sum(column) for column in zip(*pairs, strict=True))
        return before, after

    @property
    def kept(self) -> dict[PruningGroup, tuple[int, ...]]:
        """The channels that were kept, as `thin` takes them."""
        return {one.group: one.kept for one in self.groups}

    @property
    def channel_ratio(self) -> float:
        """Share of the channels that was removed."""
        return _removed(self.channels)

    @property
    def param_ratio(self) -> float:
        """Share of the parameters that was removed."""
        return _removed(self.parameters)

    @property
    def mac_ratio(self) -> float:
        """Share of the MACs that was removed."""
        return _removed(self.macs)

    def tables(self) -> tuple[Table, ...]:
        """Show the totals, then each group."""
        return self._totals(), self._of_groups()

    def _totals(self) -> Table:
        rows = [
            _row("channels", self.channels, _percent(self.requested)),
            _row("parameters", self.parameters, Cell(None, "-")),
            _row("MACs per example", self.macs, Cell(None, "-")),
        ]
        caption = f"{self.network} pruned by {self.criterion}, {self.scope}"
        header = ("", "before", "after", "removed", "requested")
        return Table(caption, header, tuple(rows))

    def _of_groups(self) -> Table:
        rows = [
            _row(", ".join(one.group.producers), one.channels)
            for one in self.groups
        ]
        header = ("channels of", "before", "after", "removed")
        return Table("Groups", header, tuple(rows))


class Pruned(NamedTuple):
    """A network that has lost channels, and what came of it."""

    model: nn.Module
    report: PruningReport


def _removed(change: Change) -> float:
    before, after = change
    return 1 - after / before


def _percent(share: float) -> Cell:
    return Cell(share, f"{100 * share:.1f} %")


def _row(name: str, change: Change, *others: Cell) -> tuple[str, ...]:
    removed = _percent(_removed(change))
    return (name, *map(Cell.of, change), removed, *others)
