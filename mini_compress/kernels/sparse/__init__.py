"""Matrices that leave zeros out, and their products.

Each format stores the same matrix in other arrays, and each has `from_dense`,
`to_dense`, `num_bytes` (of its arrays), and `matrix @ x` for a vector or a
matrix x. `conv2d_sparse` is a convolution through the same products.

CSRMatrix            any zeros: a column for each value that is stored
BSRMatrix            zeros in whole blocks: a column for each block
NMMatrix             N of M kept: a position of few bits for each value
RelativeIndexMatrix  any zeros: a gap of few bits for each value
"""

from .bsr import BSRMatrix
from .conv import conv2d_sparse
from .csr import CSRMatrix
from .nm import NMMatrix
from .relative import RelativeIndexMatrix

__all__ = [
    "BSRMatrix",
    "CSRMatrix",
    "NMMatrix",
    "RelativeIndexMatrix",
    "conv2d_sparse",
]
