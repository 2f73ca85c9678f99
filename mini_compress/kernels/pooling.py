"""Pooling of codes: the largest of a window, or its mean.

The largest code stands for the largest number, whatever the grid. A mean goes
to a grid of its own, and onnxruntime has two ways to compute it: a window's in
float32, a whole image's in integers that are rounded once. They part at ties,
so both are here.
"""

import numpy as np

from .._require import require_bool, require_dtype, require_int, require_ndim
from .affine import dequantize
from .affine_params import AffineParams
from .grids import require_codes, require_grid, saturate, scale_ratio
from .requantization import requantize
from .windows import IntOrTuple, Window, image_windows, make_pool_window

__all__ = ["average_pool_int8", "global_average_pool_int8", "max_pool_int8"]

MOST_PIXELS = 1 << 23  # their codes' sum stays within int32


def max_pool_int8(
    x: np.ndarray,
    *,
    kernel: IntOrTuple,
    stride: IntOrTuple | None = None,
    padding: IntOrTuple = 0,
) -> np.ndarray:
    """Return the largest code of each window.

    x : (images, channels, height, width) int8 or uint8
    kernel : int >= 1, or (vertical, horizontal)
    stride : the same; None: the kernel's
    padding : int >= 0, (vertical, horizontal), or ONNX's order (top, left,
        bottom, right); less than the kernel. It never is the largest.
    returns : (images, channels, out_height, out_width), x's dtype and grid

    >>> x = np.array([[[[3, 1, 4], [1, 5, 9]]]], np.uint8)
    >>> max_pool_int8(x, kernel=2, stride=1)
    array([[[[5, 9]]]], dtype=uint8)

    See ONNX, MaxPool; loops in `naive.max_pool_int8`.
    """
    require_dtype("x", x, np.int8, np.uint8)
    window = make_pool_window(x, kernel, stride, padding)
    # (images, channels, rows, cols, out_height, out_width)
    windows = image_windows(x, window, np.iinfo(x.dtype).min)
    largest = windows[:, :, 0, 0].copy()
    for row, col in np.ndindex(*window.size):
        np.maximum(largest, windows[:, :, row, col], out=largest)
    return largest


def average_pool_int8(
    x: np.ndarray,
    x_params: AffineParams,
    y_params: AffineParams,
    *,
    kernel: IntOrTuple,
    stride: IntOrTuple | None = None,
    padding: IntOrTuple = 0,
    count_include_pad: bool = False,
) -> np.ndarray:
    """Return the code of each window's mean, as onnxruntime computes it.

    x : (images, channels, height, width) int8 or uint8, codes of x_params
    x_params, y_params : grids of what comes in and goes out, one scale each,
        8 bits or less
    kernel, stride, padding : as in `max_pool_int8`
    count_include_pad : a mean counts the padding's zeros; otherwise only the
        pixels inside the image
    returns : (images, channels, out_height, out_width), codes of y_params

    A window's pixels become float32 and are added row by row; the code is
    saturate(rint(mean / scale_y + zero_point_y)), ties to the even sum: the
    zero point is inside the rounding. A window that is the whole image, without
    padding, is left to `global_average_pool_int8`, which has it outside.

    >>> grid = AffineParams(1.0, 1, bits=8, signed=False)
    >>> x = np.array([[[[1, 2, 3, 3]]]], np.uint8)
    >>> average_pool_int8(x, grid, grid, kernel=(1, 2))  # 0.5 + 1 to 2
    array([[[[2, 3]]]], dtype=uint8)
    >>> average_pool_int8(x[..., :2], grid, grid, kernel=(1, 2))  # 0.5 to 0
    array([[[[1]]]], dtype=uint8)

    See onnxruntime, com.microsoft.QLinearAveragePool; loops in
    `naive.average_pool_int8`.
    """
    x_scale, _ = require_codes("x", x, x_params)
    scale, zero_point = require_grid("y_params", y_params)
    scale_ratio("x_params", x_scale, scale)
    require_bool("count_include_pad", count_include_pad)
    window = make_pool_window(x, kernel, stride, padding)
    if window.size == x.shape[2:] and not any(window.padding):
        return global_average_pool_int8(x, x_params, y_params)
    real = dequantize(x, x_params)
    # (images, channels, rows, cols, out_height, out_width)
    windows = image_windows(real, window, 0)
    sums = np.zeros_like(windows[:, :, 0, 0])
    for row, col in np.ndindex(*window.size):  # this order, as onnxruntime
        sums += windows[:, :, row, col]
    sums /= _pixels_inside(x.shape, window, count_include_pad)
    sums /= scale
    sums += np.float32(zero_point)
    return saturate(np.rint(sums, out=sums), y_params)


def global_average_pool_int8(
    x: np.ndarray, x_params: AffineParams, y_params: AffineParams
) -> np.ndarray:
    """Return the code of each channel's mean, as onnxruntime on x86 does.

    x : (images, channels, height, width) int8 or uint8, codes of x_params; up
        to 2**23 pixels
    x_params, y_params : as in `average_pool_int8`
    returns : (images, channels, 1, 1), codes of y_params

    The codes' distances from the zero point are added up in integers. The sum
    is requantized as a product's is: rounded, ties to even, then the zero point
    is added. The multiplier is scale_x / (scale_y * pixels) in float32. On ARM
    onnxruntime rounds ties away from zero instead.

    >>> x_params = AffineParams(0.5, 0, bits=8, signed=False)
    >>> y_params = AffineParams(0.5, 3, bits=8, signed=False)
    >>> x = np.array([[[[1, 2]], [[3, 4]]]], np.uint8)
    >>> global_average_pool_int8(x, x_params, y_params).ravel()  # 1.5 and 3.5
    array([5, 7], dtype=uint8)

    See onnxruntime, com.microsoft.QLinearGlobalAveragePool; loops in
    `naive.global_average_pool_int8`.
    """
    x_scale, x_zero = require_codes("x", x, x_params)
    y_scale, y_zero = require_grid("y_params", y_params)
    require_ndim("x", x, 4)
    pixels = require_int("pixels of x", x.shape[2] * x.shape[3], 1, MOST_PIXELS)
    acc = x.sum(axis=(2, 3), dtype=np.int32, keepdims=True)
    acc -= np.int32(pixels * x_zero)
    multiplier = x_scale / (y_scale * np.float32(pixels))
    codes = requantize(
        acc, float(multiplier), y_zero, dtype=y_params.dtype.type
    )
    return saturate(codes, y_params)


def _pixels_inside(
    shape: tuple[int, ...], window: Window, count_include_pad: bool
) -> np.ndarray | np.float32:
    """Return what each window's sum is divided by: a number, or one each.

    returns : () or (out_height, out_width) float32
    """
    if count_include_pad:
        return np.float32(window.size[0] * window.size[1])
    ones = np.ones((1, 1, *shape[2:]), np.float32)
    # (rows, cols, out_height, out_width)
    return image_windows(ones, window, 0)[0, 0].sum(axis=(0, 1))
