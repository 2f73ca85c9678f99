"""Values in blocks that share a scale: how large language models are stored.

One scale for a whole tensor suits its largest values and no others. Here a few
neighbours share one of 8 or 16 bits, and in K-quants the scales of scales are
small codes too. `encode_blocks` and `decode_blocks` know them all by name.

microscaling  floats of 4 and 8 bits: MXFP4, MXFP8, NVFP4
ggml          evenly spaced codes, a scale in float16: Q4_0, Q8_0
k_quants      scales of scales: Q2_K to Q6_K
normal_float  levels at quantiles: NF4, and with nested scales
"""

from .coding import (
    FORMATS,
    bits_per_value,
    decode_blocks,
    encode_blocks,
    num_block_bytes,
)
from .form import BlockFormat

__all__ = [
    "FORMATS",
    "BlockFormat",
    "bits_per_value",
    "decode_blocks",
    "encode_blocks",
    "num_block_bytes",
]
