"""What a compressed network is made of: modules that hold codes, or no zeros.

All of them are for inference: their state lies in buffers, not parameters.
"""

from .base import CompressedLayer, StoredWeight
from .geometry import Conv2dGeometry, LinearGeometry, geometry_of
from .integer import IntegerLayer
from .packed_weight import PackedWeight
from .sparse import SparseLayer, SparseWeight
from .weight_only import WeightOnlyLayer

__all__ = [
    "CompressedLayer",
    "Conv2dGeometry",
    "IntegerLayer",
    "LinearGeometry",
    "PackedWeight",
    "SparseLayer",
    "SparseWeight",
    "StoredWeight",
    "WeightOnlyLayer",
    "geometry_of",
]
