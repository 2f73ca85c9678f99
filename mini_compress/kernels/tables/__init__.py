"""Functions that are no sums of products, on integer codes.

A code of 8 bits has 256 values, so any function of one code is a table of 256
entries, computed beforehand and looked up. Softmax and layer normalization look
at many codes at once and need more; where not even a table may hold a float,
polynomials in integers take its place.

functions     what activation functions are: sigmoid, GELU and the like
lookup        tables of any function, how to use them, and how far off they are
normalizing   softmax and layer normalization of codes
integer_only  square roots, exponentials, GELU and softmax without any float
"""

from .functions import (
    gelu,
    gelu_tanh,
    hard_sigmoid,
    hard_swish,
    leaky_relu,
    relu,
    relu6,
    sigmoid,
    silu,
    tanh,
)
from .integer_only import (
    integer_exp,
    integer_gelu,
    integer_softmax,
    integer_sqrt,
)
from .lookup import (
    TableError,
    apply_table,
    make_table,
    table_error,
    table_inputs,
)
from .normalizing import layer_norm_int8, softmax_int8, softmax_params

__all__ = [
    "TableError",
    "apply_table",
    "gelu",
    "gelu_tanh",
    "hard_sigmoid",
    "hard_swish",
    "integer_exp",
    "integer_gelu",
    "integer_softmax",
    "integer_sqrt",
    "layer_norm_int8",
    "leaky_relu",
    "make_table",
    "relu",
    "relu6",
    "sigmoid",
    "silu",
    "softmax_int8",
    "softmax_params",
    "table_error",
    "table_inputs",
    "tanh",
]
