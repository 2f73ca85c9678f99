"""How runtimes round a scaled sum to a whole number: one function for each.

A rule holds the multiplier in its own way, multiplies in its own precision,
breaks ties in its own direction, and adds the zero point before or after.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .grids import require_multiplier

INT32 = np.iinfo(np.int32)


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
    factor = require_multiplier("multiplier", multiplier)
    mantissa, shift = np.frexp(factor)  # m * 2**shift
    q = np.floor(mantissa * 2.0**31 + 0.5).astype(np.int64)
    carried = q == 2**31  # the mantissa rounded up to 1
    q = np.where(carried, 2**30, q).astype(np.int32)
    return q[()], (shift + carried).astype(np.int32)[()]


def _hold_float32(multiplier: np.ndarray) -> tuple[np.ndarray, ...]:
    return (multiplier.astype(np.float32),)


def _hold_float64(multiplier: np.ndarray) -> tuple[np.ndarray, ...]:
    return (multiplier,)


def _float32_half_even(
    acc: np.ndarray, multiplier: np.ndarray, inside: int = 0
) -> np.ndarray:
    """Return acc * multiplier + inside, ties to even; float32."""
    scaled = acc.astype(np.float32) * multiplier
    return np.rint(scaled + np.float32(inside) if inside else scaled)


def _float64_half_even(
    acc: np.ndarray, multiplier: np.ndarray, inside: int
) -> np.ndarray:
    """Return acc * multiplier + inside, ties to even; float64."""
    return np.rint(acc.astype(np.float64) * multiplier + inside)


def _float64_half_away(acc: np.ndarray, multiplier: np.ndarray) -> np.ndarray:
    """Return acc * multiplier, ties away from zero; float64."""
    scaled = acc.astype(np.float64) * multiplier
    whole = np.trunc(scaled)  # adding 1/2 first could round up what is below
    return whole + np.sign(scaled) * (abs(scaled - whole) >= 0.5)


def _fixed_single(
    acc: np.ndarray, q: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """Return acc * q * 2**(shift - 31), rounded once, ties up; int64."""
    down = 31 - np.asarray(shift, np.int64)
    shifts = np.minimum(down, 62)
    half = np.int64(1) << (shifts - 1)
    scaled = (acc.astype(np.int64) * q + half) >> shifts
    return np.where(down > 62, 0, scaled)  # |acc * q| < 2**62 rounds to 0


def _fixed_double(
    acc: np.ndarray, q: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """Return acc * q * 2**(shift - 31), rounded twice, ties up; int64."""
    high, down = _high_half(acc, q, shift)
    return (high + _half(down)) >> down


def _fixed_double_away(
    acc: np.ndarray, q: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """Return the same, but ties of the second rounding go away from zero."""
    high, down = _high_half(acc, q, shift)
    # one less for negative numbers makes their ties go down
    return (high + _half(down) - ((high < 0) & (down > 0))) >> down


def _high_half(
    acc: np.ndarray, q: np.ndarray, shift: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rounded high half of the doubled product, and what is left.

    The product with q is rounded to multiples of 2**31, ties up. The
    definitions in print add 1 - 2**30 to negative products and cut toward
    zero, which comes to the same.

    returns : int64, and by how many bits it has yet to be shifted down
    """
    left = np.maximum(np.asarray(shift, np.int64), 0)
    down = np.minimum(np.maximum(-np.asarray(shift, np.int64), 0), 62)
    raised = np.clip(acc.astype(np.int64) << left, INT32.min, INT32.max)
    return (raised * q + (1 << 30)) >> 31, down


def _half(down: np.ndarray) -> np.ndarray:
    """Return half of 2**down, 0 if nothing is shifted out."""
    return np.where(down > 0, np.int64(1) << np.maximum(down - 1, 0), 0)


@dataclass(frozen=True)
class Rule:
    """One way to round a scaled sum.

    users : who rounds so, (library, operators)
    hold : from multipliers in float64 to what the rule keeps of them
    scale : from acc and that to whole numbers; a rule with the zero point
        inside takes it as the last argument
    zero_inside : the zero point is added before the rounding, not after
    real_bias : the sum may have a bias that is no whole number
    """

    users: tuple[tuple[str, str], ...]
    hold: Callable[[np.ndarray], tuple[np.ndarray, ...]]
    scale: Callable[..., np.ndarray]
    zero_inside: bool = False
    real_bias: bool = False


RULES = {
    "float32_half_even": Rule(
        (
            ("onnxruntime", "QLinearMatMul, QLinearConv"),
            ("fbgemm in torch", "quantized.linear, quantized.conv2d"),
            ("QNNPACK in torch", "quantized.linear, quantized.conv2d"),
            ("XNNPACK in LiteRT", "FULLY_CONNECTED"),
        ),
        _hold_float32,
        _float32_half_even,
        real_bias=True,
    ),
    "float32_zero_inside": Rule(
        (("oneDNN in torch", "quantized.linear"),),
        _hold_float32,
        _float32_half_even,
        zero_inside=True,
        real_bias=True,
    ),
    "float64_zero_inside": Rule(
        (("ONNX's reference evaluator", "QLinearMatMul, QLinearConv"),),
        _hold_float32,
        _float64_half_even,
        zero_inside=True,
    ),
    "float64_half_away": Rule(
        (("LiteRT's reference kernels", "FULLY_CONNECTED"),),
        _hold_float64,
        _float64_half_away,
    ),
    "fixed_single": Rule(
        (("TensorFlow Lite, CMSIS-NN, if so built", "single rounding"),),
        quantize_multiplier,
        _fixed_single,
    ),
    "fixed_double": Rule(
        (("ruy in LiteRT", "FULLY_CONNECTED"),),
        quantize_multiplier,
        _fixed_double,
    ),
    "fixed_double_away": Rule(
        (
            ("gemmlowp", "OutputStageQuantizeDownInt32ByFixedPoint"),
            ("TensorFlow Lite Micro", "FULLY_CONNECTED"),
            ("CMSIS-NN in C, by default", "arm_nn_requantize"),
        ),
        quantize_multiplier,
        _fixed_double_away,
    ),
}
SCALES = {name: rule.scale for name, rule in RULES.items()}
