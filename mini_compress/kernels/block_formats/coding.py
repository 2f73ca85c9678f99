"""Values to the bytes of a block format, and back."""

import numpy as np

from ..._require import (
    require_dtype,
    require_equal,
    require_finite,
    require_int,
    require_ndim,
    require_one_of,
)
from ..blocks import BLOCK_SIZE, slices
from .form import BlockFormat
from .ggml import Q4_0, Q8_0
from .k_quants import Q2_K, Q3_K, Q4_K, Q5_K, Q6_K
from .microscaling import MXFP4, MXFP8_E4M3, MXFP8_E5M2, NVFP4
from .normal_float import NF4, NF4_DOUBLE

FORMATS: dict[str, BlockFormat] = {
    "mxfp4": MXFP4,
    "mxfp8_e4m3": MXFP8_E4M3,
    "mxfp8_e5m2": MXFP8_E5M2,
    "nvfp4": NVFP4,
    "q4_0": Q4_0,
    "q8_0": Q8_0,
    "q2_k": Q2_K,
    "q3_k": Q3_K,
    "q4_k": Q4_K,
    "q5_k": Q5_K,
    "q6_k": Q6_K,
    "nf4": NF4,
    "nf4_double": NF4_DOUBLE,
}


def encode_blocks(values: np.ndarray, format: str) -> np.ndarray:
    """Return the bytes of values in a block format.

    values : (...) float32, finite, read in C order: a block runs on from the
        end of a row into the next
    format : a name of FORMATS
    returns : (num_block_bytes(format, size),) uint8; zeros fill the last block

    >>> values = np.array([0.5, -0.75, 3.0, 1.25], np.float32)
    >>> data = encode_blocks(values, "mxfp4")
    >>> len(data), data[:5].tolist()  # the scale, 2**-1; then low nibbles
    (17, [126, 2, 11, 7, 4])
    >>> decode_blocks(data, "mxfp4", 4)
    array([ 0.5 , -0.75,  3.  ,  1.  ], dtype=float32)

    See [ocp2023microscaling]; GGUF, `gguf.quants`.
    """
    form = _form(format)
    require_dtype("values", values, np.float32)
    require_finite("values", values)
    if not values.size:
        return np.zeros(num_block_bytes(format, 0), np.uint8)
    rows = np.zeros((_num_blocks(form, values.size), form.size), np.float32)
    rows.ravel()[: values.size] = values.ravel()
    head, parts = form.encode(rows)
    return np.concatenate(
        [np.frombuffer(head, np.uint8), np.hstack(parts).ravel()]
    )


def decode_blocks(data: np.ndarray, format: str, count: int) -> np.ndarray:
    """Return the values that the bytes of a block format stand for.

    data : (num_block_bytes(format, count),) uint8
    format : a name of FORMATS
    count : how many values; what fills the last block is left out
    returns : (count,) float32; NaN in a block whose scale's byte means that

    >>> data = np.array([128, 0x21, *[0] * 15], np.uint8)  # scale 2, codes
    >>> decode_blocks(data, "mxfp4", 32)[[0, 16]]
    array([1., 2.], dtype=float32)

    Loops in `naive.decode_blocks`.
    """
    form = _form(format)
    require_dtype("data", data, np.uint8)
    require_ndim("data", data, 1)
    expected = num_block_bytes(format, count)
    require_equal(f"bytes of data for {count} values", expected, data.size)
    num_blocks = _num_blocks(form, int(count))
    start = form.head_bytes(num_blocks)
    head, blocks = data[:start].tobytes(), data[start:]
    blocks = blocks.reshape(num_blocks, form.num_bytes)
    values = np.empty((num_blocks, form.size), np.float32)
    for part in slices(num_blocks, BLOCK_SIZE // form.size):
        fields = form.split(blocks[part])
        values[part] = form.decode(head, fields, part.start)
    return values.ravel()[: int(count)]


def num_block_bytes(format: str, count: int) -> int:
    """Return how many bytes `count` values take, the last block filled up.

    >>> num_block_bytes("mxfp4", 32), num_block_bytes("mxfp4", 33)
    (17, 34)
    """
    form = _form(format)
    blocks = _num_blocks(form, require_int("count", count, 0))
    return form.head_bytes(blocks) + blocks * form.num_bytes


def bits_per_value(format: str) -> float:
    """Return the bits that a value takes in a full block.

    >>> bits_per_value("mxfp4"), bits_per_value("mxfp8_e4m3")
    (4.25, 8.25)
    """
    form = _form(format)
    return 8 * form.num_bytes / form.size


def _form(format: str) -> BlockFormat:
    require_one_of("format", format, FORMATS)
    return FORMATS[format]


def _num_blocks(form: BlockFormat, count: int) -> int:
    return -(-count // form.size)
