"""What a network costs: bytes, MACs, milliseconds and energy.

Real figures (bytes of the file, milliseconds measured here) and modelled ones
(the roofline's lower bound, microjoules) are kept apart: a table holds the
one or the other, and says which.
"""

from .comparison import Comparison, compare
from .costs import LayerCost, ModelCost, layer_costs
from .devices import DEVICES, find_device
from .energy import Energy, model_energy
from .ledgers import Ledger, Modelled, ledger
from .machine import measure_machine
from .parts import PARTS, file_parts
from .profiles import DeviceProfile, Source
from .roofline import (
    LOWER_BOUND,
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
    "measure_machine",
    "measure_model_ms",
    "measure_ms",
    "model_energy",
    "model_time",
]
