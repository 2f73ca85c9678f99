"""What a compressed network is made of: torch modules that hold codes.

All of them are for inference: their state lies in buffers, not parameters.
"""

from .geometry import Conv2dGeometry, LinearGeometry, geometry_of
from .integer import IntegerLayer
from .packed_weight import PackedWeight
from .weight_only import WeightOnlyLayer

__all__ = [
    "Conv2dGeometry",
    "IntegerLayer",
    "LinearGeometry",
    "PackedWeight",
    "WeightOnlyLayer",
    "geometry_of",
]
