"""The ledger: everything that a network costs, on one page.

Real figures come first: what is counted in the network, the length of the
file that `artifact.save` would write, and, when asked for, milliseconds
measured here. Modelled ones follow in a table of their own, because they are
what a simple model of a machine predicts and nobody has measured.
KB are 1,000 bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from .. import artifact
from .._inference import HasModel, network_of, require_module
from ..tables import Cell, Table, Tables
from ..writing import significant
from .costs import ModelCost, layer_costs
from .counting import find_layers, parameters_of
from .devices import DEVICES, find_device
from .energy import MEMORY_NAMES, Energy, model_energy
from .profiles import DeviceProfile
from .roofline import (
    LOWER_BOUND,
    PARTS_OF_TIME,
    UNKNOWN_OVERHEAD,
    ModelTime,
    model_time,
)
from .timing import Timing, measure_model_ms


@dataclass(frozen=True)
class Modelled:
    """What models say of a network on one device; nothing here is measured.

    time : overhead, arithmetic and memory: the roofline, from a cold cache
    energy : in microjoules, by the figures for a 45 nm chip
    fits : whether the file fits in flash (or RAM); None where unknown
    """

    device: DeviceProfile
    time: ModelTime
    energy: Energy
    fits: bool | None

    @property
    def time_ms(self) -> float | None:
        """All parts of the time that are known; None without a rate."""
        return self.time.time_ms


@dataclass(frozen=True, repr=False)
class Ledger(Tables):
    """What a network costs.

    parameters : weights and biases, whatever they are stored as
    non_zeros : those that are not 0 once codes are turned into numbers
    num_bytes : length of the real file
    macs : multiply-accumulates for one example
    baseline_bytes : length of the baseline's file, if one was given
    timing : measured here, if images were given
    modelled : one for each device
    """

    network: str
    parameters: int
    non_zeros: int
    num_bytes: int
    macs: int
    baseline_bytes: int | None
    timing: Timing | None
    modelled: tuple[Modelled, ...]

    @property
    def sparsity(self) -> float:
        """Fraction of the parameters that are zero."""
        return 1 - self.non_zeros / self.parameters if self.parameters else 0.0

    @property
    def compression_ratio(self) -> float | None:
        """Bytes of the baseline's file / bytes of this file."""
        if self.baseline_bytes is None:
            return None
        return self.baseline_bytes / self.num_bytes

    def tables(self) -> tuple[Table, ...]:
        """Show what is real, then what is modelled."""
        return self._real(), self._times(), self._energies()

    def _real(self) -> Table:
        rows = [
            ("parameters", Cell.of(self.parameters)),
            ("non-zeros", Cell.of(self.non_zeros)),
            ("sparsity", Cell(self.sparsity, f"{self.sparsity:.4f}")),
            ("file", Cell(self.num_bytes, f"{self.num_bytes:,} bytes")),
            ("MACs per example", Cell.of(self.macs)),
        ]
        ratio = self.compression_ratio
        if ratio is not None:
            cell = Cell(ratio, f"{significant(ratio)} x")
            rows.insert(4, ("compression ratio", cell))
        if self.timing is not None:
            cell = Cell(self.timing.median_ms, str(self.timing))
            rows.append(("measured time", cell))
        return Table("Real", ("cost", self.network), tuple(rows))

    def _times(self) -> Table:
        """Show the three parts of the time on each device, and their sum."""
        rows = [
            (
                x.device.name,
                *(Cell.of(x.time.parts[part]) for part in PARTS_OF_TIME),
                Cell.of(x.time_ms),
                Cell(x.fits, {True: "yes", False: "no", None: "-"}[x.fits]),
            )
            for x in self.modelled
        ]
        caption = f"Modelled, one example: ms, {LOWER_BOUND}"
        if any(x.device.overhead_s is None for x in self.modelled):
            caption += f"; -: {UNKNOWN_OVERHEAD}"
        header = ("device", *PARTS_OF_TIME, "ms", "file fits")
        return Table(caption, header, tuple(rows))

    def _energies(self) -> Table:
        """Show a row for each kind of memory, all that energy depends on."""
        energies = {x.device.memory: x.energy for x in self.modelled}
        rows = [
            (
                MEMORY_NAMES[kind],
                Cell.of(energy.arithmetic_uj),
                Cell.of(energy.memory_uj),
                Cell.of(energy.total_uj),
            )
            for kind, energy in energies.items()
        ]
        caption = "Modelled, one example: microjoules of a 45 nm chip"
        header = ("all bytes in", "arithmetic", "memory", "microjoules")
        return Table(caption, header, tuple(rows))


def ledger(
    model: nn.Module | HasModel,
    *,
    input_shape: tuple[int, ...] | None = None,
    baseline: nn.Module | None = None,
    images: Tensor | None = None,
    devices: Sequence[str | DeviceProfile] = tuple(DEVICES),
) -> Ledger:
    """Draw up the ledger of a network; the network stays as it is.

    model : a network, or what a method gave back whose `.model` is one
    input_shape : of one example, without the batch axis; None for that of
        images, and without images for (1, 28, 28)
    baseline : the float32 network whose file the compression ratio refers to
    images : (n, ...) a batch to time the network on, one thread; without it
        nothing is timed, and the ledger is the same each time
    devices : names in DEVICES, or profiles

    >>> from mini_compress.models import LeNet300
    >>> costs = ledger(LeNet300(), devices=["stm32h743"])
    >>> costs.parameters, costs.macs, costs.modelled[0].fits
    (266610, 266200, True)
    """
    model = network_of(model)
    baseline_bytes = None
    if baseline is not None:
        require_module("baseline", baseline)
        baseline_bytes = len(artifact.to_bytes(baseline))
    profiles = [find_device(device) for device in devices]
    cost = layer_costs(model, input_shape=input_shape, images=images)
    num_bytes = len(artifact.to_bytes(model))
    parameters, non_zeros = _count_parameters(model)
    return Ledger(
        network=type(model).__name__,
        parameters=parameters,
        non_zeros=non_zeros,
        num_bytes=num_bytes,
        macs=cost.macs,
        baseline_bytes=baseline_bytes,
        timing=None if images is None else measure_model_ms(model, images),
        modelled=tuple(_model(cost, x, num_bytes) for x in profiles),
    )


def _count_parameters(model: nn.Module) -> tuple[int, int]:
    """Count parameters, and those that are not zero; shared ones once."""
    layers = {layer for _, layer in find_layers(model)}
    numbers = {id(x): x for layer in layers for x in parameters_of(layer)}
    return (
        sum(x.numel() for x in numbers.values()),
        sum(int(x.count_nonzero()) for x in numbers.values()),
    )


def _model(cost: ModelCost, device: DeviceProfile, num_bytes: int) -> Modelled:
    room = device.storage_bytes
    return Modelled(
        device=device,
        time=model_time(cost, device),
        energy=model_energy(cost, memory=device.memory),
        fits=None if room is None else num_bytes <= room,
    )
