"""What a network costs: bytes, MACs, milliseconds and energy.

Real figures (bytes of the file, milliseconds measured here) and modelled ones
(overhead and the roofline, microjoules) are kept apart: a table holds the
one or the other, and says which.
"""

from .comparison import Comparison, compare
from .costs import LayerCost, ModelCost, layer_costs
from .devices import DEVICES, find_device
from .energy import Energy, model_energy
from .ledgers import Ledger, Modelled, ledger
from .machine import list_probes, measure_machine, profile_of
from .overhead import measure_overhead, tiny_layers
from .parts import PARTS, file_parts
from .profiles import DeviceProfile, Source
from .roofline import (
    LOWER_BOUND,
    PARTS_OF_TIME,
    LayerTime,
    ModelTime,
    layer_time,
    model_time,
)
from .timing import Timing, measure_model_ms, measure_ms

__all__ = [
    "DEVICES",
    "LOWER_BOUND",
    "PARTS",
    "PARTS_OF_TIME",
    "Comparison",
    "DeviceProfile",
    "Energy",
    "LayerCost",
    "LayerTime",
    "Ledger",
    "ModelCost",
    "ModelTime",
    "Modelled",
    "Source",
    "Timing",
    "compare",
    "file_parts",
    "find_device",
    "layer_costs",
    "layer_time",
    "ledger",
    "list_probes",
    "measure_machine",
    "measure_model_ms",
    "measure_ms",
    "measure_overhead",
    "model_energy",
    "model_time",
    "profile_of",
    "tiny_layers",
]
