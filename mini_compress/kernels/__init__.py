"""What the arithmetic of compressed networks is, in numpy alone.

affine         real numbers as integer codes, and back
integer        products and convolutions of codes, and their requantization
requantization the rules by which runtimes round sums, and where they part
saturation     products of processors that add pairs of them in 16 bits
elementwise    sums and products of codes, and changes of their grid
fixed_point    the same between grids without any float
pooling        the largest code of each window, or the code of its mean
tables         functions that are no sums of products, on codes
packing        codes of 1, 2 and 4 bits, several to a byte
planes         codes of 1 to 8 bits, in planes of those
codebook       levels that are not even, and codes of the nearest ones
huffman        frequent symbols in few bits, rare ones in more
ranges         which range codes are to cover
masks          which weights stay when others are removed
soft_targets   a teacher's probabilities, and how far a student is
packed_logits  what a teacher said of each image, in a few bytes
low_rank       matrices and tensors as products of smaller ones
floats         numbers of 4 to 16 bits: exponent and mantissa
block_formats  blocks of values that share a scale: MXFP4, K-quants, NF4
rotation       Hadamard matrices, which spread outliers
second_order   rounding that pushes each error on to the weights behind it
sparse         matrices that leave zeros out, and their products
naive          the same functions as plain loops: the definitions
"""

from . import (
    affine,
    block_formats,
    codebook,
    elementwise,
    fixed_point,
    floats,
    huffman,
    integer,
    low_rank,
    masks,
    naive,
    packed_logits,
    packing,
    planes,
    pooling,
    ranges,
    requantization,
    rotation,
    saturation,
    second_order,
    soft_targets,
    sparse,
    tables,
)

__all__ = [
    "affine",
    "block_formats",
    "codebook",
    "elementwise",
    "fixed_point",
    "floats",
    "huffman",
    "integer",
    "low_rank",
    "masks",
    "naive",
    "packed_logits",
    "packing",
    "planes",
    "pooling",
    "ranges",
    "requantization",
    "rotation",
    "saturation",
    "second_order",
    "soft_targets",
    "sparse",
    "tables",
]
