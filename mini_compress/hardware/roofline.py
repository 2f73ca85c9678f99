"""The time of a layer by three parts: overhead, arithmetic and memory.

    time of a layer = max(MACs / peak rate, bytes / bandwidth) + overhead

The maximum is the roofline: the shortest time that the machine allows. A layer
is bound by arithmetic when the first is longer and by memory when the second
is; the border is where its arithmetic intensity (MACs per byte) equals the
machine's balance (peak rate / bandwidth). The overhead is what a call takes
whatever it computes; where it is not known it is not counted, and the time is
a lower bound. The time of a network is the sum over its layers, which run one
after the other. Every layer is taken to fetch its numbers from memory: where
a network stays in a cache, or layers are fused, the real bound is lower
still. See [williams2009roofline].
"""

from dataclasses import dataclass

from ..tables import Cell, Table, Tables
from .costs import LayerCost, ModelCost
from .devices import find_device
from .profiles import DeviceProfile

# of the time: a network that stays in a cache can be faster than this
LOWER_BOUND = "roofline, cold cache"
PARTS_OF_TIME = ("overhead", "arithmetic", "memory")
UNKNOWN_OVERHEAD = "overhead not known: not counted"


@dataclass(frozen=True)
class LayerTime:
    """The modelled time of one layer on one machine.

    arithmetic_ms : None where the machine has no rate for the layer's type
    overhead_ms : None where it is not known, and then it is not counted
    """

    layer: LayerCost
    arithmetic_ms: float | None
    memory_ms: float
    overhead_ms: float | None = None

    @property
    def time_ms(self) -> float | None:
        """The longer of arithmetic and memory, and the overhead."""
        if self.arithmetic_ms is None:
            return None
        roofline_ms = max(self.arithmetic_ms, self.memory_ms)
        return roofline_ms + (self.overhead_ms or 0)

    @property
    def bound(self) -> str:
        """What takes longest: a name in `PARTS_OF_TIME`, or "nothing"."""
        if self.arithmetic_ms is None:
            return f"unknown: no {self.layer.arithmetic} rate"
        if not self.layer.num_bytes:
            return "nothing"
        longest_ms = max(self.arithmetic_ms, self.memory_ms)
        if self.overhead_ms is not None and self.overhead_ms > longest_ms:
            return "overhead"
        return "arithmetic" if self.arithmetic_ms > self.memory_ms else "memory"


@dataclass(frozen=True, repr=False)
class ModelTime(Tables):
    """The modelled times of all layers of a network on one machine."""

    device: DeviceProfile
    layers: tuple[LayerTime, ...]

    @property
    def time_ms(self) -> float | None:
        """The sum over layers; None where one of them is not known."""
        times = [layer.time_ms for layer in self.layers]
        known = [time for time in times if time is not None]
        return sum(known) if len(known) == len(times) else None

    @property
    def parts(self) -> dict[str, float | None]:
        """Split the time: overhead, arithmetic and memory, in milliseconds.

        The longer one of arithmetic and memory counts for a layer, as the
        other is done meanwhile. The parts that are known add up to `time_ms`.
        """
        parts: dict[str, float | None] = dict.fromkeys(PARTS_OF_TIME)
        if self.time_ms is None:
            return parts
        pairs = [(x.arithmetic_ms or 0, x.memory_ms) for x in self.layers]
        parts["arithmetic"] = sum(a for a, memory in pairs if a > memory)
        parts["memory"] = sum(memory for a, memory in pairs if a <= memory)
        if self.device.overhead_s is not None:
            parts["overhead"] = sum(x.overhead_ms or 0 for x in self.layers)
        return parts

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
        if self.device.overhead_s is None:
            caption += f"; {UNKNOWN_OVERHEAD}"
        header = ("layer", "type", "MACs/byte", "ms", "bound by")
        return (Table(caption, header, (*rows, total)),)


def model_time(cost: ModelCost, device: str | DeviceProfile) -> ModelTime:
    """Model the time of one example on a device, layer by layer.

    device : a name in DEVICES or a profile, such as `measure_machine` gives
    returns : its `time_ms` is in milliseconds, and a lower bound where the
        device's overhead is not known. Where the device has no rate for a
        data type that the network multiplies, the time is None and `bound`
        says which; no other type's rate is put in its place.

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
    """Model the time of one layer: its arithmetic, its bytes, its call.

    A layer that moves no bytes, such as Flatten, is not called.

    >>> from mini_compress.hardware import find_device, layer_costs
    >>> from mini_compress.models import build
    >>> _, first, *_ = layer_costs(build("LeNet300")).layers
    >>> first.name, layer_time(first, find_device("stm32h743")).bound
    ('classifier.1', 'memory')
    """
    rate = device.macs_per_second.get(layer.arithmetic)
    arithmetic_ms = 1e3 * layer.macs / rate if rate else None
    if not layer.macs:
        arithmetic_ms = 0.0  # no rate is needed
    memory_ms = 1e3 * layer.num_bytes / device.bytes_per_second
    overhead_ms = None
    if device.overhead_s is not None:
        overhead_ms = 1e3 * device.overhead_s * (layer.num_bytes > 0)
    return LayerTime(layer, arithmetic_ms, memory_ms, overhead_ms)
