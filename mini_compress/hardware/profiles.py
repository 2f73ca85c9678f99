"""What a model of a machine needs to know of it, and where that comes from."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Where a figure comes from: an address, and how it follows from it."""

    address: str
    remark: str


@dataclass(frozen=True)
class DeviceProfile:
    """Peak rates, bandwidth, overhead and memory of one machine.

    macs_per_second : data type ("float32", "int8", ...) -> peak MAC/s; a type
        that is not there has no rate that is known
    bytes_per_second : bandwidth of the memory that holds the network
    memory : the kind of that memory, a key of `energy.BYTE_PJ`
    ram_bytes, flash_bytes : None where there is none or it varies
    overhead_s : seconds to call a layer, in the runtime that its source names;
        None where it is not known, and then it is not counted
    sources : for each figure ("float32", "int8", "bandwidth", "overhead",
        "ram", "flash")
    """

    name: str
    kind: str
    macs_per_second: Mapping[str, float]
    bytes_per_second: float
    memory: str
    sources: Mapping[str, Source]
    ram_bytes: int | None = None
    flash_bytes: int | None = None
    overhead_s: float | None = None

    @property
    def storage_bytes(self) -> int | None:
        """What holds a model's file: flash where there is some, else RAM."""
        return self.flash_bytes or self.ram_bytes

    def figures(self) -> dict[str, float]:
        """Give every figure under the name that its source has."""
        figures = {
            **self.macs_per_second,
            "bandwidth": self.bytes_per_second,
            "overhead": self.overhead_s,
            "ram": self.ram_bytes,
            "flash": self.flash_bytes,
        }
        return {name: x for name, x in figures.items() if x is not None}
