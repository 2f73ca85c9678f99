"""How a network's numbers become integers.

uniform          evenly spaced codes for weights
static           codes for activations too, and products of integers
gptq             codes of weights that keep outputs: each error is pushed on
adaround         the same, learned: each weight goes up or down
integer_network  whole networks on codes, from pixels to logits
simulation       the same in float32, rounded to the same grids
comparison       where two executions of an integer network part
planning         what a float network becomes, step by step
rules, weights   what each of its operations becomes

Ranges of layers' inputs and the folding of batch normalization are those of
`mini_compress.graph`.
"""

from ..graph import fold_batchnorm, observe_ranges, unfolded_norms
from .adaround import quantize_adaround
from .comparison import Comparison, LayerDifference, compare_layers
from .gptq import quantize_gptq
from .integer_network import quantize_network
from .rounding_report import LayerRounding, Rounded, RoundingReport
from .simulation import SimulatedNetwork, simulate
from .static import quantize_static
from .uniform import quantize_weight, quantize_weights

__all__ = [
    "Comparison",
    "LayerDifference",
    "LayerRounding",
    "Rounded",
    "RoundingReport",
    "SimulatedNetwork",
    "compare_layers",
    "fold_batchnorm",
    "observe_ranges",
    "quantize_adaround",
    "quantize_gptq",
    "quantize_network",
    "quantize_static",
    "quantize_weight",
    "quantize_weights",
    "simulate",
    "unfolded_norms",
]
