"""How a network's numbers become integers.

uniform      evenly spaced codes for weights, or weights and activations
calibration  which range each layer's input has, from example images
folding      batch normalization merged into the convolution before it
"""

from ..graph.folding import fold_batchnorm
from ..graph.inputs import observe_ranges
from .uniform import quantize_static, quantize_weight, quantize_weights

__all__ = [
    "fold_batchnorm",
    "observe_ranges",
    "quantize_static",
    "quantize_weight",
    "quantize_weights",
]
