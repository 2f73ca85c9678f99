"""GELU, exponential, softmax and square root in integers alone: I-BERT.

A real number is code * scale. The functions return codes on a scale that
follows from the scale of the input; constants of the polynomials are divided
by it and floored, beforehand. What runs on the codes is additions, products,
shifts and integer divisions.

Scales have to be small: these functions take the 32-bit sums of a product, or
codes of 16 bits. On steps as coarse as those of 8 bits a table is nearer.
"""

import math

import numpy as np

from ..._require import require_array, require_int, require_kind, require_number
from .fields import require_axis

__all__ = ["integer_exp", "integer_gelu", "integer_softmax", "integer_sqrt"]

INT32 = np.iinfo(np.int32)
# erf(x) is near sign(x) * (A * (min(|x|, -B) + B)**2 + 1)
ERF_A, ERF_B = -0.2888, -1.769
ROOT_TWO = 1.4142  # as published, and so is LN2
# exp(x) is near A * x**2 + B * x + 1 for x in (-ln 2, 0]
EXP_A, EXP_B = 0.35815147, 0.96963238
LN2 = 0.6931
EXP_BITS = 30  # exp(x) below 2**-30 becomes 0
LEAST_ERF_STEPS = 16  # fewer would be no curve
SMALLEST_SCALE = 2.0**-15  # so that an exponential stays below 2**62
SMALLEST_GELU_SCALE = 2.0**-20  # so that the square stays below 2**43
SOFTMAX_ONE = 2**15 - 1  # exp(0) in the 16-bit codes that softmax adds up


def integer_sqrt(values: np.ndarray) -> np.ndarray:
    """Return the whole part of each square root, by Newton's method.

    values : (...) integers in [0, 2**63 - 1]
    returns : values' shape, int64

    >>> integer_sqrt(np.array([0, 1, 15, 16, 2**62])).tolist()
    [0, 1, 3, 4, 2147483648]

    See [kim2021ibert], algorithm 4; Python's math.isqrt. It starts at a power
    of two above the root and falls until it no longer does.
    """
    wide = _whole("values", values, 0, np.iinfo(np.int64).max)
    smeared = wide.copy()  # a 1 at every place below the highest 1
    for shift in (1, 2, 4, 8, 16, 32):
        smeared |= smeared >> shift
    bits = np.bitwise_count(smeared).astype(np.int64)
    root = np.int64(1) << ((bits + 1) // 2)
    while True:
        lower = (root + wide // np.maximum(root, 1)) >> 1
        if (lower >= root).all():
            return root
        root = np.minimum(root, lower)


def integer_exp(codes: np.ndarray, scale: float) -> tuple[np.ndarray, float]:
    """Return exp of numbers that are not positive, by a polynomial.

    codes : (...) integers in [-2**31, 0]
    scale : of the codes, in [2**-15, ln 2)
    returns : codes' shape, int64, >= 0, and their scale

    >>> codes, scale = integer_exp(np.array([0, -1024, -10240]), 2**-10)
    >>> (codes * scale).round(5)
    array([1.0000e+00, 3.6819e-01, 5.0000e-05])

    x = p - z * ln 2 with p in (-ln 2, 0]; the polynomial gives exp(p), the
    shift by z the rest. See [kim2021ibert], section 3.5 and algorithm 3, with
    the coefficients of its code; loops in `naive.integer_exp`.
    """
    wide = _whole("codes", codes, INT32.min, 0)
    scale = require_number("scale", scale, SMALLEST_SCALE, math.log(2))
    ln2 = math.floor(-LN2 / scale)  # negative, as what it divides
    linear = math.floor(EXP_B / EXP_A / scale)
    constant = math.floor(1 / EXP_A / scale**2)
    wide = np.maximum(wide, EXP_BITS * ln2)
    halvings = wide // ln2
    rest = wide - ln2 * halvings  # in (ln2, 0]
    powers = rest * (rest + linear) + constant
    powers = np.maximum(powers << (EXP_BITS - halvings), 0)
    return powers, EXP_A * scale**2 / 2**EXP_BITS


def integer_softmax(
    codes: np.ndarray, scale: float, *, bits: int = 8, axis: int = -1
) -> tuple[np.ndarray, float]:
    """Return probabilities in steps of 2**-bits, rounded down.

    codes : (...) integers within int32, at most 2**16 of them along axis
    scale : of the codes, in [2**-15, ln 2)
    bits : 1 to 16
    axis : along which probabilities add up to 1, less what is cut off
    returns : codes' shape, uint8 up to 8 bits, else uint16, and their scale

    >>> logits = np.array([6144, 3072, 0, 0])
    >>> integer_softmax(logits, 2**-10)
    (array([242,  12,   0,   0], dtype=uint8), 0.00390625)

    Exponentials are rounded to 16 bits, of which 32767 stands for exp(0); one
    division, floor(2**32 / sum), serves a whole row. See [kim2021ibert],
    section 3.5; loops in `naive.integer_softmax`.
    """
    wide = _whole("codes", codes, INT32.min, INT32.max)
    bits = require_int("bits", bits, 1, 16)
    axis = require_axis(wide, axis)
    if wide.shape[axis] > 2**16:
        raise ValueError(
            f"codes must have <= 65536 values along axis {axis}, "
            f"got {wide.shape[axis]}"
        )
    gaps = np.maximum(wide - wide.max(axis=axis, keepdims=True), INT32.min)
    powers, _ = integer_exp(gaps, scale)
    powers = _to_16_bits(powers, scale)
    # 2**32 over a sum of at most 2**16 numbers of 15 bits: 1 at least
    factor = 2**32 // powers.sum(axis=axis, keepdims=True)
    parts = (powers * factor) >> (32 - bits)
    return parts.astype(np.uint8 if bits <= 8 else np.uint16), 2.0**-bits


def _to_16_bits(powers: np.ndarray, scale: float) -> np.ndarray:
    """Round exponentials to steps of exp(0) / 32767."""
    one, _ = integer_exp(np.zeros((), np.int64), scale)
    down = max(int(one).bit_length() - 31, 0)  # or the product would overflow
    top = int(one) >> down
    return ((powers >> down) * SOFTMAX_ONE + top // 2) // top


def integer_gelu(
    codes: np.ndarray, scale: float, *, shift: int = 14
) -> tuple[np.ndarray, float]:
    """Return GELU by a polynomial for the error function.

    codes : (...) integers within int32
    scale : of the codes, in [2**-20, 1), small enough for the shift
    shift : bits that are dropped of the error function: 14 is I-BERT's, whose
        codes are sums of 32 bits; 0 suits codes of 8 bits. Refused where
        erf would have fewer than 16 steps, or a product more than 63 bits.
    returns : codes' shape, int64, and their scale

    >>> codes, scale = integer_gelu(np.array([-1024, 0, 1024]), 2**-10)
    >>> (codes * scale).round(3) + 0.0
    array([-0.165,  0.   ,  0.838])

    gelu(x) = x / 2 * (1 + erf(x / sqrt(2))). See [kim2021ibert], section 3.4
    and algorithm 2; loops in `naive.integer_gelu`.
    """
    wide = _whole("codes", codes, INT32.min, INT32.max)
    scale = require_number("scale", scale, SMALLEST_GELU_SCALE, 1)
    shift = require_int("shift", shift, 0, 14)
    erf_scale = (scale / ROOT_TWO) ** 2 * ERF_A * 2**shift  # negative
    if not LEAST_ERF_STEPS * -erf_scale <= 1:
        raise ValueError(
            f"scale must leave erf {LEAST_ERF_STEPS} steps at shift={shift}, "
            f"got {scale:g}"
        )
    top = math.floor(ROOT_TWO * ERF_B / scale)
    constant = math.floor((ROOT_TWO / scale) ** 2 / ERF_A)
    one = math.floor(1 / erf_scale)  # negative, and so is the polynomial
    largest = int(np.abs(wide).max(initial=0))
    if 2 * largest * -one >= 2**62:
        raise ValueError(
            f"scale must leave products 63 bits at shift={shift}, got {scale:g}"
        )
    erf = (np.minimum(np.abs(wide), -top) + top) ** 2 + constant
    erf = (np.sign(wide) * erf) >> shift
    return -wide * (erf + one), -scale * erf_scale / 2


def _whole(name: str, values: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return integers as int64, refused beyond [low, high]."""
    require_array(name, values)
    require_kind(name, values, "iu", "integers")
    if values.size and (int(values.min()) < low or int(values.max()) > high):
        raise ValueError(
            f"{name} must be in [{low}, {high}], "
            f"got {values.min()} to {values.max()}"
        )
    return values.astype(np.int64)
