"""A convolution as a vertical one and a horizontal one (spatial SVD).

As a matrix with a row for each input channel and row of the kernel, and a
column for each output channel and column of the kernel, the weight is made of
terms: each is a vertical filter for the inputs times a horizontal one for the
outputs.
"""

from typing import Self

import numpy as np
from torch import Tensor, nn

from .factored import FactoredLayer
from .geometry import Conv2dGeometry, Geometry
from .low_rank import balanced


class SeparableConv2d(FactoredLayer):
    """A convolution as `vertical`, rows x 1, and `horizontal`, 1 x columns.

    geometry : of the layer that it stands for
    bias : whether `horizontal` has one, (out_channels,)
    rank : channels between the two for each group of channels, from 1 to the
        smaller of inputs * rows and outputs * columns of a group

    Stride, padding and dilation are split: the vertical numbers go to
    `vertical`, the horizontal ones to `horizontal`.
    """

    needs = Conv2dGeometry
    vertical: nn.Conv2d
    horizontal: nn.Conv2d

    def __init__(
        self, geometry: Conv2dGeometry, *, bias: bool, rank: int
    ) -> None:
        super().__init__(geometry, bias=bias, ranks=[rank])

    @classmethod
    def from_conv(cls, conv: nn.Conv2d, rank: int) -> Self:
        """Factorize a convolution by the singular values of that matrix.

        conv : float32 or float64, finite, padded with zeros; is not changed
        rank : as for the constructor
        returns : the chain whose weight is nearest, its parts balanced as in
            `LowRankLinear`

        >>> conv = nn.Conv2d(3, 4, (5, 2))
        >>> low = SeparableConv2d.from_conv(conv, 3)
        >>> low.vertical.weight.shape, low.horizontal.weight.shape
        (torch.Size([3, 3, 5, 1]), torch.Size([4, 3, 1, 2]))

        See [jaderberg2014speeding].
        """

        def factors(weight: np.ndarray, _: int) -> tuple[np.ndarray, ...]:
            outputs, inputs, rows, cols = weight.shape
            first, second = balanced(spatial_matrix(weight), rank, None)
            # second (inputs * rows, rank), first (rank, outputs * columns)
            vertical = second.T.reshape(rank, inputs, rows, 1)
            horizontal = first.reshape(rank, outputs, 1, cols)
            return vertical, horizontal.transpose(1, 0, 2, 3)

        return cls._factorize(conv, factors, rank=rank)

    @staticmethod
    def largest_ranks(geometry: Conv2dGeometry) -> tuple[int]:
        """Return the smaller of inputs * rows and outputs * columns."""
        outputs, inputs, rows, cols = geometry.weight_shape
        return (min(inputs * rows, outputs // geometry.groups * cols),)

    @staticmethod
    def _parts(  # type: ignore[override]
        geometry: Conv2dGeometry, rank: int
    ) -> dict[str, Geometry]:
        (rows, cols), groups = geometry.kernel_size, geometry.groups
        stride, padding = geometry.stride, geometry.padding
        dilation = geometry.dilation
        return {
            "vertical": Conv2dGeometry(
                geometry.in_channels,
                rank * groups,
                (rows, 1),
                (stride[0], 1),
                (padding[0], 0),
                (dilation[0], 1),
                groups,
            ),
            "horizontal": Conv2dGeometry(
                rank * groups,
                geometry.out_channels,
                (1, cols),
                (1, stride[1]),
                (0, padding[1]),
                (1, dilation[1]),
                groups,
            ),
        }

    @property
    def geometry(self) -> Conv2dGeometry:
        """Of the layer that the parts stand for."""
        one, other = map(self.part_geometry, ("vertical", "horizontal"))
        return Conv2dGeometry(
            one.in_channels,
            other.out_channels,
            (one.kernel_size[0], other.kernel_size[1]),
            (one.stride[0], other.stride[1]),
            (one.padding[0], other.padding[1]),
            (one.dilation[0], other.dilation[1]),
            one.groups,
        )

    @property
    def ranks(self) -> tuple[int]:
        """The rank of each group alone."""
        vertical = self.part_geometry("vertical")
        return (vertical.out_channels // vertical.groups,)

    def dense_weight(self) -> Tensor:
        """Return the kernel, (out_channels, in_channels / groups, ...)."""
        geometry, [rank] = self.geometry, self.ranks
        _, inputs, rows, cols = geometry.weight_shape
        vertical, horizontal = map(self.part_weight, ("vertical", "horizontal"))
        # (groups, rank, inputs * rows)
        one = vertical.reshape(-1, rank, inputs * rows)
        # (groups, outputs, rank, columns)
        other = horizontal.reshape(len(one), -1, rank, cols)
        # (groups, outputs, columns, rank) @ (groups, 1, rank, inputs * rows)
        whole = other.transpose(2, 3) @ one[:, None]
        # (out_channels, columns, inputs, rows)
        whole = whole.reshape(-1, cols, inputs, rows)
        return whole.permute(0, 2, 3, 1).contiguous()


def spatial_matrix(weight: np.ndarray) -> np.ndarray:
    """Lay a weight out by inputs and rows, and by outputs and columns.

    weight : (outputs, inputs, rows, columns)
    returns : (inputs * rows, outputs * columns)

    >>> spatial_matrix(np.ones((8, 4, 3, 5))).shape
    (12, 40)
    """
    _, inputs, rows, _ = weight.shape
    # (inputs, rows, outputs, columns), as a matrix
    return weight.transpose(1, 2, 0, 3).reshape(inputs * rows, -1)
