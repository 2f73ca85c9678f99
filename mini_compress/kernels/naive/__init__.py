"""The kernels as plain loops: what each one means, one number at a time.

Read these first. The fast kernels of the same names give the same results, bit
for bit where they are integers, and the tests compare them with these. Input
is not checked here. `encode_float` and `decode_float` are `floats.encode` and
`floats.decode`.
"""

from .block_encoders import encode_blocks
from .block_formats import decode_blocks
from .codebook import (
    additive_powers_of_two,
    equal_mass,
    fit_codebook,
    look_up,
    nearest_codes,
    normal_float_levels,
    optimal_codebook,
    power_of_two_levels,
    squared_error,
)
from .codes import (
    choose_affine,
    dequantize,
    pack_bits,
    quantize,
    range_error,
    split_groups,
    unpack_bits,
)
from .elementwise import (
    add_int8,
    concat_int8,
    multiply_int8,
    rescale_int8,
)
from .fixed_point import (
    add_fixed,
    average_pool_fixed,
    multiply_fixed,
    rescale_fixed,
)
from .floats import decode_float, encode_float, round_to_float
from .huffman import code_lengths, decode_bits, encode_bits, entropy
from .integer import (
    conv2d_int8,
    linear_int8,
    matmul_int8,
    matmul_saturating,
    quantize_multiplier,
    requantize,
)
from .low_rank import fold, mode_product, unfold
from .masks import (
    keep_largest,
    keep_largest_blocks,
    keep_largest_global,
    keep_largest_nm,
)
from .pooling import (
    average_pool_int8,
    global_average_pool_int8,
    max_pool_int8,
)
from .rotation import hadamard, rotate
from .second_order import fix_weight, gptq
from .soft_targets import (
    attention_map,
    decouple,
    soft_target_loss,
    softmax,
)
from .sparse import (
    bsr_from_dense,
    bsr_matmul,
    conv2d_sparse,
    csr_from_dense,
    csr_matmul,
    nm_from_dense,
    nm_matmul,
    relative_from_dense,
    relative_matmul,
)
from .tables import (
    apply_table,
    integer_exp,
    integer_gelu,
    integer_softmax,
    integer_sqrt,
    layer_norm_int8,
    make_table,
    softmax_int8,
)

__all__ = [
    "add_fixed",
    "add_int8",
    "additive_powers_of_two",
    "apply_table",
    "attention_map",
    "average_pool_fixed",
    "average_pool_int8",
    "bsr_from_dense",
    "bsr_matmul",
    "choose_affine",
    "code_lengths",
    "concat_int8",
    "conv2d_int8",
    "conv2d_sparse",
    "csr_from_dense",
    "csr_matmul",
    "decode_bits",
    "decode_blocks",
    "decode_float",
    "decouple",
    "dequantize",
    "encode_bits",
    "encode_blocks",
    "encode_float",
    "entropy",
    "equal_mass",
    "fit_codebook",
    "fix_weight",
    "fold",
    "global_average_pool_int8",
    "gptq",
    "hadamard",
    "integer_exp",
    "integer_gelu",
    "integer_softmax",
    "integer_sqrt",
    "keep_largest",
    "keep_largest_blocks",
    "keep_largest_global",
    "keep_largest_nm",
    "layer_norm_int8",
    "linear_int8",
    "look_up",
    "make_table",
    "matmul_int8",
    "matmul_saturating",
    "max_pool_int8",
    "mode_product",
    "multiply_fixed",
    "multiply_int8",
    "nearest_codes",
    "nm_from_dense",
    "nm_matmul",
    "normal_float_levels",
    "optimal_codebook",
    "pack_bits",
    "power_of_two_levels",
    "quantize",
    "quantize_multiplier",
    "range_error",
    "relative_from_dense",
    "relative_matmul",
    "requantize",
    "rescale_fixed",
    "rescale_int8",
    "rotate",
    "round_to_float",
    "soft_target_loss",
    "softmax",
    "softmax_int8",
    "split_groups",
    "squared_error",
    "unfold",
    "unpack_bits",
]
