"""How a network's numbers become integers.

uniform  evenly spaced codes for weights
static   codes for activations too, and products of integers

Ranges of layers' inputs and the folding of batch normalization are those of
`mini_compress.graph`.
"""

from ..graph import fold_batchnorm, observe_ranges, unfolded_norms
from .integer_network import quantize_network
from .static import quantize_static
from .uniform import quantize_weight, quantize_weights

__all__ = [
    "fold_batchnorm",
    "observe_ranges",
    "quantize_network",
    "quantize_static",
    "quantize_weight",
    "quantize_weights",
    "unfolded_norms",
]
