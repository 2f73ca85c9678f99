"""Operations between codes of different grids, without any float.

`elementwise` and `pooling` compute in float32 what onnxruntime does. Here every
ratio of scales is an integer and a shift (`requantization.quantize_multiplier`)
that were computed beforehand, and what meets a tensor of codes is integers.
"""

import numpy as np

from .._require import require_equal, require_one_of
from .affine_params import AffineParams
from .grids import require_codes, require_grid, saturate
from .pooling import MOST_PIXELS
from .requantization import requantize
from .roundings import RULES, quantize_multiplier
from .windows import IntOrTuple, image_windows, make_pool_window

__all__ = ["add_fixed", "average_pool_fixed", "multiply_fixed", "rescale_fixed"]

ROUNDINGS = ("fixed_single", "fixed_double", "fixed_double_away")
SUM_BITS = 20  # 8-bit codes, shifted so, are within 2**28: two fit int32


def add_fixed(
    a: np.ndarray,
    b: np.ndarray,
    a_params: AffineParams,
    b_params: AffineParams,
    y_params: AffineParams,
    *,
    rounding: str = "fixed_single",
) -> np.ndarray:
    """Add what two tensors of codes stand for, in integers.

    a, b : (...) int8 or uint8, of one shape; codes of a_params and b_params
    a_params, b_params, y_params : grids, one scale each, 8 bits or less
    rounding : "fixed_single", "fixed_double" or "fixed_double_away", see
        `requantize`. The latter two are up to 3/4 of a step off, for they round
        a small sum to a whole number before they halve that; the first up to
        1/2.
    returns : (...) codes of y_params

    Both are brought to one grid 2**20 times as fine as half of the wider
    scale, added there, and requantized.

    >>> half = AffineParams(0.5, 0, bits=8, signed=False)
    >>> one = AffineParams(1.0, 10, bits=8, signed=False)
    >>> a, b = np.array([1, 2, 4], np.uint8), np.array([0, 1, 2], np.uint8)
    >>> add_fixed(a, b, half, half, one)  # 0.5, 1.5 and 3
    array([11, 12, 13], dtype=uint8)

    See TensorFlow Lite, reference_ops::Add; loops in `naive.add_fixed`.
    """
    require_one_of("rounding", rounding, ROUNDINGS)
    a_scale, a_zero = require_codes("a", a, a_params)
    b_scale, b_zero = require_codes("b", b, b_params)
    y_scale, _ = require_grid("y_params", y_params)
    require_equal("shape of b", a.shape, b.shape)
    twice = 2 * max(float(a_scale), float(b_scale))
    total = np.zeros(a.shape, np.int32)
    for codes, scale, zero in [(a, a_scale, a_zero), (b, b_scale, b_zero)]:
        steps = (codes.astype(np.int32) - zero) << SUM_BITS
        q, shift = quantize_multiplier(float(scale) / twice)
        total += RULES[rounding].scale(steps, q, shift).astype(np.int32)
    multiplier = twice / 2**SUM_BITS / float(y_scale)
    return _requantize(total, multiplier, y_params, rounding)


def multiply_fixed(
    a: np.ndarray,
    b: np.ndarray,
    a_params: AffineParams,
    b_params: AffineParams,
    y_params: AffineParams,
    *,
    rounding: str = "fixed_single",
) -> np.ndarray:
    """Multiply what two tensors of codes stand for, in integers.

    a, b : (...) int8 or uint8, codes of a_params and b_params; their shapes
        broadcast
    a_params, b_params, y_params, rounding : as in `add_fixed`
    returns : (...) codes of y_params

    >>> half = AffineParams(0.5, 0, bits=8, signed=False)
    >>> one = AffineParams(1.0, 10, bits=8, signed=False)
    >>> a, b = np.array([[2], [6]], np.uint8), np.array([1, 2], np.uint8)
    >>> multiply_fixed(a, b, half, half, one)  # 0.5 and 1, 1.5 and 3
    array([[11, 11],
           [12, 13]], dtype=uint8)

    See TensorFlow Lite, reference_ops::Mul; loops in `naive.multiply_fixed`.
    """
    require_one_of("rounding", rounding, ROUNDINGS)
    a_scale, a_zero = require_codes("a", a, a_params)
    b_scale, b_zero = require_codes("b", b, b_params)
    y_scale, _ = require_grid("y_params", y_params)
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise ValueError(
            f"shapes of a and b must broadcast, got {a.shape} and {b.shape}"
        ) from None
    acc = (a.astype(np.int32) - a_zero) * (b.astype(np.int32) - b_zero)
    multiplier = float(a_scale) * float(b_scale) / float(y_scale)
    return _requantize(np.asarray(acc), multiplier, y_params, rounding)


def rescale_fixed(
    x: np.ndarray,
    x_params: AffineParams,
    y_params: AffineParams,
    *,
    rounding: str = "fixed_single",
) -> np.ndarray:
    """Return codes of another grid for the same numbers, in integers.

    x : (...) int8 or uint8, codes of x_params
    x_params, y_params, rounding : as in `add_fixed`
    returns : (...) codes of y_params

    >>> fine = AffineParams(0.25, 0, bits=8, signed=False)
    >>> coarse = AffineParams(1.0, -100, bits=8, signed=True)
    >>> x = np.array([1, 2, 4, 6], np.uint8)  # 0.25, 0.5, 1 and 1.5
    >>> rescale_fixed(x, fine, coarse)
    array([-100,  -99,  -99,  -98], dtype=int8)
    >>> rescale_fixed(x, fine, coarse, rounding="fixed_double")  # 0.25 to 1
    array([-99, -99, -99, -98], dtype=int8)

    See TensorFlow Lite, reference_ops::Requantize; loops in
    `naive.rescale_fixed`.
    """
    require_one_of("rounding", rounding, ROUNDINGS)
    x_scale, x_zero = require_codes("x", x, x_params)
    y_scale, _ = require_grid("y_params", y_params)
    acc = np.asarray(x.astype(np.int32) - x_zero)
    multiplier = float(x_scale) / float(y_scale)
    return _requantize(acc, multiplier, y_params, rounding)


def average_pool_fixed(
    x: np.ndarray,
    x_params: AffineParams,
    y_params: AffineParams,
    *,
    kernel: IntOrTuple,
    stride: IntOrTuple | None = None,
    padding: IntOrTuple = 0,
    count_include_pad: bool = False,
    rounding: str = "fixed_single",
) -> np.ndarray:
    """Return the code of each window's mean, in integers.

    x : (images, channels, height, width) int8 or uint8, codes of x_params
    kernel : up to 2**23 pixels
    kernel, stride, padding, count_include_pad : as in
        `pooling.average_pool_int8`
    x_params, y_params, rounding : as in `add_fixed`
    returns : (images, channels, out_height, out_width), codes of y_params

    The division by the number of pixels is part of the multiplier, so a mean
    is rounded once, to its grid.

    >>> grid = AffineParams(1.0, 1, bits=8, signed=False)
    >>> x = np.array([[[[1, 2, 3, 3]]]], np.uint8)
    >>> average_pool_fixed(x, grid, grid, kernel=(1, 2))  # 1.5 to 2, 3 stays
    array([[[[2, 3]]]], dtype=uint8)

    Loops in `naive.average_pool_fixed`.
    """
    require_one_of("rounding", rounding, ROUNDINGS)
    x_scale, x_zero = require_codes("x", x, x_params)
    y_scale, _ = require_grid("y_params", y_params)
    window = make_pool_window(x, kernel, stride, padding)
    pixels = window.size[0] * window.size[1]
    if pixels > MOST_PIXELS:
        raise ValueError(f"kernel must have at most 2**23 pixels, got {pixels}")
    # (images, channels, rows, cols, out_height, out_width)
    windows = image_windows(x, window, x_zero)
    acc = np.full(windows[:, :, 0, 0].shape, -pixels * x_zero, np.int32)
    for row, col in np.ndindex(*window.size):
        acc += windows[:, :, row, col]
    inside = np.full(acc.shape[2:], pixels)
    if not count_include_pad:
        ones = np.ones((1, 1, *x.shape[2:]), np.int32)
        inside = image_windows(ones, window, 0)[0, 0].sum(axis=(0, 1))
    # (out_height, out_width)
    multiplier = float(x_scale) / (float(y_scale) * inside)
    return _requantize(acc, multiplier, y_params, rounding)


def _requantize(
    acc: np.ndarray,
    multiplier: float | np.ndarray,
    y_params: AffineParams,
    rounding: str,
) -> np.ndarray:
    """Bring sums to codes of a grid, whose range may be less than a byte's."""
    _, zero_point = require_grid("y_params", y_params)
    codes = requantize(
        acc,
        multiplier,
        zero_point,
        rounding=rounding,
        dtype=y_params.dtype.type,
    )
    return saturate(codes, y_params)
