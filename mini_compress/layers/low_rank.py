"""Layers whose weight, as a matrix with a row for each output, has low rank.

    weight = second @ first, (outputs, rank) times (rank, all others)

The first part gives `rank` numbers, the second makes the outputs of them.
"""

from dataclasses import replace
from typing import Any, Self

import numpy as np
from torch import Tensor, nn

from .._require import require_equal, require_ndim
from ..kernels.low_rank import output_svd, truncated_svd
from .factored import FactoredLayer
from .geometry import Conv2dGeometry, Geometry, LinearGeometry


class LowRankLinear(FactoredLayer):
    """A linear layer as two: `first` to `rank` numbers, `second` from them.

    geometry : of the layer that it stands for
    bias : whether `second` has one, (out_features,)
    rank : from 1 to the smaller of in_features and out_features
    """

    needs = LinearGeometry
    first: nn.Linear
    second: nn.Linear

    def __init__(
        self, geometry: LinearGeometry, *, bias: bool, rank: int
    ) -> None:
        super().__init__(geometry, bias=bias, ranks=[rank])

    @classmethod
    def from_linear(
        cls, layer: nn.Linear, rank: int, *, moment: np.ndarray | None = None
    ) -> Self:
        """Factorize a linear layer by its singular values.

        layer : float32 or float64, finite; is not changed
        rank : from 1 to the smaller of in_features and out_features
        moment : (in_features, in_features) float32 or float64: the mean of
            x x^T over the layer's inputs x. With it, the outputs on such
            inputs are as near as that rank allows; without it, the weight is.

        The root of each singular value goes into either part, so that both
        are trained alike.

        >>> import torch
        >>> layer = nn.Linear(8, 6)
        >>> low = LowRankLinear.from_linear(layer, 2)
        >>> low.first.weight.shape, low.second.weight.shape
        (torch.Size([2, 8]), torch.Size([6, 2]))
        >>> full = LowRankLinear.from_linear(layer, 6)
        >>> torch.allclose(full.dense_weight(), layer.weight, atol=1e-6)
        True

        See [eckart1936approximation].
        """

        def factors(weight: np.ndarray, _: int) -> tuple[np.ndarray, ...]:
            return balanced(weight, rank, moment)

        return cls._factorize(layer, factors, rank=rank)

    @staticmethod
    def largest_ranks(geometry: LinearGeometry) -> tuple[int]:
        """Return the smaller of in_features and out_features."""
        return (min(geometry.weight_shape),)

    @staticmethod
    def _parts(  # type: ignore[override]
        geometry: LinearGeometry, rank: int
    ) -> dict[str, Geometry]:
        return {
            "first": LinearGeometry(geometry.in_features, rank),
            "second": LinearGeometry(rank, geometry.out_features),
        }

    @property
    def geometry(self) -> LinearGeometry:
        """Of the layer that the parts stand for."""
        first, second = map(self.part_geometry, ("first", "second"))
        return LinearGeometry(first.in_features, second.out_features)

    @property
    def ranks(self) -> tuple[int]:
        """The rank alone."""
        return (self.part_geometry("first").out_features,)

    def dense_weight(self) -> Tensor:
        """Return second @ first, (out_features, in_features)."""
        return self.part_weight("second") @ self.part_weight("first")


class LowRankConv2d(FactoredLayer):
    """A convolution as two: to `rank` channels, then 1x1 (channel SVD).

    geometry : of the layer that it stands for
    bias : whether `second` has one, (out_channels,)
    rank : of each group of channels, from 1 to the smaller of its outputs and
        of inputs * rows * cols of a filter

    `first` has the kernel, stride, padding and dilation.
    """

    needs = Conv2dGeometry
    first: nn.Conv2d
    second: nn.Conv2d

    def __init__(
        self, geometry: Conv2dGeometry, *, bias: bool, rank: int
    ) -> None:
        super().__init__(geometry, bias=bias, ranks=[rank])

    @classmethod
    def from_conv(
        cls, conv: nn.Conv2d, rank: int, *, moment: np.ndarray | None = None
    ) -> Self:
        """Factorize a convolution, whose rows are its filters.

        conv : float32 or float64, finite, padded with zeros; is not changed
        rank : as for the constructor
        moment : (groups, d, d) float32 or float64: the mean of x x^T over all
            x that a filter is multiplied with, d = inputs of a group * rows *
            cols. With it, the outputs are nearest; without it, the weight is.

        >>> import torch
        >>> conv = nn.Conv2d(4, 8, 3, stride=2, padding=1)
        >>> low = LowRankConv2d.from_conv(conv, 8)  # 8: exact
        >>> x = torch.rand(1, 4, 9, 9)
        >>> torch.allclose(low(x), conv(x), atol=1e-5)
        True

        See [zhang2016accelerating], which takes the outputs, as with moment.
        """
        if moment is not None:
            require_ndim("moment", moment, 3)

        def factors(weight: np.ndarray, i: int) -> tuple[np.ndarray, ...]:
            rows = weight.reshape(len(weight), -1)  # (outputs, all others)
            if moment is None:
                return balanced(rows, rank, None)
            require_equal("groups of moment", conv.groups, len(moment))
            return balanced(rows, rank, moment[i])

        return cls._factorize(conv, factors, rank=rank)

    @staticmethod
    def largest_ranks(geometry: Conv2dGeometry) -> tuple[int]:
        """Return the smaller of a group's outputs and a filter's weights."""
        outputs = geometry.out_channels // geometry.groups
        return (min(outputs, geometry.products_per_output),)

    @staticmethod
    def _parts(  # type: ignore[override]
        geometry: Conv2dGeometry, rank: int
    ) -> dict[str, Geometry]:
        groups, outputs = geometry.groups, geometry.out_channels
        inner = rank * groups
        return {
            "first": replace(geometry, out_channels=inner),
            "second": Conv2dGeometry(inner, outputs, (1, 1), groups=groups),
        }

    @property
    def geometry(self) -> Conv2dGeometry:
        """Of the layer that the parts stand for."""
        first, second = map(self.part_geometry, ("first", "second"))
        return replace(first, out_channels=second.out_channels)

    @property
    def ranks(self) -> tuple[int]:
        """The rank of each group alone."""
        first = self.part_geometry("first")
        return (first.out_channels // first.groups,)

    def dense_weight(self) -> Tensor:
        """Return the kernel, (out_channels, in_channels / groups, ...)."""
        groups = self.geometry.groups
        first, second = map(self.part_weight, ("first", "second"))
        columns = second.reshape(groups, -1, second.shape[1])
        rows = first.reshape(groups, second.shape[1], -1)
        # (groups, outputs, rank) @ (groups, rank, inputs * rows * cols)
        return (columns @ rows).reshape(self.geometry.weight_shape)


def balanced(
    matrix: np.ndarray, rank: int, moment: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Split a matrix into a wide and a tall one of equal norms, by terms.

    matrix : (rows, cols) float64
    moment : (cols, cols) of the inputs, for the nearest outputs
    returns : first (rank, cols) and second (rows, rank); second @ first is
        near the matrix, and a row of first is as long as the column of second
        that it is multiplied with
    """
    svd: Any = (
        truncated_svd(matrix, rank)
        if moment is None
        else output_svd(matrix, moment, rank)
    )
    left, values, right = svd
    rows = values[:, np.newaxis] * right  # (rank, cols)
    # no square of a huge value, which would overflow
    lengths = values * np.linalg.norm(right, axis=1)
    roots = np.sqrt(lengths)
    safe = np.where(roots > 0, roots, 1)  # of zeros, nothing is left
    return rows / safe[:, np.newaxis], left * roots
