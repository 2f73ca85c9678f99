"""Tables, normalizations and I-BERT's integer functions as plain loops.

Integers are Python's, which do not overflow.
"""

import math

import numpy as np

from .codes import clamp

__all__ = [
    "apply_table",
    "integer_exp",
    "integer_gelu",
    "integer_softmax",
    "integer_sqrt",
    "layer_norm_int8",
    "make_table",
    "softmax_int8",
]


def make_table(
    function, x_params, y_params, *, rounding="half_even"
) -> np.ndarray:
    """Put the code of function(x) where the bits of x's code say."""
    table = np.empty(2**x_params.bits, y_params.dtype)
    lowest = -(2 ** (x_params.bits - 1)) if x_params.signed else 0
    for code in range(lowest, lowest + len(table)):
        x = np.float32(code - int(x_params.zero_point)) * x_params.scale
        y = np.float32(function(np.full(len(table), x))[0])
        if not math.isfinite(y):
            rounded = 2**31 if y > 0 else -(2**31)
        elif rounding == "half_even":
            rounded = round(float(y / y_params.scale))
        else:
            size = math.floor(abs(float(y / y_params.scale)) + 0.5)
            rounded = size if y > 0 else -size
        entry = rounded + int(y_params.zero_point)
        table[code % len(table)] = clamp(
            entry, y_params.quant_min, y_params.quant_max
        )
    return table


def apply_table(codes, table) -> np.ndarray:
    """Look up each code; a negative one counts from the end."""
    out = np.empty(codes.shape, table.dtype)
    for i in np.ndindex(*codes.shape):
        out[i] = table[int(codes[i]) % len(table)]
    return out


def softmax_int8(codes, x_params) -> np.ndarray:
    """Divide each exponential of a row by their sum; count steps of 1/256."""
    limits = np.iinfo(codes.dtype)
    out = np.empty(codes.shape, codes.dtype)
    for row in np.ndindex(*codes.shape[:-1]):
        largest = max(int(q) for q in codes[row])
        powers = [
            math.exp((int(q) - largest) * float(x_params.scale))
            for q in codes[row]
        ]
        for i, power in enumerate(powers):
            code = round(256 * power / math.fsum(powers)) + int(limits.min)
            out[(*row, i)] = clamp(code, limits.min, limits.max)
    return out


def layer_norm_int8(
    codes, weight, bias, x_params, y_params, *, eps=1e-5
) -> np.ndarray:
    """Center, divide by the integer root, scale by the weight, shift."""
    out = np.empty(codes.shape, y_params.dtype)
    n = codes.shape[-1]
    scale = float(y_params.scale)
    epsilon = math.floor(n * n * eps / float(x_params.scale) ** 2 * 2**16 + 0.5)
    for row in np.ndindex(*codes.shape[:-1]):
        q = [int(code) for code in codes[row]]
        squares = n * sum(one * one for one in q) - sum(q) ** 2
        root = max(math.isqrt(squares * 2**16 + epsilon), 1)
        for i in range(n):
            normal = (n * q[i] - sum(q)) * 2**28 // root
            factor = round(float(weight[i]) / scale * 2**16)
            offset = round(float(bias[i]) / scale * 2**36)
            code = (normal * factor + offset + 2**35) // 2**36
            out[(*row, i)] = clamp(
                code + int(y_params.zero_point),
                y_params.quant_min,
                y_params.quant_max,
            )
    return out


def integer_sqrt(values) -> np.ndarray:
    """Try every bit of the root, the highest first."""
    roots = np.empty(values.shape, np.int64)
    for i in np.ndindex(*values.shape):
        root = 0
        for bit in reversed(range(32)):
            if (root + 2**bit) ** 2 <= int(values[i]):
                root += 2**bit
        roots[i] = root
    return roots


def integer_exp(codes, scale) -> tuple[np.ndarray, float]:
    """Take ln 2 away until a short rest is left; halve as often."""
    a, b = 0.35815147, 0.96963238
    ln2 = -math.floor(-0.6931 / scale)
    out = np.empty(codes.shape, np.int64)
    for i in np.ndindex(*codes.shape):
        rest, halvings = max(int(codes[i]), -30 * ln2), 0
        while rest <= -ln2:
            rest, halvings = rest + ln2, halvings + 1
        power = rest**2 + rest * math.floor(b / a / scale)
        power += math.floor(1 / a / scale**2)
        out[i] = max(power * 2 ** (30 - halvings), 0)
    return out, a * scale**2 / 2**30


def integer_softmax(codes, scale, *, bits=8) -> tuple[np.ndarray, float]:
    """Round exponentials to 16 bits; multiply by 2**32 over their sum."""
    out = np.empty(codes.shape, np.uint8 if bits <= 8 else np.uint16)
    one = int(integer_exp(np.zeros(1, np.int64), scale)[0][0])
    down = max(one.bit_length() - 31, 0)
    for row in np.ndindex(*codes.shape[:-1]):
        gaps = codes[row].astype(np.int64) - int(codes[row].max())
        powers = [
            (int(power) // 2**down * (2**15 - 1) + (one // 2**down) // 2)
            // (one // 2**down)
            for power in integer_exp(gaps, scale)[0]
        ]
        factor = 2**32 // sum(powers)
        out[row] = [power * factor // 2 ** (32 - bits) for power in powers]
    return out, 2.0**-bits


def integer_gelu(codes, scale, *, shift=14) -> tuple[np.ndarray, float]:
    """Multiply each code by 1 + erf, a parabola for each sign."""
    a, b = -0.2888, -1.769
    step = scale / 1.4142  # of x / sqrt(2)
    erf_scale = a * step**2 * 2**shift
    out = np.empty(codes.shape, np.int64)
    for i in np.ndindex(*codes.shape):
        x = int(codes[i])
        low = math.floor(b / step)
        square = (min(abs(x), -low) + low) ** 2 + math.floor(1 / a / step**2)
        erf = ((x > 0) - (x < 0)) * square // 2**shift
        out[i] = -x * (erf + math.floor(1 / erf_scale))
    return out, -scale * erf_scale / 2
