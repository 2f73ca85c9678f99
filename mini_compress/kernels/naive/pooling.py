"""Pooling of codes, as plain loops.

float32 numbers stay numpy's: each operation on two of them is rounded to
float32, as a processor does.
"""

import numpy as np

from .elementwise import grid, nearest

__all__ = ["average_pool_int8", "global_average_pool_int8", "max_pool_int8"]


def max_pool_int8(x, *, kernel, stride=None, padding=0) -> np.ndarray:
    """Compare each window's pixels; those outside the image do not exist."""
    windows = _Windows(x, kernel, stride, padding)
    out = np.empty(windows.shape, x.dtype)
    for at in np.ndindex(*out.shape):
        out[at] = max(windows.pixels(at))
    return out


def average_pool_int8(
    x,
    x_params,
    y_params,
    *,
    kernel,
    stride=None,
    padding=0,
    count_include_pad=False,
) -> np.ndarray:
    """Add each window's real numbers, divide, round with the zero point."""
    windows = _Windows(x, kernel, stride, padding)
    if windows.size == x.shape[2:] and not any(windows.padding):
        return global_average_pool_int8(x, x_params, y_params)
    scale, zero_point = grid(y_params)
    out = np.empty(windows.shape, y_params.dtype)
    for at in np.ndindex(*out.shape):
        codes = windows.pixels(at)
        total = np.float32(0)
        for code in codes:
            total += _real(code, x_params)
        rows, cols = windows.size
        count = rows * cols if count_include_pad else len(codes)
        steps = total / np.float32(count) / scale
        out[at] = nearest(steps + zero_point, y_params)
    return out


def global_average_pool_int8(x, x_params, y_params) -> np.ndarray:
    """Add codes up as integers, scale the sum, round, add the zero point."""
    images, channels, height, width = x.shape
    pixels = height * width
    (x_scale, x_zero), (y_scale, y_zero) = grid(x_params), grid(y_params)
    multiplier = x_scale / (y_scale * np.float32(pixels))
    out = np.empty((images, channels, 1, 1), y_params.dtype)
    for n, c in np.ndindex(images, channels):
        total = sum(int(code) - int(x_zero) for code in x[n, c].flat)
        code = round(float(np.float32(total) * multiplier))
        out[n, c] = nearest(code + int(y_zero), y_params)
    return out


class _Windows:
    """The windows of a pooling: how many, and the pixels that each sees."""

    def __init__(self, x, kernel, stride, padding) -> None:
        self.x = x
        self.size = _pair(kernel)
        self.stride = self.size if stride is None else _pair(stride)
        sides = _pair(padding)
        self.padding = sides if len(sides) == 4 else sides * 2
        top, left, bottom, right = self.padding
        images, channels, height, width = x.shape
        down = (height + top + bottom - self.size[0]) // self.stride[0] + 1
        across = (width + left + right - self.size[1]) // self.stride[1] + 1
        self.shape = (images, channels, down, across)

    def pixels(self, at) -> list[int]:
        """List the codes of one window, row by row, inside the image."""
        n, c, i, j = at
        height, width = self.x.shape[2:]
        top = i * self.stride[0] - self.padding[0]
        left = j * self.stride[1] - self.padding[1]
        return [
            int(self.x[n, c, row, col])
            for row in range(top, top + self.size[0])
            for col in range(left, left + self.size[1])
            if 0 <= row < height and 0 <= col < width
        ]


def _real(code, params) -> np.float32:
    scale, zero_point = grid(params)
    return scale * (np.float32(code) - zero_point)


def _pair(value) -> tuple[int, ...]:
    return (value, value) if np.ndim(value) == 0 else tuple(value)
