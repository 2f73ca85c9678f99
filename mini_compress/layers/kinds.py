"""The one list of the kinds of layers that this package knows.

Files, ledgers and methods ask here. Who adds a compressed layer writes it in a
file of this folder and adds its name to `COMPRESSED`, or to `FACTORED` if it is
a chain of others. `mini_compress.export` has a writer for each.
"""

from torch import nn

from .base import CompressedLayer
from .block_format import BlockFormatLayer
from .codebook import CodebookLayer
from .factored import FactoredLayer
from .integer import IntegerLayer
from .integer_base import IntegerOperation, QuantizeInput
from .integer_ops import (
    IntegerAdd,
    IntegerAvgPool2d,
    IntegerConcat,
    IntegerFlatten,
    IntegerGlobalAvgPool2d,
    IntegerMaxPool2d,
    IntegerMultiply,
)
from .integer_table import IntegerTable
from .low_rank import LowRankConv2d, LowRankLinear
from .requantized import RequantizedLayer
from .separable import SeparableConv2d
from .sparse import SparseLayer
from .sparse_codebook import SparseCodebookLayer
from .tucker import TuckerConv2d
from .weight_only import WeightOnlyLayer

# layers that a method can compress
PLAIN = (nn.Linear, nn.Conv2d)

# layers that are compressed, by the name under which files know them
COMPRESSED: dict[str, type[CompressedLayer]] = {
    kind.__name__: kind
    for kind in (
        *(WeightOnlyLayer, IntegerLayer, RequantizedLayer, SparseLayer),
        BlockFormatLayer,
        CodebookLayer,
        SparseCodebookLayer,
    )
}

# what integer networks do besides, by the name under which files know them
OPERATIONS: dict[str, type[IntegerOperation]] = {
    kind.__name__: kind
    for kind in (
        *(QuantizeInput, IntegerFlatten, IntegerMaxPool2d, IntegerAvgPool2d),
        *(IntegerGlobalAvgPool2d, IntegerAdd, IntegerMultiply, IntegerConcat),
        IntegerTable,
    )
}

# layers that are chains of plain ones, by the name under which files know them
FACTORED: dict[str, type[FactoredLayer]] = {
    kind.__name__: kind
    for kind in (LowRankLinear, LowRankConv2d, SeparableConv2d, TuckerConv2d)
}

# normalizations with running statistics, and all of them
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
NORMALIZATIONS = (*BATCH_NORMS, nn.GroupNorm, nn.LayerNorm)

# layers that read rows of a table, such as a transformer's positions
LOOKUPS = (nn.Embedding,)

# layers that only read the same numbers in another shape
VIEWS = (
    nn.Dropout,
    nn.Flatten,
    nn.Identity,
    nn.Sequential,  # an empty one: the short cut of a residual block
    nn.Unflatten,
    IntegerFlatten,
)

# a buffer that counts steps of training; a network in use has no need of it
TRAINING_ONLY = "num_batches_tracked"
