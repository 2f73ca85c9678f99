"""Sums and products of codes with their partners, and changes of grid.

Two tensors that meet have grids of their own, and so has the result. What is
rounded, and whether the zero point is inside the rounding, is onnxruntime's
choice for each operator; near ties it decides the code.
"""

from collections.abc import Sequence

import numpy as np

from .._require import require_equal, require_int
from .affine_params import AffineParams
from .blocks import cache_blocks
from .grids import require_codes, require_grid, saturate, scale_ratio

__all__ = ["add_int8", "concat_int8", "multiply_int8", "rescale_int8"]


def add_int8(
    a: np.ndarray,
    b: np.ndarray,
    a_params: AffineParams,
    b_params: AffineParams,
    y_params: AffineParams,
) -> np.ndarray:
    """Add what two tensors of codes stand for, as onnxruntime does.

    a, b : (...) int8 or uint8, of one shape; codes of a_params and b_params
    a_params, b_params, y_params : grids, one scale each, 8 bits or less
    returns : (...) codes of y_params. A fused ReLU is a y_params that begins at
        its zero point.

    With ratios r = scale / scale_y in float32,

        offset = zero_y - (r_a * zero_a + r_b * zero_b)
        code = saturate(rint(r_a * a + (r_b * b + offset)))

    where each of the sums of a product is fused: rounded to float32 once. The
    zero point is inside the rounding.

    >>> half = AffineParams(0.5, 0, bits=8, signed=False)
    >>> one = AffineParams(1.0, 10, bits=8, signed=False)
    >>> a, b = np.array([1, 2, 4], np.uint8), np.array([0, 1, 2], np.uint8)
    >>> add_int8(a, b, half, half, one)  # 0.5, 1.5 and 3
    array([10, 12, 13], dtype=uint8)

    See onnxruntime, com.microsoft.QLinearAdd; loops in `naive.add_int8`.
    """
    a_scale, a_zero = require_codes("a", a, a_params)
    b_scale, b_zero = require_codes("b", b, b_params)
    y_scale, y_zero = require_grid("y_params", y_params)
    require_equal("shape of b", a.shape, b.shape)
    a_ratio = scale_ratio("a_params", a_scale, y_scale)
    b_ratio = scale_ratio("b_params", b_scale, y_scale)
    zeros = _fused(a_ratio, a_zero, b_ratio * np.float32(b_zero))
    offset = np.float32(y_zero) - zeros
    codes = np.empty(a.shape, y_params.dtype)
    for block in cache_blocks(a.shape):
        sums = _fused(a_ratio, a[block], _fused(b_ratio, b[block], offset))
        codes[block] = saturate(np.rint(sums), y_params)
    return codes


def multiply_int8(
    a: np.ndarray,
    b: np.ndarray,
    a_params: AffineParams,
    b_params: AffineParams,
    y_params: AffineParams,
) -> np.ndarray:
    """Multiply what two tensors of codes stand for, as onnxruntime does.

    a, b : (...) int8 or uint8, codes of a_params and b_params; their shapes
        broadcast
    a_params, b_params, y_params : grids, one scale each, 8 bits or less
    returns : (...) codes of y_params

    With m = scale_a * scale_b / scale_y in float32, the code is
    saturate(rint(m * ((a - zero_a) * (b - zero_b)) + zero_y)): the product is
    rounded to float32, and the zero point is inside the second rounding.

    >>> half = AffineParams(0.5, 0, bits=8, signed=False)
    >>> one = AffineParams(1.0, 10, bits=8, signed=False)
    >>> a, b = np.array([[2], [6]], np.uint8), np.array([1, 2], np.uint8)
    >>> multiply_int8(a, b, half, half, one)  # 0.5 and 1, 1.5 and 3
    array([[10, 11],
           [12, 13]], dtype=uint8)

    See onnxruntime, com.microsoft.QLinearMul; loops in `naive.multiply_int8`.
    """
    a_scale, a_zero = require_codes("a", a, a_params)
    b_scale, b_zero = require_codes("b", b, b_params)
    y_scale, y_zero = require_grid("y_params", y_params)
    try:
        a, b = np.broadcast_arrays(a, b)
    except ValueError:
        raise ValueError(
            f"shapes of a and b must broadcast, got {a.shape} and {b.shape}"
        ) from None
    with np.errstate(over="ignore", under="ignore"):  # refused by name
        product = a_scale * b_scale
    multiplier = scale_ratio("a_params * b_params", product, y_scale)
    codes = np.empty(a.shape, y_params.dtype)
    for block in cache_blocks(a.shape):
        # at most 255**2: float32 holds both and their product exactly
        a_steps = a[block].astype(np.float32) - np.float32(a_zero)
        b_steps = b[block].astype(np.float32) - np.float32(b_zero)
        scaled = a_steps * b_steps * multiplier + np.float32(y_zero)
        codes[block] = saturate(np.rint(scaled), y_params)
    return codes


def rescale_int8(
    x: np.ndarray, x_params: AffineParams, y_params: AffineParams
) -> np.ndarray:
    """Return codes of another grid for the same numbers.

    x : (...) int8 or uint8, codes of x_params
    x_params, y_params : grids, one scale each, 8 bits or less
    returns : (...) codes of y_params: what `quantize` makes of `dequantize`

    >>> fine = AffineParams(0.25, 0, bits=8, signed=False)
    >>> coarse = AffineParams(1.0, -100, bits=8, signed=True)
    >>> rescale_int8(np.array([1, 2, 4, 6], np.uint8), fine, coarse)
    array([-100, -100,  -99,  -98], dtype=int8)

    See ONNX, DequantizeLinear and QuantizeLinear; loops in
    `naive.rescale_int8`. There are 256 codes at most, so each is looked up in a
    table by its byte.
    """
    x_scale, x_zero = require_codes("x", x, x_params)
    y_scale, y_zero = require_grid("y_params", y_params)
    scale_ratio("x_params", x_scale, y_scale)
    every = np.arange(256, dtype=np.uint8).view(x_params.dtype)
    real = x_scale * (every.astype(np.float32) - np.float32(x_zero))
    table = saturate(np.rint(real / y_scale) + np.float32(y_zero), y_params)
    return np.asarray(np.take(table, x.view(np.uint8)))


def concat_int8(
    parts: Sequence[np.ndarray],
    params: Sequence[AffineParams],
    y_params: AffineParams,
    *,
    axis: int = 1,
) -> np.ndarray:
    """Bring tensors of codes to one grid and put them side by side.

    parts : one or more arrays, int8 or uint8, alike in all axes but one
    params : the grid of each part, one scale each, 8 bits or less
    axis : where they are joined; 1 are the channels of images
    returns : codes of y_params

    >>> half = AffineParams(0.5, 0, bits=8, signed=False)
    >>> one = AffineParams(1.0, 10, bits=8, signed=False)
    >>> parts = [np.array([[4]], np.uint8), np.array([[11]], np.uint8)]
    >>> concat_int8(parts, [half, one], one)
    array([[12, 11]], dtype=uint8)

    See onnxruntime, com.microsoft.QLinearConcat; loops in
    `naive.concat_int8`.
    """
    if len(parts) == 0:
        raise ValueError("parts must hold arrays, got none")
    require_equal("length of params", len(parts), len(params))
    rescaled = [
        rescale_int8(part, grid, y_params)
        for part, grid in zip(parts, params, strict=True)
    ]
    axis = require_int("axis", axis, -parts[0].ndim, parts[0].ndim - 1)
    try:
        return np.concatenate(rescaled, axis)
    except ValueError:
        raise ValueError(
            f"parts must be alike but for axis {axis}, "
            f"got shapes {[part.shape for part in parts]}"
        ) from None


def _fused(
    factor: np.float32,
    codes: np.ndarray | int,
    addend: np.ndarray | np.float32,
) -> np.ndarray:
    """Return factor * codes + addend, rounded to float32 once.

    float64 holds a product of float32 numbers exactly. Where it cannot hold the
    sum, whose terms then are 2**21 apart, rounding twice could differ.
    """
    return np.asarray(np.float64(factor) * codes + addend, np.float32)
