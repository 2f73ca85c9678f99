"""Several ledgers side by side."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..tables import Cell, Table, Tables
from .energy import MEMORY_NAMES
from .ledgers import Ledger
from .roofline import LOWER_BOUND


@dataclass(frozen=True, repr=False)
class Comparison(Tables):
    """Several ledgers side by side, real figures apart from modelled ones."""

    ledgers: Mapping[str, Ledger]

    def tables(self) -> tuple[Table, ...]:
        """Show one row for each network in each table."""
        return self._real(), self._times(), self._energies()

    def _real(self) -> Table:
        """Show what is counted; milliseconds if any network was timed."""
        header = (
            *("network", "parameters", "non-zeros", "sparsity", "KB"),
            *("compression ratio", "MACs", "ms measured"),
        )
        timed = any(x.timing for x in self.ledgers.values())
        end = len(header) if timed else -1
        rows = [
            (name, *_real_cells(costs)) for name, costs in self.ledgers.items()
        ]
        return Table("Real", header[:end], tuple(row[:end] for row in rows))

    def _times(self) -> Table:
        names = [x.device.name for x in self._first.modelled]
        rows = [
            (name, *(Cell.of(x.time_ms) for x in costs.modelled))
            for name, costs in self.ledgers.items()
        ]
        caption = f"Modelled: ms, {LOWER_BOUND}"
        known = [
            x.device.name
            for x in self._first.modelled
            if x.device.overhead_s is not None
        ]
        if known:
            caption += f", with the overhead of {', '.join(known)}"
        return Table(caption, ("network", *names), tuple(rows))

    def _energies(self) -> Table:
        """Show a column for each kind of memory, all that energy depends on."""
        kinds = list({x.device.memory: None for x in self._first.modelled})
        rows = []
        for name, costs in self.ledgers.items():
            energies = {x.device.memory: x.energy for x in costs.modelled}
            figures = (Cell.of(energies[kind].total_uj) for kind in kinds)
            rows.append((name, *figures))
        caption = "Modelled: microjoules of a 45 nm chip, by memory"
        names = (MEMORY_NAMES[kind] for kind in kinds)
        return Table(caption, ("network", *names), tuple(rows))

    @property
    def _first(self) -> Ledger:
        return next(iter(self.ledgers.values()))


def _real_cells(costs: Ledger) -> tuple[Cell, ...]:
    kilobytes, timing = costs.num_bytes / 1000, costs.timing
    return (
        Cell.of(costs.parameters),
        Cell.of(costs.non_zeros),
        Cell(costs.sparsity, f"{costs.sparsity:.4f}"),
        Cell(kilobytes, f"{kilobytes:,.1f}"),
        Cell.of(costs.compression_ratio),
        Cell.of(costs.macs),
        Cell(timing.median_ms, str(timing)) if timing else Cell(None, "-"),
    )


def compare(ledgers: Mapping[str, Ledger]) -> Comparison:
    """Put ledgers side by side under the names given to them.

    ledgers : at least one, all drawn up for the same devices

    >>> from mini_compress import hardware, models, quantization
    >>> net = models.build("LeNet300")
    >>> small = quantization.quantize_weights(net, bits=4)
    >>> costs = {"float32": net, "4 bits": small}
    >>> both = compare({name: hardware.ledger(x) for name, x in costs.items()})
    >>> [ledger.num_bytes // 1000 for ledger in both.ledgers.values()]
    [1067, 137]
    """
    if not ledgers:
        raise ValueError("ledgers must hold at least one, got none")
    devices = [
        [x.device.name for x in costs.modelled] for costs in ledgers.values()
    ]
    for name, found in zip(ledgers, devices, strict=True):
        if found != devices[0]:
            raise ValueError(
                f"ledgers must be for the same devices: {devices[0]}, "
                f"got {found} for {name!r}"
            )
    return Comparison(dict(ledgers))
