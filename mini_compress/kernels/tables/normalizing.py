"""Softmax and layer normalization: functions of many codes at once.

Both forget the zero point of their input. Softmax sees differences of codes
only; layer normalization takes the mean away and divides by the spread, which
leaves nothing of the scale either, but for its epsilon.
"""

import math

import numpy as np

from ..._require import (
    require_dtype,
    require_equal,
    require_finite,
    require_number,
)
from ..affine_params import AffineParams
from .fields import one_step, require_axis, require_codes
from .integer_only import integer_sqrt

__all__ = ["layer_norm_int8", "softmax_int8", "softmax_params"]

# Bits after the point, in the integers of layer_norm_int8:
ROOT_BITS = 8  # of n * deviation, so that a square has twice as many
NORMAL_BITS = 20  # of the normalized numbers
WEIGHT_BITS = 16  # of weight / scale_y; a bias has the sum of both
# What keeps every sum and product below 2**63:
LONGEST = 2**15
LARGEST_WEIGHT = 2.0**14
LARGEST_BIAS = 2.0**24
LARGEST_EPSILON = 2.0**45


def softmax_params(*, signed: bool) -> AffineParams:
    """Return the grid of `softmax_int8`: probabilities in steps of 1 / 256.

    returns : 8 bits, scale 1 / 256, the lowest code for 0. The highest code
        stands for 255 / 256, and a probability of 1 becomes that.

    >>> int(softmax_params(signed=True).zero_point)
    -128

    See LiteRT's specification of 8-bit quantization, SOFTMAX.
    """
    return AffineParams(1 / 256, -128 if signed else 0, 8, signed)


def softmax_int8(
    codes: np.ndarray, x_params: AffineParams, *, axis: int = -1
) -> np.ndarray:
    """Turn codes of logits into codes of probabilities.

    codes : (...) of x_params' dtype
    x_params : grid of the logits, one scale, at most 8 bits
    axis : along which probabilities add up to 1
    returns : codes' shape and dtype, on the grid `softmax_params`: those of
        the exact probabilities, rounded half to even

    >>> x_params = AffineParams(0.5, 0, bits=8, signed=False)
    >>> softmax_int8(np.array([[12, 6, 0, 0]], np.uint8), x_params)
    array([[243,  12,   1,   1]], dtype=uint8)

    The exponentials of all 256 differences to the largest code are a table of
    floats; their sum and the quotients are floats too. See onnxruntime,
    QLinearSoftmax of opset 13; loops in `naive.softmax_int8`.
    """
    scale, _ = one_step("x_params", x_params)
    require_codes(codes, x_params)
    axis = require_axis(codes, axis)
    grid = softmax_params(signed=x_params.signed)
    powers = np.exp(-np.float64(scale) * np.arange(256))
    wide = codes.astype(np.int16)
    gaps = wide.max(axis=axis, keepdims=True) - wide  # 0 to 255
    parts = powers[gaps]
    steps = np.rint(parts / parts.sum(axis=axis, keepdims=True) * 256)
    return np.minimum(
        steps + np.asarray(grid.zero_point), grid.quant_max
    ).astype(grid.dtype)


def layer_norm_int8(
    codes: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    x_params: AffineParams,
    y_params: AffineParams,
    *,
    eps: float = 1e-5,
) -> np.ndarray:
    """Normalize codes along their last axis, in integers.

    codes : (..., n) of x_params' dtype, n from 1 to 2**15
    weight, bias : (n,) float32 or float64; weight up to 2**14 steps of y,
        bias up to 2**24
    x_params, y_params : grids of input and output, one scale each, at most
        8 bits
    eps : >= 0, is added to the variance, as in torch.nn.LayerNorm; in codes
        it is eps / scale_x**2
    returns : codes' shape, of y's dtype. A row of equal codes gives the bias.

    >>> x_params = AffineParams(0.5, 3, bits=8, signed=False)
    >>> y_params = AffineParams(1 / 64, 0, bits=8, signed=True)
    >>> ones, zeros = np.ones(4), np.zeros(4)
    >>> codes = np.array([[10, 12, 14, 16], [7, 7, 7, 7]], np.uint8)
    >>> layer_norm_int8(codes, ones, zeros, x_params, y_params)
    array([[-86, -29,  29,  86],
           [  0,   0,   0,   0]], dtype=int8)

    With n numbers q of sum s, n * q - s is n times the centered number and
    the root of n * sum(q**2) - s**2 is n times the deviation, both without
    any rounding of the mean. Their quotient is counted in steps of 2**-20,
    weight and bias in steps of their own; the last shift rounds ties up. The
    root is cut off at 2**-8, so normalized numbers are too large by a share
    of 1 / (256 * n * deviation) at most, the deviation in codes. See
    [kim2021ibert], section 3.6, whose code rounds the mean; loops in
    `naive.layer_norm_int8`.
    """
    require_codes(codes, x_params)
    n = _row_length(codes)
    scale, zero_point = one_step("y_params", y_params)
    if y_params.bits > 8:
        raise ValueError(f"y_params must have <= 8 bits, got {y_params.bits}")
    factor = _constant("weight", weight, n, scale, LARGEST_WEIGHT, WEIGHT_BITS)
    offset = _constant(
        "bias", bias, n, scale, LARGEST_BIAS, NORMAL_BITS + WEIGHT_BITS
    )
    normal = _normalize(codes.astype(np.int64), _epsilon(eps, n, x_params))
    down = NORMAL_BITS + WEIGHT_BITS
    steps = (normal * factor + offset + (1 << (down - 1))) >> down
    steps = np.clip(steps + zero_point, y_params.quant_min, y_params.quant_max)
    return steps.astype(y_params.dtype)


def _normalize(q: np.ndarray, epsilon: int) -> np.ndarray:
    """Return (q - mean) / deviation in steps of 2**-20.

    q : (..., n) int64
    epsilon : n**2 * eps / scale**2, in steps of 2**-16
    """
    n = q.shape[-1]
    total = q.sum(axis=-1, keepdims=True)
    centered = n * q - total
    squares = n * (q * q).sum(axis=-1, keepdims=True) - total * total
    # (..., 1), below 2**62: squares is at most (n * 255 / 2)**2
    root = integer_sqrt((squares << 2 * ROOT_BITS) + epsilon)
    root = np.maximum(root, 1)  # where it is 0, so is what it divides
    return (centered << (ROOT_BITS + NORMAL_BITS)) // root


def _row_length(codes: np.ndarray) -> int:
    require_axis(codes, -1)
    n = codes.shape[-1]
    if n > LONGEST:
        raise ValueError(f"last axis of codes must be <= {LONGEST}, got {n}")
    return n


def _constant(
    name: str,
    values: np.ndarray,
    n: int,
    scale: np.float32,
    largest: float,
    bits: int,
) -> np.ndarray:
    """Return values / scale as (n,) int64 in steps of 2**-bits."""
    require_dtype(name, values, np.float32, np.float64)
    require_equal(f"shape of {name}", (n,), values.shape)
    require_finite(name, values)
    steps = values.astype(np.float64) / np.float64(scale)
    if np.abs(steps).max() > largest:
        raise ValueError(
            f"{name} must be within {largest:g} steps of y_params, "
            f"got {np.abs(steps).max():g}"
        )
    return np.rint(steps * 2.0**bits).astype(np.int64)


def _epsilon(eps: float, n: int, x_params: AffineParams) -> int:
    """Return n**2 * eps / scale_x**2 in steps of 2**-16."""
    scale, _ = one_step("x_params", x_params)
    eps = require_number("eps", eps, 0)
    in_codes = n * n * eps / float(scale) ** 2 if eps else 0.0
    if not in_codes <= LARGEST_EPSILON:
        largest = LARGEST_EPSILON / n**2 * float(scale) ** 2
        raise ValueError(
            f"eps must be at most {largest:.3g} for this scale, got {eps:g}"
        )
    return math.floor(in_codes * 2.0 ** (2 * ROOT_BITS) + 0.5)
