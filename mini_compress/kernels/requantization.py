"""From int32 sums back to 8-bit codes: multiply, round, saturate.

A sum of products of codes stands for real numbers in steps of
scale_a * scale_b. The next layer wants steps of scale_out:

    code_out = saturate(round(acc * multiplier) + zero_point)
    multiplier = scale_a * scale_b / scale_out

Runtimes disagree about the rounding; each way has its name in `RULES`, and
`compare_roundings` shows where they part.
"""

from typing import NamedTuple

import numpy as np

from .._require import (
    require_dtype,
    require_finite,
    require_int,
    require_one_of,
)
from .blocks import cache_blocks
from .grids import require_multiplier
from .roundings import RULES, SCALES, Rule, quantize_multiplier

__all__ = [
    "RULES",
    "SCALES",
    "Roundings",
    "Rule",
    "compare_roundings",
    "quantize_multiplier",
    "requantize",
]


def requantize(
    acc: np.ndarray,
    multiplier: float | np.ndarray,
    zero_point: int,
    *,
    bias: np.ndarray | None = None,
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
    bias : (channels,) float32 in steps of scale_a * scale_b, or None: added to
        acc in float32, as fbgemm and oneDNN do, which do not round it. A bias
        of whole numbers belongs into acc. For the float32 roundings alone.
    rounding : how m is held and ties are broken
        "float32_half_even": float32(acc) * float32(m), ties to even: as
            onnxruntime's QLinearMatMul and QLinearConv, fbgemm, XNNPACK
        "float32_zero_inside": the same, but the zero point is added before
            the rounding: as oneDNN, which however multiplies by the three
            scales one after another. Next to a tie that can matter, unless
            they are powers of two
        "float64_zero_inside": float64(acc) * float32(m) + zero_point, ties to
            even: as ONNX's reference evaluator
        "float64_half_away": float64(acc) * m, ties away from zero: as
            LiteRT's reference kernels
        "fixed_single": m = q * 2**(shift - 31) in integers (see
            `quantize_multiplier`), one rounding, ties up: as TensorFlow Lite
            and CMSIS-NN when they are built for single rounding
        "fixed_double": the same q; the high half of the doubled product is
            rounded, then shifted and rounded again: as LiteRT's ruy kernels
        "fixed_double_away": the same, but the second rounding's ties go away
            from zero: gemmlowp's, as in TensorFlow Lite Micro and, by default,
            CMSIS-NN
    dtype : np.int8 or np.uint8
    returns : acc's shape, dtype

    >>> acc = np.array([-300, 5, 7, 100000], np.int32)
    >>> requantize(acc, 0.5, 10)
    array([-128,   12,   14,  127], dtype=int8)
    >>> requantize(acc, 0.5, 10, rounding="fixed_single")
    array([-128,   13,   14,  127], dtype=int8)

    See [jacob2018quantization], equations 5 and 6; [jacob2016gemmlowp]; loops
    in `naive.requantize`.
    """
    require_dtype("acc", acc, np.int32)
    require_one_of("rounding", rounding, RULES)
    require_one_of("dtype", np.dtype(dtype).name, ("int8", "uint8"))
    limits = np.iinfo(dtype)
    zero_point = require_int(
        "zero_point", zero_point, int(limits.min), int(limits.max)
    )
    rule = RULES[rounding]
    factor = require_multiplier("multiplier", multiplier)
    held = [
        np.broadcast_to(numbers, acc.shape)
        for numbers in rule.hold(_per_channel("multiplier", factor, acc))
    ]
    shift = _real_bias(bias, acc, rounding)
    codes: np.ndarray = np.empty(acc.shape, dtype)
    inside, outside = (
        ([zero_point], 0) if rule.zero_inside else ([], zero_point)
    )
    for block in cache_blocks(acc.shape):
        sums = acc[block]
        if shift is not None:
            sums = sums.astype(np.float32) + shift[block]
        scaled = rule.scale(sums, *(h[block] for h in held), *inside)
        codes[block] = np.clip(scaled + outside, limits.min, limits.max)
    return codes


class Roundings(NamedTuple):
    """What each rule makes of the same sums.

    codes : name of a rule -> codes of acc's shape
    parted : (...) bool, of acc's shape: where not all rules agree
    """

    codes: dict[str, np.ndarray]
    parted: np.ndarray


def compare_roundings(
    acc: np.ndarray,
    multiplier: float | np.ndarray,
    zero_point: int,
    *,
    dtype: type = np.int8,
) -> Roundings:
    """Requantize by every rule of `RULES`, and say where they part.

    acc, multiplier, zero_point, dtype : as in `requantize`

    >>> acc = np.array([-3, -2, -1, 1, 2, 3], np.int32)
    >>> codes, parted = compare_roundings(acc, 0.5, 1)
    >>> acc[parted].tolist()
    [-3, -1, 1, 3]
    >>> for name in ("float32_half_even", "float32_zero_inside"):
    ...     print(codes[name])
    [-1  0  1  1  2  3]
    [0 0 0 2 2 2]

    See `RULES` for who rounds in which way.
    """
    codes = {
        name: requantize(
            acc, multiplier, zero_point, rounding=name, dtype=dtype
        )
        for name in RULES
    }
    stacked = np.stack(list(codes.values()))
    return Roundings(codes, np.asarray((stacked != stacked[0]).any(axis=0)))


def _per_channel(name: str, values: np.ndarray, acc: np.ndarray) -> np.ndarray:
    """Return values as an array that broadcasts against acc."""
    aligned = values
    if values.ndim == 1 and acc.ndim == 4:
        aligned = values.reshape(-1, 1, 1)  # (channels, 1, 1)
    try:
        np.broadcast_to(aligned, acc.shape)
    except ValueError:
        raise ValueError(
            f"{name} must be one number or one per channel of acc "
            f"{acc.shape}, got shape {values.shape}"
        ) from None
    return aligned


def _real_bias(
    bias: np.ndarray | None, acc: np.ndarray, rounding: str
) -> np.ndarray | None:
    """Return a bias of acc's shape, refused where sums stay integers."""
    if bias is None:
        return None
    if not RULES[rounding].real_bias:
        raise ValueError(
            f"bias must be None for {rounding}, whose sums are whole numbers"
        )
    require_dtype("bias", bias, np.float32)
    require_finite("bias", bias)
    return np.broadcast_to(_per_channel("bias", bias, acc), acc.shape)
