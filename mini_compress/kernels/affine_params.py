"""The type that carries a grid of codes: real = scale * (code - zero_point)."""

from dataclasses import dataclass, field

import numpy as np

from .._require import require_finite, require_int, require_kind

__all__ = ["AffineParams"]


@dataclass(frozen=True, eq=False)
class AffineParams:
    """The map real = scale * (code - zero_point), and the codes it may use.

    scale : float or array, > 0; kept as float32. Broadcasts against what it
        quantizes: shape () or (1, 1) for one step per tensor, (rows, 1) for
        one per row.
    zero_point : int or array of the scale's shape, the code of real 0, within
        the range of codes; kept as int32
    bits : 1 to 16
    signed : codes are in [-2**(bits-1), 2**(bits-1) - 1], else [0, 2**bits - 1]
    narrow : signed codes leave out the lowest one, so that the range is
        symmetric: [-127, 127] for 8 bits

    >>> params = AffineParams(0.5, 0, bits=8, signed=True, narrow=True)
    >>> params.quant_min, params.quant_max, params.dtype
    (-127, 127, dtype('int8'))

    See [jacob2018quantization], section 2.1.
    """

    scale: np.ndarray | float
    zero_point: np.ndarray | int
    bits: int
    signed: bool
    narrow: bool = False
    quant_min: int = field(init=False)
    quant_max: int = field(init=False)

    def __post_init__(self) -> None:
        bits = require_int("bits", self.bits, 1, 16)
        quant_min, quant_max = code_range(bits, self.signed, self.narrow)
        given = require_kind("scale", self.scale, "fiu", "real numbers")
        with np.errstate(over="ignore"):  # infinity is refused by name
            scale = np.array(given, np.float32)
        require_finite("scale", scale)
        if not (scale > 0).all():
            raise ValueError(f"scale must be > 0, got {scale.min()}")
        zero_point = require_kind(
            "zero_point", self.zero_point, "iu", "integers"
        )
        if ((zero_point < quant_min) | (zero_point > quant_max)).any():
            raise ValueError(
                f"zero_point must be in [{quant_min}, {quant_max}], "
                f"got {zero_point.min()} to {zero_point.max()}"
            )
        if zero_point.ndim and zero_point.shape != scale.shape:
            raise ValueError(
                f"zero_point must have the scale's shape {scale.shape}, "
                f"got {zero_point.shape}"
            )
        zero_point = np.broadcast_to(zero_point, scale.shape).astype(np.int32)
        scale.flags.writeable = zero_point.flags.writeable = False
        for name, value in [
            ("scale", scale),
            ("zero_point", zero_point),
            ("bits", bits),
            ("quant_min", quant_min),
            ("quant_max", quant_max),
        ]:
            object.__setattr__(self, name, value)  # the class is frozen

    @property
    def dtype(self) -> np.dtype:
        """The smallest numpy integer type that holds the codes."""
        kind = "int" if self.signed else "uint"
        return np.dtype(f"{kind}{8 if self.bits <= 8 else 16}")


def code_range(bits: int, signed: bool, narrow: bool) -> tuple[int, int]:
    """Return the lowest and the highest code.

    >>> code_range(4, signed=True, narrow=False)
    (-8, 7)
    """
    bits = require_int("bits", bits, 1, 16)
    if narrow and (not signed or bits == 1):
        raise ValueError(
            "narrow, which symmetric implies, needs signed codes of at "
            "least 2 bits, got "
            f"bits={bits}, signed={signed}"
        )
    if not signed:
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1
