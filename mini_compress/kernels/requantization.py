"""From int32 sums back to 8-bit codes: multiply, round, saturate.

A sum of products of codes stands for real numbers in steps of
scale_a * scale_b. The next layer wants steps of scale_out:

    code_out = saturate(round(acc * multiplier) + zero_point)
    multiplier = scale_a * scale_b / scale_out

Runtimes disagree about the rounding; each way has its name here.
"""

from collections.abc import Callable

import numpy as np

from .._require import (
    require_dtype,
    require_int,
    require_one_of,
)
from .blocks import cache_blocks
from .grids import require_multiplier

__all__ = ["quantize_multiplier", "requantize"]

INT32 = np.iinfo(np.int32)


def requantize(
    acc: np.ndarray,
    multiplier: float | np.ndarray,
    zero_point: int,
    *,
    rounding: str = "float32_half_even",
    dtype: type = np.int8,
) -> np.ndarray:
    """Scale int32 sums to 8-bit codes: saturate(round(acc * m) + zero_point).

    acc : (...) int32
    multiplier : m = scale_a * scale_b / scale_out, > 0 and at most 2**29: one
        number, or one per channel. An array of one axis belongs to axis 1 of
        an acc with four (NCHW), to the last axis otherwise; other arrays
        broadcast.
    zero_point : int within dtype
    rounding : how m is held and ties are broken
        "float32_half_even": float32(acc) * float32(m), ties to even: as
            onnxruntime's QLinearMatMul and QLinearConv
        "fixed_single": m = q * 2**(shift - 31) in integers (see
            `quantize_multiplier`), one rounding, ties up: as TensorFlow Lite
            and CMSIS-NN when they are built for single rounding
        "fixed_double": the same q; the high half of the doubled product is
            rounded, then shifted and rounded again: as LiteRT's ruy kernels
    dtype : np.int8 or np.uint8
    returns : acc's shape, dtype

    >>> acc = np.array([-300, 5, 7, 100000], np.int32)
    >>> requantize(acc, 0.5, 10)
    array([-128,   12,   14,  127], dtype=int8)
    >>> requantize(acc, 0.5, 10, rounding="fixed_single")
    array([-128,   13,   14,  127], dtype=int8)

    See [jacob2018quantization], equations 5 and 6; loops in
    `naive.requantize`.
    """
    require_dtype("acc", acc, np.int32)
    require_one_of("rounding", rounding, SCALES)
    require_one_of("dtype", np.dtype(dtype).name, ("int8", "uint8"))
    limits = np.iinfo(dtype)
    zero_point = require_int(
        "zero_point", zero_point, int(limits.min), int(limits.max)
    )
    factor = _per_channel(acc, multiplier)
    held = (
        [factor.astype(np.float32)]
        if rounding == "float32_half_even"
        else quantize_multiplier(factor)
    )
    held = [np.broadcast_to(numbers, acc.shape) for numbers in held]
    codes: np.ndarray = np.empty(acc.shape, dtype)
    for block in cache_blocks(acc.shape):
        scaled = SCALES[rounding](acc[block], *(h[block] for h in held))
        codes[block] = np.clip(scaled + zero_point, limits.min, limits.max)
    return codes


def quantize_multiplier(
    multiplier: float | np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Write a multiplier as an integer and a shift: m = q * 2**(shift - 31).

    multiplier : number or array, > 0, at most 2**29
    returns : q, int32 in [2**30, 2**31 - 1], and shift, int32; of
        multiplier's shape. The relative error is at most 2**-31.

    >>> q, shift = quantize_multiplier(0.75)
    >>> int(q), int(shift), float(q * 2.0 ** (shift - 31))
    (1610612736, 0, 0.75)

    See [jacob2018quantization], equation 6; loops in
    `naive.quantize_multiplier`.
    """
    mantissa, shift = np.frexp(
        require_multiplier("multiplier", multiplier)
    )  # m * 2**shift
    q = np.floor(mantissa * 2.0**31 + 0.5).astype(np.int64)
    carried = q == 2**31  # the mantissa rounded up to 1
    q = np.where(carried, 2**30, q).astype(np.int32)
    return q[()], (shift + carried).astype(np.int32)[()]


def _scale_float32(acc: np.ndarray, multiplier: np.ndarray) -> np.ndarray:
    """Return acc * multiplier, ties to even; float32."""
    return np.rint(acc.astype(np.float32) * multiplier)


def _scale_fixed_single(
    acc: np.ndarray, q: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """Return acc * q * 2**(shift - 31), rounded once, ties up; int64."""
    down = 31 - np.asarray(shift, np.int64)
    shifts = np.minimum(down, 62)
    half = np.int64(1) << (shifts - 1)
    scaled = (acc.astype(np.int64) * q + half) >> shifts
    return np.where(down > 62, 0, scaled)  # |acc * q| < 2**62 rounds to 0


def _scale_fixed_double(
    acc: np.ndarray, q: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """Return acc * q * 2**(shift - 31), rounded twice; int64.

    First to the doubled product's high half, then by the rest of the shift;
    ties go up both times. The definitions in print add 1 - 2**30 to negative
    products and cut toward zero, which comes to the same.
    """
    left = np.maximum(np.asarray(shift, np.int64), 0)
    down = np.minimum(np.maximum(-np.asarray(shift, np.int64), 0), 62)
    raised = np.clip(acc.astype(np.int64) << left, INT32.min, INT32.max)
    high = (raised * q + (1 << 30)) >> 31
    half = np.where(down > 0, np.int64(1) << np.maximum(down - 1, 0), 0)
    return (high + half) >> down


SCALES: dict[str, Callable[..., np.ndarray]] = {
    "float32_half_even": _scale_float32,
    "fixed_single": _scale_fixed_single,
    "fixed_double": _scale_fixed_double,
}


def _per_channel(acc: np.ndarray, multiplier: float | np.ndarray) -> np.ndarray:
    """Return the multiplier as an array that broadcasts against acc."""
    factor = require_multiplier("multiplier", multiplier)
    if factor.ndim == 1 and acc.ndim == 4:
        factor = factor.reshape(-1, 1, 1)  # (channels, 1, 1)
    try:
        np.broadcast_to(factor, acc.shape)
    except ValueError:
        raise ValueError(
            f"multiplier must be one number or one per channel of acc "
            f"{acc.shape}, got shape {np.shape(multiplier)}"
        ) from None
    return factor
