"""Small floating-point formats: numbers of 4 to 16 bits.

A code is a sign, an exponent and a mantissa, from the highest bit down. Its
value is

    +- 1.mantissa * 2**(exponent - bias)

and where the exponent's bits are all 0, +- 0.mantissa * 2**(1 - bias): these
subnormal numbers fill the gap around 0 evenly.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._require import (
    require_dtype,
    require_finite,
    require_int,
    require_one_of,
)

__all__ = [
    "BFLOAT16",
    "E2M1",
    "E2M3",
    "E3M2",
    "E4M3FN",
    "E5M2",
    "E8M0",
    "FLOAT16",
    "FloatFormat",
    "decode",
    "encode",
    "round_to_float",
]

SPECIALS = ("ieee", "nan", "none")


@dataclass(frozen=True)
class FloatFormat:
    """How the bits of a code are read; sign, exponent, mantissa.

    exponent_bits : 1 to 8
    mantissa_bits : of the fraction, 1 or more; 16 bits in all at most. 0 for
        a format of scales, as E8M0 is: powers of two, no sign, no zero
    specials : which codes are no numbers
        "ieee": those of the highest exponent: infinity and NaN
        "nan": the one whose exponent and mantissa are all 1, NaN
        "none": none, all are finite

    >>> E2M1.values.tolist()[:8], E2M1.largest
    ([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0], 6.0)
    >>> E4M3FN.largest, E4M3FN.smallest_normal, E4M3FN.bias
    (448.0, 0.015625, 7)

    See [micikevicius2022fp8], section 3, and
    [ocp2023microscaling], section 5.3.
    """

    exponent_bits: int
    mantissa_bits: int
    specials: str = "ieee"

    def __post_init__(self) -> None:
        exponent = require_int("exponent_bits", self.exponent_bits, 1, 8)
        mantissa = require_int(
            "mantissa_bits", self.mantissa_bits, 0, 15 - exponent
        )
        # numpy's integers would overflow; a frozen class is set like this
        object.__setattr__(self, "exponent_bits", exponent)
        object.__setattr__(self, "mantissa_bits", mantissa)
        require_one_of("specials", self.specials, SPECIALS)
        if self.exponent_bits == 8 and self.mantissa_bits:
            # others would reach beyond float32
            require_one_of(
                "specials of 8 exponent bits", self.specials, SPECIALS[:1]
            )

    @property
    def bits(self) -> int:
        """Bits of a code, the sign's included."""
        return (
            bool(self.mantissa_bits) + self.exponent_bits + self.mantissa_bits
        )

    @property
    def dtype(self) -> np.dtype:
        """In which codes are held: uint8 or uint16."""
        return np.dtype(np.uint8 if self.bits <= 8 else np.uint16)

    @property
    def bias(self) -> int:
        """What is taken off the exponent's bits."""
        return 2 ** (self.exponent_bits - 1) - 1

    @cached_property
    def values(self) -> np.ndarray:
        """What each code stands for, (2**bits,) float32, read-only."""
        codes = np.arange(2**self.bits)
        fields = codes & self._magnitude_mask
        exponent, fraction = np.divmod(fields, 2**self.mantissa_bits)
        # a format of scales has no subnormal numbers
        normal = (exponent > 0) | (self.mantissa_bits == 0)
        significand = normal * 2**self.mantissa_bits + fraction
        power = np.where(normal, exponent, 1) - self.bias - self.mantissa_bits
        values = np.ldexp(significand.astype(np.float64), power)
        no_numbers = fields > self.last_finite
        values[no_numbers] = np.nan
        if self.specials == "ieee":
            values[fields == self.last_finite + 1] = np.inf
        values = np.where(codes > fields, -values, values).astype(np.float32)
        values.flags.writeable = False
        return values

    @property
    def last_finite(self) -> int:
        """The code of the largest finite number."""
        if self.specials == "ieee":
            # all below the exponent of ones
            return self._magnitude_mask - 2**self.mantissa_bits
        return self._magnitude_mask - (self.specials == "nan")

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return float(self.values[self.last_finite])

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number of full precision."""
        first = 2**self.mantissa_bits if self.mantissa_bits else 0
        return float(self.values[first])

    @property
    def _magnitude_mask(self) -> int:
        """All bits but the sign."""
        return 2 ** (self.exponent_bits + self.mantissa_bits) - 1


E4M3FN = FloatFormat(4, 3, "nan")
E5M2 = FloatFormat(5, 2)
E2M1 = FloatFormat(2, 1, "none")
E3M2 = FloatFormat(3, 2, "none")
E2M3 = FloatFormat(2, 3, "none")
E8M0 = FloatFormat(8, 0, "nan")
BFLOAT16 = FloatFormat(8, 7)
FLOAT16 = FloatFormat(5, 10)


def round_to_float(
    x: np.ndarray, *, exponent_bits: int, mantissa_bits: int
) -> np.ndarray:
    """Round to the nearest number of a small format, a tie to the even code.

    x : (...) float32 or float64, finite
    exponent_bits : 1 to 8
    mantissa_bits : 1 or more; 16 bits in all at most
    returns : of the shape and dtype of x; what lies beyond the largest
        number becomes that

    With 5 or more exponent bits the highest exponent is infinity and NaN, as
    in IEEE 754; with 4 one code is NaN, as in E4M3FN; with fewer all codes are
    finite, as in E2M1. `FloatFormat`, `encode` and `decode` know any others.

    >>> x = np.array([0.7, 1.25, 1.75, -5.1, 99.0])
    >>> round_to_float(x, exponent_bits=2, mantissa_bits=1)
    array([ 0.5,  1. ,  2. , -6. ,  6. ])

    See [ocp2023microscaling], section 5.3; loops in `naive.round_to_float`.
    """
    require_int("exponent_bits", exponent_bits, 1, 8)
    require_int("mantissa_bits", mantissa_bits, 1)
    specials = "ieee" if exponent_bits >= 5 else "none"
    if exponent_bits == 4:
        specials = "nan"
    format = FloatFormat(exponent_bits, mantissa_bits, specials)
    return decode(encode(x, format), format).astype(x.dtype)


def encode(x: np.ndarray, format: FloatFormat) -> np.ndarray:
    """Round to the nearest code of a format, a tie to the even one.

    x : (...) float32 or float64, finite; above 0 for a format of scales
    returns : (...) uint8, or uint16 for formats of more than 8 bits. What lies
        beyond the largest number becomes that; -0.0 keeps its sign. Scales
        below the smallest become that, and their ties go up.

    >>> [f"{code:04b}" for code in encode(np.array([0.5, -1.5, 6.0]), E2M1)]
    ['0001', '1011', '0111']

    See [micikevicius2022fp8], section 3; loops in `naive.encode_float`.
    """
    _require_format(format)
    require_dtype("x", x, np.float32, np.float64)
    require_finite("x", x)
    first = format.smallest_normal
    low = 0.0
    if not format.mantissa_bits:
        low = first
        if not (x > 0).all():
            raise ValueError(f"x must be > 0 for scales, got {x.min():g}")
    magnitude = np.clip(np.abs(x), low, format.largest)
    # exponent of each number, of the first normal one for all below that
    exponent = np.frexp(np.maximum(magnitude, first))[1] - 1
    # in units of the last bit, which np.rint leaves a whole number of
    units = np.rint(np.ldexp(magnitude, format.mantissa_bits - exponent))
    # the leading 1 of `units` adds 1 to the exponent's bits, as it should:
    # they are 1 where `exponent` is that of the first normal number
    lowest = 1 - format.bias
    steps = (exponent - lowest) * 2**format.mantissa_bits
    codes = (steps + units.astype(np.int32)).astype(format.dtype)
    sign = np.signbit(x).astype(format.dtype)
    return codes | sign << (format.bits - 1)


def decode(codes: np.ndarray, format: FloatFormat) -> np.ndarray:
    """Return the numbers that codes of a format stand for.

    codes : (...) uint8, or uint16 for formats of more than 8 bits
    returns : (...) float32, infinity and NaN where codes mean these

    >>> decode(np.array([0b0001, 0b1011, 0b0111], np.uint8), E2M1)
    array([ 0.5, -1.5,  6. ], dtype=float32)

    Loops in `naive.decode_float`.
    """
    _require_format(format)
    require_dtype("codes", codes, format.dtype.type)
    if codes.size and codes.max() >= 2**format.bits:
        raise ValueError(
            f"codes must be below {2**format.bits} for {format.bits} bits, "
            f"got {codes.max()}"
        )
    return np.asarray(format.values[codes])


def _require_format(format: FloatFormat) -> None:
    if not isinstance(format, FloatFormat):
        got = type(format).__name__
        raise TypeError(f"format must be a FloatFormat, got {got}")
