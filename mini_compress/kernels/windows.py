"""Where a filter meets an image: padding, stride, dilation, groups.

A convolution is a matrix product once each window of the padded image has
become a column. `image_windows` is the view from which the columns are copied.
"""

from typing import Any, NamedTuple

import numpy as np

from .._require import require_equal, require_int, require_ndim

IntOrTuple = int | tuple[int, ...]


class Window(NamedTuple):
    """How a filter slides over an image; pairs are (vertical, horizontal)."""

    size: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[int, int, int, int]  # top, left, bottom, right

    @property
    def span(self) -> tuple[int, int]:
        """Rows and columns of the image from a filter's first to its last."""
        (rows, cols), (row_gap, col_gap) = self.size, self.dilation
        return (rows - 1) * row_gap + 1, (cols - 1) * col_gap + 1


def make_window(
    x: np.ndarray,
    weight: np.ndarray,
    stride: IntOrTuple,
    padding: IntOrTuple,
    dilation: IntOrTuple,
    groups: int,
) -> Window:
    """Bring a convolution's options to one form; refuse what does not fit.

    x : (images, channels, height, width)
    weight : (outputs, channels // groups, rows, cols)
    """
    require_ndim("x", x, 4)
    require_ndim("weight", weight, 4)
    groups = require_int("groups", groups, 1)
    outputs, depth, rows, cols = weight.shape
    require_equal("channels of x", depth * groups, x.shape[1])
    if outputs % groups:
        raise ValueError(
            f"groups must divide the {outputs} outputs, got {groups}"
        )
    if 0 in (rows, cols):
        raise ValueError(f"weight must have a window, got {weight.shape}")
    window = Window(
        (rows, cols),
        _as_pair("stride", stride, 1),
        _as_pair("dilation", dilation, 1),
        _as_sides("padding", padding),
    )
    _require_room("weight's window", x, window)
    return window


def make_pool_window(
    x: np.ndarray,
    kernel: IntOrTuple,
    stride: IntOrTuple | None,
    padding: IntOrTuple,
) -> Window:
    """Bring a pooling's options to one form; refuse what does not fit.

    x : (images, channels, height, width)
    kernel : rows and cols of the window, which is also how far it moves if
        stride is None
    padding : less than the kernel on each side, so that every window holds a
        pixel
    """
    require_ndim("x", x, 4)
    size = _as_pair("kernel", kernel, 1)
    window = Window(
        size,
        size if stride is None else _as_pair("stride", stride, 1),
        (1, 1),
        _as_sides("padding", padding),
    )
    # top and bottom against the rows, left and right against the cols
    if (np.array(window.padding).reshape(2, 2) >= size).any():
        raise ValueError(
            f"padding must be less than the kernel {size}, got {padding}"
        )
    _require_room("kernel", x, window)
    return window


def _require_room(name: str, x: np.ndarray, window: Window) -> None:
    """Refuse a window that is larger than the padded image."""
    top, left, bottom, right = window.padding
    room = (x.shape[2] + top + bottom, x.shape[3] + left + right)
    if window.span[0] > room[0] or window.span[1] > room[1]:
        raise ValueError(
            f"{name} must fit the padded x, "
            f"got a span of {window.span} in {room}"
        )


def image_windows(x: np.ndarray, window: Window, fill: float) -> np.ndarray:
    """Return a view: what each weight of a filter meets at each position.

    x : (images, channels, height, width)
    fill : the value of the padding
    returns : (images, channels, rows, cols, out_height, out_width)
    """
    top, left, bottom, right = window.padding
    *lead, height, width = x.shape
    padded = np.full(
        (*lead, top + height + bottom, left + width + right), fill, x.dtype
    )
    padded[:, :, top : top + height, left : left + width] = x
    # at each position a view of the filter's whole span:
    # (images, channels, positions down, positions across, *span)
    (down, across), (row_gap, col_gap) = window.stride, window.dilation
    views = np.lib.stride_tricks.sliding_window_view(
        padded, window.span, (2, 3)
    )
    views = views[:, :, ::down, ::across, ::row_gap, ::col_gap]
    # (images, channels, rows, cols, out_height, out_width)
    return views.transpose(0, 1, 4, 5, 2, 3)


def _as_pair(name: str, value: IntOrTuple, low: int) -> tuple[int, int]:
    """Return (vertical, horizontal) from an int or a pair, each >= low."""
    values = _as_tuple(value)
    if len(values) != 2:
        raise ValueError(f"{name} must be an int or a pair, got {value}")
    vertical, horizontal = (require_int(name, one, low) for one in values)
    return vertical, horizontal


def _as_sides(name: str, value: IntOrTuple) -> tuple[int, int, int, int]:
    """Return (top, left, bottom, right) from an int, a pair or four."""
    values = _as_tuple(value)
    if len(values) not in (2, 4):
        raise ValueError(f"{name} must be an int, a pair or four, got {value}")
    values = tuple(require_int(name, one, 0) for one in values)
    top, left, bottom, right = values if len(values) == 4 else values * 2
    return top, left, bottom, right


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value, value)
