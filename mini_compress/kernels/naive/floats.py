"""Small floating-point formats, as plain loops."""

from fractions import Fraction

import numpy as np

from ..floats import FloatFormat

__all__ = ["decode_float", "encode_float", "round_to_float"]


def round_to_float(x, *, exponent_bits, mantissa_bits) -> np.ndarray:
    """Take the nearest of all the numbers there are."""
    specials = {True: "ieee", exponent_bits == 4: "nan"}
    kind = "none" if exponent_bits < 4 else specials[True]
    format = FloatFormat(exponent_bits, mantissa_bits, kind)
    return decode_float(encode_float(x, format), format).astype(x.dtype)


def encode_float(x, format) -> np.ndarray:
    """Compare each number with all finite ones; ties go to the even code."""
    numbers = [(value_of(code, format), code) for code in finite_codes(format)]
    codes = np.empty(x.shape, format.dtype)
    for i in np.ndindex(*x.shape):
        size = abs(Fraction(float(x[i])))
        # a tie of scales, whose codes are their exponents, goes up
        _, _, code = min(
            (
                abs(value - size),
                code % 2 if format.mantissa_bits else -code,
                code,
            )
            for value, code in numbers
        )
        codes[i] = code | int(np.signbit(x[i])) << (format.bits - 1)
    return codes


def decode_float(codes, format) -> np.ndarray:
    """Read sign, exponent and mantissa of each code."""
    x = np.empty(codes.shape, np.float32)
    ones = 2 ** (format.exponent_bits + format.mantissa_bits) - 1
    for i in np.ndindex(*codes.shape):
        code = int(codes[i])
        sign = -1.0 if code > ones else 1.0
        fields = code & ones
        if fields in finite_codes(format):
            x[i] = sign * float(value_of(fields, format))
        elif (
            format.specials == "ieee" and fields % 2**format.mantissa_bits == 0
        ):
            x[i] = sign * np.inf
        else:
            x[i] = np.nan
    return x


def finite_codes(format) -> range:
    """Return the codes of numbers from 0 up to the largest."""
    codes = 2 ** (format.exponent_bits + format.mantissa_bits)
    if format.specials == "ieee":
        codes -= 2**format.mantissa_bits
    return range(codes - (format.specials == "nan"))


def value_of(code, format) -> Fraction:
    """Return the number of a code without sign."""
    exponent, fraction = divmod(code, 2**format.mantissa_bits)
    significand = Fraction(fraction, 2**format.mantissa_bits)
    bias = 2 ** (format.exponent_bits - 1) - 1
    if exponent == 0 and format.mantissa_bits:
        return significand * Fraction(2) ** (1 - bias)
    return (1 + significand) * Fraction(2) ** (exponent - bias)
