"""Any function of one code as a table: computed once, then looked up.

For the code i of an input grid and the grid of the output,

    table[i] = saturate(round(f(scale_x * (i - zero_x)) / scale_y) + zero_y)

An entry is found by the bits of the code, read as a whole number: a signed
table holds the entries of 0, 1, ..., 127 and then those of -128, ..., -1.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..._require import (
    require_array,
    require_dtype,
    require_equal,
    require_finite,
    require_kind,
    require_ndim,
    require_one_of,
)
from ..affine import dequantize, quantize
from ..affine_params import AffineParams
from .fields import one_step

__all__ = [
    "TableError",
    "apply_table",
    "make_table",
    "table_error",
    "table_inputs",
]

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class TableError:
    """How far a table is from its function, in units of the function.

    worst : the largest absolute difference
    mean : the mean absolute difference
    at : the input of the largest difference, the first if there are several
    """

    worst: float
    mean: float
    at: float


def make_table(
    function: Function,
    x_params: AffineParams,
    y_params: AffineParams,
    *,
    rounding: str = "half_even",
) -> np.ndarray:
    """Compute a function's output code for every input code.

    function : takes a (2**bits,) float32 array, returns one of that shape.
        Where it is infinite the entry is the end of the range of codes; NaN
        is refused.
    x_params : grid of the input, one scale, at most 8 bits
    y_params : grid of the output, one scale
    rounding : of f / scale_y in float32
        "half_even": ties to even, as onnxruntime
        "half_away": ties away from 0, as LiteRT
    returns : (2**bits of x,) codes of y's dtype, in the order of `table_inputs`

    >>> x_params = AffineParams(0.5, 0, bits=4, signed=True)
    >>> y_params = AffineParams(1.0, 0, bits=8, signed=False)
    >>> make_table(np.square, x_params, y_params)
    array([ 0,  0,  1,  2,  4,  6,  9, 12, 16, 12,  9,  6,  4,  2,  1,  0],
          dtype=uint8)
    >>> make_table(np.square, x_params, y_params, rounding="half_away")[:4]
    array([0, 0, 1, 2], dtype=uint8)

    See onnxruntime, QLinearSigmoid; LiteRT, LUTPopulate; loops in
    `naive.make_table`.
    """
    require_one_of("rounding", rounding, ROUNDINGS)
    scale, zero_point = one_step("y_params", y_params)
    y = _values(function, table_inputs(x_params))
    with np.errstate(over="ignore"):  # what is infinite saturates
        steps = y / scale
    rounded = ROUNDINGS[rounding](steps) + zero_point
    codes = np.clip(rounded, y_params.quant_min, y_params.quant_max)
    return codes.astype(y_params.dtype)


def table_inputs(params: AffineParams) -> np.ndarray:
    """Return the real number of each entry of a table.

    params : grid of the input, one scale, at most 8 bits
    returns : (2**bits,) float32, ordered by the bits of the code: for signed
        codes those from 0 on come first, then the negative ones. The lowest
        code is among them even if the grid is narrow.

    >>> table_inputs(AffineParams(0.5, 0, bits=3, signed=True))
    array([ 0. ,  0.5,  1. ,  1.5, -2. , -1.5, -1. , -0.5], dtype=float32)
    """
    scale, zero_point = one_step("x_params", params)
    if params.bits > 8:
        raise ValueError(f"x_params must have <= 8 bits, got {params.bits}")
    count = 2**params.bits
    codes = np.arange(count)
    if params.signed:
        codes[count // 2 :] -= count
    steps = (codes - zero_point).astype(np.float32)
    with np.errstate(over="ignore"):  # refused by name in the next line
        x = steps * scale
    require_finite("scale of x_params times its codes", x)
    return x


def apply_table(codes: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Replace each code by its entry.

    codes : (...) int8 or uint8, of the input grid that the table was made for
    table : (2**bits,) integers, bits from 1 to 8
    returns : codes' shape, the table's dtype

    >>> x_params = AffineParams(0.5, 0, bits=8, signed=True)
    >>> table = make_table(np.abs, x_params, x_params)
    >>> apply_table(np.array([[-3, 7], [-128, 0]], np.int8), table)
    array([[  3,   7],
           [127,   0]], dtype=int8)

    See onnxruntime, QLinearLookupTableTransform; loops in
    `naive.apply_table`.
    """
    require_dtype("codes", codes, np.int8, np.uint8)
    require_array("table", table)
    require_kind("table", table, "iu", "integers")
    require_ndim("table", table, 1)
    count = len(table)
    if count not in TABLE_SIZES:
        raise ValueError(
            f"table must have 2**bits entries, bits from 1 to 8, got {count}"
        )
    low = -(count // 2) if codes.dtype == np.int8 else 0
    high = low + count - 1
    if count < 256 and codes.size:  # a whole byte is always an entry
        if codes.min() < low or codes.max() > high:
            raise ValueError(
                f"codes must be in [{low}, {high}], "
                f"got {codes.min()} to {codes.max()}"
            )
    # the bits of a negative code count on from those of the largest; all but
    # the low ones are dropped
    return np.take(table, codes.view(np.uint8), mode="wrap")


def table_error(
    table: np.ndarray,
    function: Function,
    x: np.ndarray,
    x_params: AffineParams,
    y_params: AffineParams,
) -> TableError:
    """Measure how far a table is from its function on given inputs.

    table : (2**bits of x,) codes of y, see `make_table`
    x : (...) float32 or float64, not empty: what the network would have fed
        to the function. The error holds all that the integers cost: x is
        rounded to its grid, looked up, and its entry read as a real number.
    returns : the worst and the mean difference, and where the worst is

    >>> x = np.linspace(-4, 4, 1001)
    >>> for bits in (8, 4, 2):
    ...     x_params = AffineParams(8 / 2**bits, 0, bits, signed=True)
    ...     y_params = AffineParams(2 / 2**bits, 0, bits, signed=True)
    ...     table = make_table(np.tanh, x_params, y_params)
    ...     error = table_error(table, np.tanh, x, x_params, y_params)
    ...     print(bits, round(error.worst, 3), round(error.mean, 3))
    8 0.016 0.004
    4 0.249 0.066
    2 0.762 0.296
    """
    require_dtype("x", x, np.float32, np.float64)
    if x.size == 0:
        raise ValueError(f"x must hold values, got the empty shape {x.shape}")
    require_equal("entries of table", 2**x_params.bits, len(table))
    looked_up = apply_table(quantize(x, x_params), table)
    exact = _values(function, x).astype(np.float64)
    require_finite("function of x", exact)
    off = np.abs(dequantize(looked_up, y_params) - exact)
    worst = int(off.argmax())
    return TableError(
        float(off.flat[worst]), float(off.mean()), float(x.flat[worst])
    )


def _values(function: Function, x: np.ndarray) -> np.ndarray:
    """Return function(x) as floats of x's dtype, NaN refused."""
    with np.errstate(all="ignore"):  # what is not a number is named below
        y = require_kind("function(x)", function(x), "fiu", "real numbers")
        require_equal("shape of function(x)", x.shape, y.shape)
        y = y.astype(x.dtype)
    if np.isnan(y).any():
        where = x[np.isnan(y)].flat[0]
        raise ValueError(f"function must not be NaN, got NaN at x = {where:g}")
    return y


def _half_away(steps: np.ndarray) -> np.ndarray:
    """Round to the nearest whole number, ties away from 0."""
    wide = steps.astype(np.float64)  # where adding a half is exact
    return np.trunc(wide + np.copysign(0.5, wide))


ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "half_even": np.rint,
    "half_away": _half_away,
}
TABLE_SIZES = [2**bits for bits in range(1, 9)]
