"""The shape of a linear or convolutional layer, apart from its numbers.

A geometry knows the shape of the weight, how a weight meets an input, and how
many products one output takes. Every layer of this package, whatever it keeps
its weight in, has one; `geometry_of` reads it off torch's own layers.
"""

import math
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from .._require import require_int

# of a kernel, a stride or a dilation, in pixels: a file cannot ask for more
LARGEST_STEP = 1024
# numbers in a weight: its bytes can still be counted in 64 bits
LARGEST_WEIGHT = 2**48


@dataclass(frozen=True)
class LinearGeometry:
    """A fully connected layer, as `torch.nn.Linear`."""

    in_features: int
    out_features: int

    def __post_init__(self) -> None:
        for name in ("in_features", "out_features"):
            require_int(name, getattr(self, name), 1)
            object.__setattr__(self, name, int(getattr(self, name)))
        _require_countable(self.weight_shape)

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """(out_features, in_features)."""
        return self.out_features, self.in_features

    @property
    def products_per_output(self) -> int:
        """Multiply-accumulates behind one output value."""
        return self.in_features

    def product(self, x: Tensor, weight: Tensor) -> Tensor:
        """Return x @ weight.T; x : (..., in_features)."""
        return functional.linear(x, weight)

    exact_product = product

    def per_output(self, values: Tensor) -> Tensor:
        """Shape (out_features,) values so that they broadcast over outputs."""
        return values


@dataclass(frozen=True)
class Conv2dGeometry:
    """A convolution, as `torch.nn.Conv2d`; pairs are (vertical, horizontal).

    Padding is filled with zeros, and no wider than the kernel is.
    """

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    def __post_init__(self) -> None:
        for name in ("in_channels", "out_channels", "groups"):
            require_int(name, getattr(self, name), 1)
            object.__setattr__(self, name, int(getattr(self, name)))
        for name in ("kernel_size", "stride", "padding", "dilation"):
            pair = checked_pair(name, getattr(self, name))
            object.__setattr__(self, name, pair)
        for name in ("in_channels", "out_channels"):
            if getattr(self, name) % self.groups:
                raise ValueError(
                    f"{name} must be divisible by groups = {self.groups}, "
                    f"got {getattr(self, name)}"
                )
        for around, size, gap in zip(
            self.padding, self.kernel_size, self.dilation, strict=True
        ):
            require_int("padding", around, 0, size * gap)
        _require_countable(self.weight_shape)

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """(out_channels, in_channels // groups, rows, cols)."""
        depth = self.in_channels // self.groups
        return self.out_channels, depth, *self.kernel_size

    @property
    def products_per_output(self) -> int:
        """Multiply-accumulates behind one output value."""
        return math.prod(self.weight_shape[1:])

    def product(self, x: Tensor, weight: Tensor) -> Tensor:
        """Convolve as torch does; x : ([images,] channels, height, width)."""
        return functional.conv2d(
            x,
            weight,
            None,
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
        )

    def exact_product(self, x: Tensor, weight: Tensor) -> Tensor:
        """Convolve by one matrix product, whose sums are those of the formula.

        torch's own convolution may choose an algorithm that transforms its
        input (Winograd, FFT) and whose partial sums are no integers.
        """
        if x.ndim not in (3, 4):
            raise ValueError(
                f"input must have 3 or 4 axes, got shape {tuple(x.shape)}"
            )
        height, width = x.shape[-2:]
        columns = functional.unfold(
            x, self.kernel_size, self.dilation, self.padding, self.stride
        )
        # (..., groups, depth * rows * cols, places); one image has no ...
        columns = columns.unflatten(-2, (self.groups, -1))
        # (groups, outputs // groups, depth * rows * cols)
        filters = weight.reshape(self.groups, -1, columns.shape[-2])
        out = (filters @ columns).flatten(-3, -2)  # (..., outputs, places)
        return out.unflatten(-1, self.output_size(height, width))

    def per_output(self, values: Tensor) -> Tensor:
        """Shape (out_channels,) values so that they broadcast over outputs."""
        return values.reshape(-1, 1, 1)

    def output_size(self, *sizes: int) -> tuple[int, ...]:
        """Return (height, width) of the output for those of an input."""
        return tuple(
            (size + 2 * around - gap * (kernel - 1) - 1) // step + 1
            for size, around, gap, kernel, step in zip(
                sizes,
                self.padding,
                self.dilation,
                self.kernel_size,
                self.stride,
                strict=True,
            )
        )


Geometry = LinearGeometry | Conv2dGeometry


def geometry_of(layer: nn.Module, name: str = "layer") -> Geometry:
    """Read the geometry off `torch.nn.Linear` or `torch.nn.Conv2d`.

    name : what error messages call the layer

    Padding given by name becomes a pair of pixels. Refused: padding with other
    values than zero, "same" where the two sides differ, other kinds of layer.

    >>> geometry_of(nn.Conv2d(1, 4, 3, padding="same")).padding
    (1, 1)
    """
    if type(layer) is nn.Linear:
        return _made(
            name,
            LinearGeometry,
            in_features=layer.in_features,
            out_features=layer.out_features,
        )
    if type(layer) is not nn.Conv2d:
        raise TypeError(
            f"{name} must be Linear or Conv2d, got {kind_of(layer)}"
        )
    if layer.padding_mode != "zeros":
        raise ValueError(
            f"{name}: padding_mode must be zeros, got {layer.padding_mode!r}"
        )
    return _made(
        name,
        Conv2dGeometry,
        in_channels=layer.in_channels,
        out_channels=layer.out_channels,
        kernel_size=layer.kernel_size,
        stride=layer.stride,
        padding=_padding(layer, name),
        dilation=layer.dilation,
        groups=layer.groups,
    )


def kind_of(layer: nn.Module, name: str | None = None) -> str:
    """Name a layer's class, and its place; tell a subclass from torch's own.

    >>> kind_of(nn.PReLU()), kind_of(nn.PReLU(), "features.1")
    ('PReLU', "PReLU at 'features.1'")
    >>> kind_of(type("Linear", (nn.Linear,), {"__module__": "other"})(2, 2))
    'Linear (a subclass of Linear, from other)'
    """
    kind = type(layer)
    text = kind.__name__ if name is None else f"{kind.__name__} at {name!r}"
    for known in (nn.Linear, nn.Conv2d):
        if isinstance(layer, known) and kind is not known:
            origin = f"a subclass of {known.__name__}, from {kind.__module__}"
            return f"{text} ({origin})"
    return text


def _made(
    name: str, kind: type[LinearGeometry] | type[Conv2dGeometry], **numbers: Any
) -> Geometry:
    try:
        return kind(**numbers)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}") from None


def _require_countable(shape: tuple[int, ...]) -> None:
    require_int("numbers in a weight", math.prod(shape), 1, LARGEST_WEIGHT)


def checked_pair(name: str, pair: Any) -> tuple[int, int]:
    """Return a pair of whole numbers; padding may be 0."""
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise TypeError(f"{name} must be a pair of numbers, got {pair!r}")
    for value in pair:
        require_int(name, value, 0 if name == "padding" else 1, LARGEST_STEP)
    return int(pair[0]), int(pair[1])


def _padding(layer: nn.Conv2d, name: str) -> tuple[int, int]:
    """Return the padding in pixels, vertical and horizontal."""
    if not isinstance(layer.padding, str):
        return layer.padding  # type: ignore[return-value]
    if layer.padding == "valid":
        return 0, 0
    around = [
        (size - 1) * gap
        for size, gap in zip(layer.kernel_size, layer.dilation, strict=True)
    ]
    if around[0] % 2 or around[1] % 2:
        raise ValueError(
            f"{name}: padding 'same' must add as much on both sides, got "
            f"kernel_size {layer.kernel_size}, dilation {layer.dilation}"
        )
    return around[0] // 2, around[1] // 2
