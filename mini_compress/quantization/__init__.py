"""How a network's numbers become integers.

uniform          evenly spaced codes for weights
static           codes for activations too, and products of integers
codebooks        levels where they are needed, evenly spaced or not
codebook_tuning  the same, trained: all weights of a level move together
sharing          levels for what pruning has left, and Huffman codes
gptq             codes of weights that keep outputs: each error is pushed on
adaround         the same, learned: each weight goes up or down
formats          weights in blocks: small floats, K-quants, NF4
integer_network  whole networks on codes, from pixels to logits
simulation       the same in float32, rounded to the same grids
comparison       where two executions of an integer network part
planning         what a float network becomes, step by step
rules, weights   what each of its operations becomes
calibration      which range each activation is to cover
equalization     channels of like size, the function unchanged
bias_correction  means as they were before rounding
mixed_precision  bits for each layer under a byte budget
trained          networks that learn with the rounding they will have
functions_on_codes  GELU, softmax, layer normalization, one kind at a time

Ranges of layers' inputs and the folding of batch normalization are those of
`mini_compress.graph`.
"""

from ..graph import fold_batchnorm, observe_ranges, unfolded_norms
from .adaround import quantize_adaround
from .bias_correction import correct_bias
from .calibration import activation_histograms, calibrate
from .codebook_tuning import tune_codebooks
from .codebooks import quantize_codebook
from .comparison import Comparison, LayerDifference, compare_layers
from .equalization import equalize, layer_pairs
from .formats import quantize_format
from .functions_on_codes import functions_on_codes
from .gptq import quantize_gptq
from .integer_network import quantize_network
from .mixed_precision import BitSensitivity, allocate_bits, scan_bits
from .rounding_report import LayerRounding, Rounded, RoundingReport
from .sharing import share_weights, store_huffman
from .simulation import SimulatedNetwork, simulate
from .static import quantize_static
from .trained import (
    TrainableNetwork,
    TrainedQuantization,
    prepare,
    to_integer,
    train_quantized,
)
from .uniform import quantize_weight, quantize_weights

__all__ = [
    "BitSensitivity",
    "Comparison",
    "LayerDifference",
    "LayerRounding",
    "Rounded",
    "RoundingReport",
    "SimulatedNetwork",
    "TrainableNetwork",
    "TrainedQuantization",
    "activation_histograms",
    "allocate_bits",
    "calibrate",
    "compare_layers",
    "correct_bias",
    "equalize",
    "fold_batchnorm",
    "functions_on_codes",
    "layer_pairs",
    "observe_ranges",
    "prepare",
    "quantize_adaround",
    "quantize_codebook",
    "quantize_format",
    "quantize_gptq",
    "quantize_network",
    "quantize_static",
    "quantize_weight",
    "quantize_weights",
    "scan_bits",
    "share_weights",
    "simulate",
    "store_huffman",
    "to_integer",
    "train_quantized",
    "tune_codebooks",
    "unfolded_norms",
]
