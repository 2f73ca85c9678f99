"""What a compressed network is made of.

A `CompressedLayer` holds codes, or no zeros, and is for inference: its state
lies in buffers, not parameters. A `FactoredLayer` is a chain of smaller layers
of torch's, which are trained and compressed as any others. An `IntegerNetwork`
is a whole network between codes: its layers are `RequantizedLayer`s, and what
it does besides is in `integer_ops` and `integer_table`.
"""

from .base import CompressedLayer, StoredWeight
from .block_format import BlockFormatLayer, BlockFormatWeight
from .codebook import CodebookLayer, CodebookWeight
from .factored import FactoredLayer
from .geometry import Conv2dGeometry, LinearGeometry, geometry_of
from .integer import IntegerLayer
from .integer_network import IntegerNetwork, Step
from .low_rank import LowRankConv2d, LowRankLinear
from .packed_weight import PackedWeight
from .requantized import RequantizedLayer
from .separable import SeparableConv2d
from .sparse import SparseLayer, SparseWeight
from .sparse_codebook import SparseCodebookLayer, SparseCodebookWeight
from .tucker import TuckerConv2d
from .weight_only import WeightOnlyLayer

__all__ = [
    "BlockFormatLayer",
    "BlockFormatWeight",
    "CodebookLayer",
    "CodebookWeight",
    "CompressedLayer",
    "Conv2dGeometry",
    "FactoredLayer",
    "IntegerLayer",
    "IntegerNetwork",
    "LinearGeometry",
    "LowRankConv2d",
    "LowRankLinear",
    "PackedWeight",
    "RequantizedLayer",
    "SeparableConv2d",
    "SparseCodebookLayer",
    "SparseCodebookWeight",
    "SparseLayer",
    "SparseWeight",
    "Step",
    "StoredWeight",
    "TuckerConv2d",
    "WeightOnlyLayer",
    "geometry_of",
]
