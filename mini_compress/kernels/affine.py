"""Real numbers as integer codes on an evenly spaced grid, and back.

The one equation of this file:

    real = scale * (code - zero_point)

`choose_affine` finds the scale and the zero point, `quantize` and `dequantize`
apply them. Conventions are those of ONNX: divide by the scale, round half to
even, add the zero point, saturate.
"""

import numpy as np

from .._require import (
    require_array,
    require_dtype,
    require_finite,
    require_int,
    require_kind,
)
from .affine_params import AffineParams, code_range
from .blocks import cache_blocks

__all__ = [
    "AffineParams",
    "choose_affine",
    "dequantize",
    "quantize",
    "split_groups",
]

Axis = int | tuple[int, ...] | None

SMALLEST_SCALE = np.finfo(np.float32).tiny  # below it steps lose precision


def choose_affine(
    x: np.ndarray,
    *,
    bits: int = 8,
    symmetric: bool = False,
    signed: bool = True,
    axis: Axis = None,
) -> AffineParams:
    """Choose the scale and zero point that just cover the values of `x`.

    x : (...) float32 or float64, finite, not empty
    bits : 1 to 16; 2 to 16 when symmetric and signed
    symmetric : cover [-max|x|, max|x|] with the zero point in the middle: 0
        for signed codes, whose range is then narrow; 2**(bits-1) for unsigned.
        Otherwise cover [min(x), max(x)], widened to contain 0, so that real 0
        (padding, ReLU) is a code.
    axis : int or tuple of ints, the axes whose values *share* a step; None:
        all. For a (out, in) weight, axis=1 gives one step per row.
        Warning: this is the opposite of ONNX's and torch's `axis`, which
        names the axis along which steps *differ*.
    returns : scale and zero_point keep the reduced axes with length 1, so
        that they broadcast against x

    Where every value is 0 the scale is 1; elsewhere it is at least 2**-126.

    >>> weight = np.array([[-1.0, 0.5], [0.0, 2.54]], np.float32)
    >>> params = choose_affine(weight, symmetric=True, axis=1)
    >>> params.scale.shape, params.scale[1].round(6)
    ((2, 1), array([0.02], dtype=float32))
    >>> params.zero_point.tolist()
    [[0], [0]]

    See [jacob2018quantization], section 2.1 and equation 13; loops in
    `naive.choose_affine`.
    """
    require_dtype("x", x, np.float32, np.float64)
    axes = _shared_axes(x, axis)
    narrow = symmetric and signed
    quant_min, quant_max = code_range(bits, signed, narrow)
    if x.size == 0:
        raise ValueError(f"x must hold values, got the empty shape {x.shape}")
    # x's shape, but 1 along shared axes; NaN and infinity show up here
    low = x.min(axis=axes, keepdims=True)
    high = x.max(axis=axes, keepdims=True)
    require_finite("x", np.stack([low, high]))

    low, high = np.minimum(low, 0), np.maximum(high, 0)
    if symmetric:
        high = np.maximum(-low, high)
        low = -high
    scale = _step(low, high, quant_max - quant_min)
    if symmetric:
        zero_point = np.full(scale.shape, (quant_min + quant_max + 1) // 2)
    else:
        exact = np.rint(quant_min - low / scale)
        zero_point = np.clip(exact, quant_min, quant_max).astype(np.int64)
    return AffineParams(scale, zero_point, bits, signed, narrow)


def _shared_axes(x: np.ndarray, axis: Axis) -> tuple[int, ...]:
    """Return `axis` as a tuple of axes that x has."""
    if axis is None:
        return tuple(range(x.ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    if axes and x.ndim == 0:
        raise ValueError(f"axis must be None for a number, got {axis}")
    axes = tuple(require_int("axis", i, -x.ndim, x.ndim - 1) for i in axes)
    if len({one % x.ndim for one in axes}) < len(axes):
        raise ValueError(f"axis must name each axis once, got {axis}")
    return axes


def _step(low: np.ndarray, high: np.ndarray, num_steps: int) -> np.ndarray:
    """Return (high - low) / num_steps in float32, and 1 where both are 0."""
    with np.errstate(over="ignore"):
        step = (high - low) / num_steps
        # a span beyond the float range still has a step within it
        step = np.where(
            np.isfinite(step), step, high / num_steps - low / num_steps
        ).astype(np.float32)
    if not np.isfinite(step).all():
        raise ValueError(f"x must fit a float32 scale, got {high.max()}")
    step = np.maximum(step, SMALLEST_SCALE)
    return np.where((low == 0) & (high == 0), np.float32(1), step)


def quantize(x: np.ndarray, params: AffineParams) -> np.ndarray:
    """Return the code nearest to each value: saturate(rint(x / scale) + zero).

    x : (...) float32 or float64, finite; may be empty
    returns : codes of x's shape; int8 or uint8 up to 8 bits, else 16-bit.
        Ties go to the even quotient; values beyond the range get its end.

    >>> params = AffineParams(0.5, 3, bits=4, signed=False)
    >>> quantize(np.array([-9.0, 0.0, 0.25, 0.75, 9.0], np.float32), params)
    array([ 0,  3,  3,  5, 15], dtype=uint8)

    See ONNX, QuantizeLinear; loops in `naive.quantize`. Works in blocks that
    stay in the processor's cache: each pass over the values would otherwise go
    to memory.
    """
    require_dtype("x", x, np.float32, np.float64)
    scale, zero_point = broadcast_params(x.shape, params)
    codes = np.empty(x.shape, params.dtype)
    for block in cache_blocks(x.shape):
        codes[block] = float_codes(
            x[block], scale[block], zero_point[block], params
        )
    return codes


def float_codes(
    values: np.ndarray,
    scale: np.ndarray,
    zero_point: np.ndarray,
    params: AffineParams,
) -> np.ndarray:
    """Return the codes of one block, still as floats."""
    with np.errstate(over="ignore"):  # an infinite quotient saturates
        steps = np.asarray(values / scale)
    np.rint(steps, out=steps)
    if np.any(params.zero_point):
        steps += zero_point
    low, high = params.quant_min, params.quant_max
    # NaN fails both comparisons; infinity cannot hide within the range
    if not (low <= steps.min() and steps.max() <= high):
        require_finite("x", values)
        np.clip(steps, low, high, out=steps)
    return steps


def dequantize(codes: np.ndarray, params: AffineParams) -> np.ndarray:
    """Return the real numbers that codes stand for: scale * (code - zero).

    codes : (...) integers within params.quant_min and params.quant_max
    returns : codes' shape, float32; infinite where the code of a value at the
        end of float32's range, rounded outward, stands for one beyond it

    >>> params = AffineParams(0.5, 3, bits=4, signed=False)
    >>> dequantize(np.array([0, 3, 5], np.uint8), params)
    array([-1.5,  0. ,  1. ], dtype=float32)

    See ONNX, DequantizeLinear; loops in `naive.dequantize`.
    """
    require_array("codes", codes)
    require_kind("codes", codes, "iu", "integers")
    scale, zero_point = broadcast_params(codes.shape, params)
    if codes.size and not (
        params.quant_min <= codes.min() and codes.max() <= params.quant_max
    ):
        raise ValueError(
            f"codes must be in [{params.quant_min}, {params.quant_max}], "
            f"got {codes.min()} to {codes.max()}"
        )
    real = codes.astype(np.float32)
    real -= zero_point  # needs 17 bits at most: exact in float32
    with np.errstate(over="ignore"):  # see above: a code beyond the range
        real *= scale
    return real


def split_groups(x: np.ndarray, group_size: int) -> np.ndarray:
    """Cut the last axis into groups, so that axis=-1 is one group.

    x : (..., inner), any dtype
    group_size : divides inner
    returns : (..., inner // group_size, group_size), a view where possible

    >>> weight = np.arange(8.0).reshape(2, 4)
    >>> choose_affine(split_groups(weight, 2), axis=-1).scale.shape
    (2, 2, 1)
    """
    require_array("x", x)
    group_size = require_int("group_size", group_size, 1)
    if x.ndim == 0 or x.shape[-1] % group_size:
        raise ValueError(
            f"group_size must divide the last axis of x, got {group_size} "
            f"for shape {x.shape}"
        )
    groups = x.shape[-1] // group_size
    return x.reshape(
        *x.shape[:-1], groups, group_size
    )  # (..., groups, group_size)


def broadcast_params(
    shape: tuple[int, ...], params: AffineParams
) -> tuple[np.ndarray, np.ndarray]:
    """Return scale and zero point (float32) as views of the full shape."""
    scale = np.asarray(params.scale)
    zero_point = np.asarray(params.zero_point, np.float32)
    if scale.size == 1:  # one step for the tensor fits any shape
        scale, zero_point = scale.reshape(()), zero_point.reshape(())  # ()
    try:
        return np.broadcast_to(scale, shape), np.broadcast_to(zero_point, shape)
    except ValueError:
        raise ValueError(
            f"scale must broadcast against shape {shape}, "
            f"got shape {np.shape(params.scale)}"
        ) from None
