"""Products and convolutions of integer codes, and what follows them.

With real = scale * (code - zero_point) on both sides, a product of real
matrices is

    real_out = scale_a * scale_b * sum (code_a - zero_a) * (code_b - zero_b)

The sum is an integer: `matmul_int8`, `linear_int8` and `conv2d_int8` compute
it in int32. `requantize` multiplies it by the scales and returns to 8 bits.
"""

import math

import numpy as np

from .._require import (
    require_dtype,
    require_equal,
    require_kind,
    require_ndim,
)
from .products import exact_depth, sum_products
from .requantization import quantize_multiplier, requantize
from .windows import IntOrTuple, image_windows, make_window

__all__ = [
    "conv2d_int8",
    "linear_int8",
    "matmul_int8",
    "quantize_multiplier",
    "requantize",
]

ZeroPoint = int | np.ndarray


def matmul_int8(
    a: np.ndarray,
    b: np.ndarray,
    *,
    a_zero_point: ZeroPoint = 0,
    b_zero_point: ZeroPoint = 0,
) -> np.ndarray:
    """Multiply matrices of 8-bit codes exactly, in int32.

    a : (..., rows, inner) int8 or uint8
    b : (..., inner, cols) int8 or uint8; leading axes broadcast
    a_zero_point : int, or (rows,) integers, within a's dtype
    b_zero_point : int, or (cols,) integers, within b's dtype
    returns : (..., rows, cols) int32, the sums of
        (a - a_zero_point) * (b - b_zero_point). Never beyond int32 while
        inner <= 2**31 / 255**2 = 33,025 (2**17 - 1 for int8 without zero
        points); sums beyond wrap around, as in ONNX.

    >>> a = np.array([[2, 3]], np.int8)
    >>> b = np.array([[4], [5]], np.int8)
    >>> matmul_int8(a, b, b_zero_point=1).tolist()
    [[18]]

    See [jacob2018quantization], section 2.3; ONNX, MatMulInteger; loops in
    `naive.matmul_int8`.
    """
    require_dtype("a", a, np.int8, np.uint8)
    require_dtype("b", b, np.int8, np.uint8)
    for name, value in [("a", a), ("b", b)]:
        if value.ndim < 2:
            raise ValueError(
                f"{name} must have 2 or more axes, got shape {value.shape}"
            )
    require_equal("inner axis of b", a.shape[-1], b.shape[-2])
    lead = _broadcast(a.shape[:-2], b.shape[:-2])
    rows, cols = a.shape[-2], b.shape[-1]
    a_zero = _zero_points("a_zero_point", a_zero_point, a.dtype, rows)
    b_zero = _zero_points("b_zero_point", b_zero_point, b.dtype, cols)
    acc = np.empty((*lead, rows, cols), np.int32)
    depth = exact_depth(a.dtype, b.dtype)
    a_zero = a_zero.reshape(-1, 1)  # (rows or 1, 1)
    sum_products(a, b, a_zero, b_zero, acc, depth)
    return acc


def linear_int8(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    x_zero_point: int = 0,
    weight_zero_point: ZeroPoint = 0,
) -> np.ndarray:
    """Apply a fully connected layer to codes: x @ weight.T + bias, in int32.

    x : (..., inner) int8 or uint8
    weight : (outputs, inner) int8 or uint8
    bias : (outputs,) int32, in steps of scale_x * scale_weight; or None
    x_zero_point : int within x's dtype
    weight_zero_point : int, or (outputs,) integers, within weight's dtype
    returns : (..., outputs) int32; wraps like `matmul_int8`

    >>> x = np.array([[130, 128]], np.uint8)
    >>> weight = np.array([[3, 1], [-1, 0]], np.int8)
    >>> bias = np.array([10, 0], np.int32)
    >>> linear_int8(x, weight, bias, x_zero_point=128).tolist()
    [[16, -2]]

    See [jacob2018quantization], section 2.4; loops in `naive.linear_int8`.
    """
    require_dtype("x", x, np.int8, np.uint8)
    require_dtype("weight", weight, np.int8, np.uint8)
    require_ndim("weight", weight, 2)
    if x.ndim == 0:
        raise ValueError("x must have 1 or more axes, got shape ()")
    outputs, inner = weight.shape
    require_equal("last axis of x", inner, x.shape[-1])
    _require_bias(bias, outputs)
    x_zero = _zero_points("x_zero_point", x_zero_point, x.dtype, 1)
    weight_zero = _zero_points(
        "weight_zero_point", weight_zero_point, weight.dtype, outputs
    )
    rows = x.reshape(math.prod(x.shape[:-1]), inner)  # (samples, inner)
    acc = np.empty((len(rows), outputs), np.int32)
    depth = exact_depth(x.dtype, weight.dtype)
    sum_products(rows, weight.T, x_zero, weight_zero, acc, depth)
    if bias is not None:
        acc += bias
    return acc.reshape(*x.shape[:-1], outputs)  # (..., outputs)


def conv2d_int8(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    x_zero_point: int = 0,
    weight_zero_point: ZeroPoint = 0,
    stride: IntOrTuple = 1,
    padding: IntOrTuple = 0,
    dilation: IntOrTuple = 1,
    groups: int = 1,
) -> np.ndarray:
    """Convolve images of codes (cross-correlation, as everywhere), in int32.

    x : (images, channels, height, width) int8 or uint8
    weight : (outputs, channels // groups, rows, cols) int8 or uint8
    bias : (outputs,) int32, in steps of scale_x * scale_weight; or None
    x_zero_point : int within x's dtype; also what the padding is filled with,
        since it is the code of real 0
    weight_zero_point : int, or (outputs,) integers, within weight's dtype
    stride, dilation : int >= 1, or (vertical, horizontal)
    padding : int >= 0, (vertical, horizontal), or ONNX's order
        (top, left, bottom, right)
    groups : divides channels and outputs; output group g sees input group g
    returns : (images, outputs, out_height, out_width) int32; wraps like
        `matmul_int8`

    >>> x = np.full((1, 1, 2, 2), 7, np.uint8)
    >>> weight = np.ones((1, 1, 3, 3), np.int8)
    >>> conv2d_int8(x, weight, padding=1, x_zero_point=5).tolist()
    [[[[8, 8], [8, 8]]]]

    See ONNX, ConvInteger; loops in `naive.conv2d_int8`. Each image's windows
    become the columns of one matrix, which the weights multiply.
    """
    require_dtype("x", x, np.int8, np.uint8)
    require_dtype("weight", weight, np.int8, np.uint8)
    window = make_window(x, weight, stride, padding, dilation, groups)
    groups = int(groups)  # numpy's small integers would overflow below
    outputs = len(weight)
    _require_bias(bias, outputs)
    x_zero = _zero_points("x_zero_point", x_zero_point, x.dtype, 1)
    weight_zero = _zero_points(
        "weight_zero_point", weight_zero_point, weight.dtype, outputs
    )
    acc = _convolve(
        image_windows(x, window, int(x_zero[0])),
        # (groups, outputs of a group, inner), and 1 zero point for each
        weight.reshape(groups, outputs // groups, math.prod(weight.shape[1:])),
        x_zero,
        np.broadcast_to(weight_zero, outputs).reshape(groups, -1, 1),
    )
    if bias is not None:
        acc += bias.reshape(-1, 1, 1)  # (outputs, 1, 1)
    return acc


def _convolve(
    windows: np.ndarray,
    filters: np.ndarray,
    x_zero: np.ndarray,
    filter_zeros: np.ndarray,
) -> np.ndarray:
    """Multiply each group's filters by the windows of its channels.

    windows : (images, channels, rows, cols, out_height, out_width)
    filters : (groups, outputs of a group, inner)
    filter_zeros : (groups, outputs of a group, 1)
    returns : (images, outputs, out_height, out_width) int32
    """
    images, *_, out_height, out_width = windows.shape
    groups, outputs, inner = filters.shape
    positions = out_height * out_width
    depth = exact_depth(filters.dtype, windows.dtype)
    filters = filters.astype(np.float32)  # once, and columns as they are made
    acc = np.empty((images, groups, outputs, positions), np.int32)
    for image in range(images):  # one at a time: columns fill a cache
        columns = windows[image].astype(np.float32, order="C")
        # (groups, inner, positions)
        columns = columns.reshape(groups, inner, positions)
        sum_products(filters, columns, filter_zeros, x_zero, acc[image], depth)
    # (images, outputs of all groups, out_height, out_width)
    return acc.reshape(images, groups * outputs, out_height, out_width)


def _require_bias(bias: np.ndarray | None, outputs: int) -> None:
    if bias is not None:
        require_dtype("bias", bias, np.int32)
        require_equal("shape of bias", (outputs,), bias.shape)


def _broadcast(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape that two shapes broadcast to."""
    try:
        return np.broadcast_shapes(one, other)
    except ValueError:
        raise ValueError(
            f"leading axes must broadcast, got {one} and {other}"
        ) from None


def _zero_points(
    name: str, value: ZeroPoint, dtype: np.dtype, count: int
) -> np.ndarray:
    """Return zero points as (1,) or (count,) int32 within dtype's range."""
    points = np.atleast_1d(require_kind(name, value, "iu", "integers"))
    if points.shape not in {(1,), (count,)}:
        raise ValueError(
            f"{name} must be an int or have shape ({count},), "
            f"got {points.shape}"
        )
    limits = np.iinfo(dtype)
    if ((points < limits.min) | (points > limits.max)).any():
        raise ValueError(
            f"{name} must be in [{limits.min}, {limits.max}], "
            f"got {points.min()} to {points.max()}"
        )
    return points.astype(np.int32)
