"""The shortest time a machine allows: the roofline.

    time of a layer >= max(MACs / peak rate, bytes / bandwidth)

A layer is bound by compute when the first is longer and by memory when the
second is; the border is where its arithmetic intensity (MACs per byte) equals
the machine's balance (peak rate / bandwidth). The time of a network is the
sum over its layers, which run one after the other. Every layer is taken to
fetch its numbers from memory: where a network stays in a cache, or layers are
fused, the real bound is lower still. See [williams2009roofline].
"""

from dataclasses import dataclass

from ..tables import Cell, Table, Tables
from .costs import LayerCost, ModelCost
from .devices import find_device
from .profiles import DeviceProfile

# of the time: a network that stays in a cache can be faster than this
LOWER_BOUND = "roofline, cold cache"


@dataclass(frozen=True)
class LayerTime:
    """The lower bound of one layer on one machine.

    compute_ms : None where the machine has no rate for the layer's data type
    """

    layer: LayerCost
    compute_ms: float | None
    memory_ms: float

    @property
    def time_ms(self) -> float | None:
        """The longer of the two; None where one is not known."""
        if self.compute_ms is None:
            return None
        return max(self.compute_ms, self.memory_ms)

    @property
    def bound(self) -> str:
        """What sets the time: "compute", "memory" or "nothing"."""
        if self.compute_ms is None:
            return f"unknown: no {self.layer.arithmetic} rate"
        if not self.layer.num_bytes:
            return "nothing"
        return "compute" if self.compute_ms > self.memory_ms else "memory"


@dataclass(frozen=True, repr=False)
class ModelTime(Tables):
    """The lower bounds of all layers of a network on one machine."""

    device: DeviceProfile
    layers: tuple[LayerTime, ...]

    @property
    def time_ms(self) -> float | None:
        """The sum over layers; None where one of them is not known."""
        times = [layer.time_ms for layer in self.layers]
        known = [time for time in times if time is not None]
        return sum(known) if len(known) == len(times) else None

    def tables(self) -> tuple[Table, ...]:
        """Show one row for each layer and one for the sum."""
        rows = [
            (
                layer.layer.name,
                layer.layer.arithmetic,
                Cell.of(layer.layer.intensity),
                Cell.of(layer.time_ms),
                layer.bound,
            )
            for layer in self.layers
        ]
        total = ("total", "", "", Cell.of(self.time_ms), "")
        caption = f"Modelled on {self.device.name}, {LOWER_BOUND}"
        header = ("layer", "type", "MACs/byte", "ms", "bound by")
        return (Table(caption, header, (*rows, total)),)


def model_time(cost: ModelCost, device: str | DeviceProfile) -> ModelTime:
    """Model the shortest time of one example on a device, layer by layer.

    device : a name in DEVICES or a profile, such as `measure_machine` gives
    returns : its `time_ms` is a lower bound, in milliseconds. Where the device
        has no rate for a data type that the network multiplies, the time is
        None and `bound` says which; no other type's rate is put in its place.

    >>> from mini_compress.hardware import layer_costs
    >>> from mini_compress.models import build
    >>> cost = layer_costs(build("LeNet300"))
    >>> round(model_time(cost, "stm32h743").time_ms, 2)
    0.56
    """
    profile = find_device(device)
    times = (layer_time(layer, profile) for layer in cost.layers)
    return ModelTime(profile, tuple(times))


def layer_time(layer: LayerCost, device: DeviceProfile) -> LayerTime:
    """Model the shortest time of one layer: of its arithmetic, of its bytes.

    >>> from mini_compress.hardware import find_device, layer_costs
    >>> from mini_compress.models import build
    >>> _, first, *_ = layer_costs(build("LeNet300")).layers
    >>> first.name, layer_time(first, find_device("stm32h743")).bound
    ('classifier.1', 'memory')
    """
    rate = device.macs_per_second.get(layer.arithmetic)
    compute_ms = 1e3 * layer.macs / rate if rate else None
    if not layer.macs:
        compute_ms = 0.0  # no rate is needed
    return LayerTime(
        layer, compute_ms, 1e3 * layer.num_bytes / device.bytes_per_second
    )
