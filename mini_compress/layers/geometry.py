"""The shape of a linear or convolutional layer, apart from its numbers.

A geometry knows the shape of the weight, how a weight meets an input, and how
many products one output takes. Every layer of this package, whatever it keeps
its weight in, has one; `geometry_of` reads it off torch's own layers.
"""

import math
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class LinearGeometry:
    """A fully connected layer, as `torch.nn.Linear`."""

    in_features: int
    out_features: int

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

    Padding is filled with zeros.
    """

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

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
        """Convolve as torch does; x : (images, channels, height, width)."""
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
        _, _, height, width = x.shape
        columns = functional.unfold(
            x, self.kernel_size, self.dilation, self.padding, self.stride
        )
        columns = columns.unflatten(1, (self.groups, -1))
        filters = weight.reshape(self.groups, -1, columns.shape[2])
        out = (filters @ columns).flatten(1, 2)
        return out.unflatten(2, self._output_size(height, width))

    def per_output(self, values: Tensor) -> Tensor:
        """Shape (out_channels,) values so that they broadcast over outputs."""
        return values.reshape(-1, 1, 1)

    def _output_size(self, *sizes: int) -> tuple[int, ...]:
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


def geometry_of(layer: nn.Module) -> Geometry:
    """Read the geometry off `torch.nn.Linear` or `torch.nn.Conv2d`.

    Padding given by name becomes a pair of pixels. Refused: padding with other
    values than zero, "same" where the two sides differ, other kinds of layer.

    >>> geometry_of(nn.Conv2d(1, 4, 3, padding="same")).padding
    (1, 1)
    """
    if type(layer) is nn.Linear:
        return LinearGeometry(layer.in_features, layer.out_features)
    if type(layer) is not nn.Conv2d:
        got = type(layer).__name__
        raise TypeError(f"layer must be Linear or Conv2d, got {got}")
    if layer.padding_mode != "zeros":
        raise ValueError(
            f"padding_mode must be zeros, got {layer.padding_mode!r}"
        )
    return Conv2dGeometry(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,  # type: ignore[arg-type]
        layer.stride,  # type: ignore[arg-type]
        _padding(layer),
        layer.dilation,  # type: ignore[arg-type]
        layer.groups,
    )


def _padding(layer: nn.Conv2d) -> tuple[int, int]:
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
            "padding 'same' must add as much on both sides, got "
            f"kernel_size {layer.kernel_size}, dilation {layer.dilation}"
        )
    return around[0] // 2, around[1] // 2
