"""A convolution as three, by a Tucker decomposition of outputs and inputs.

    weight = core times outputs along mode 0, times inputs along mode 1

A 1x1 convolution gathers the input channels in fewer, the core convolves
those, and another 1x1 convolution makes the output channels of the result.
"""

from dataclasses import replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from ..kernels.low_rank import partial_tucker
from .factored import FactoredLayer
from .geometry import Conv2dGeometry, Geometry


class TuckerConv2d(FactoredLayer):
    """A convolution as `first`, 1x1, `core`, and `last`, 1x1 (Tucker-2).

    geometry : of the layer that it stands for
    bias : whether `last` has one, (out_channels,)
    ranks : of outputs and of inputs, channels of the core for each group,
        from 1 to the outputs and inputs of a group

    `core` has the kernel, stride, padding and dilation.
    """

    needs = Conv2dGeometry
    rank_names = ("rank of outputs", "rank of inputs")
    first: nn.Conv2d
    core: nn.Conv2d
    last: nn.Conv2d

    def __init__(
        self, geometry: Conv2dGeometry, *, bias: bool, ranks: tuple[int, int]
    ) -> None:
        super().__init__(geometry, bias=bias, ranks=_pair(ranks))

    @classmethod
    def from_conv(cls, conv: nn.Conv2d, ranks: tuple[int, int]) -> Self:
        """Factorize a convolution by `kernels.low_rank.partial_tucker`.

        conv : float32 or float64, finite, padded with zeros; is not changed
        ranks : of outputs and of inputs, as for the constructor
        returns : `first` and `last` have orthogonal filters of length 1

        >>> conv = nn.Conv2d(8, 16, 3, padding=1)
        >>> low = TuckerConv2d.from_conv(conv, (4, 2))
        >>> [tuple(part.weight.shape) for part in low.children()]
        [(2, 8, 1, 1), (4, 2, 3, 3), (16, 4, 1, 1)]

        See [kim2016compression].
        """

        def factors(weight: np.ndarray, _: int) -> tuple[np.ndarray, ...]:
            core, (outputs, inputs) = partial_tucker(weight, (0, 1), ranks)
            return inputs.T, core, outputs

        return cls._factorize(conv, factors, ranks=ranks)

    @staticmethod
    def largest_ranks(geometry: Conv2dGeometry) -> tuple[int, int]:
        """Return the outputs and the inputs of a group."""
        groups = geometry.groups
        return geometry.out_channels // groups, geometry.in_channels // groups

    @staticmethod
    def _parts(  # type: ignore[override]
        geometry: Conv2dGeometry, outputs: int, inputs: int
    ) -> dict[str, Geometry]:
        groups = geometry.groups
        gathered, made = inputs * groups, outputs * groups
        return {
            "first": Conv2dGeometry(
                geometry.in_channels, gathered, (1, 1), groups=groups
            ),
            "core": replace(geometry, in_channels=gathered, out_channels=made),
            "last": Conv2dGeometry(
                made, geometry.out_channels, (1, 1), groups=groups
            ),
        }

    @property
    def geometry(self) -> Conv2dGeometry:
        """Of the layer that the parts stand for."""
        first, core, last = map(self.part_geometry, ("first", "core", "last"))
        return replace(
            core, in_channels=first.in_channels, out_channels=last.out_channels
        )

    @property
    def ranks(self) -> tuple[int, int]:
        """The ranks of outputs and of inputs of each group."""
        core = self.part_geometry("core")
        return core.out_channels // core.groups, core.in_channels // core.groups

    def dense_weight(self) -> Tensor:
        """Return the kernel, (out_channels, in_channels / groups, ...)."""
        geometry = self.geometry
        outputs, inputs = self.ranks
        groups, side = geometry.groups, geometry.kernel_size
        first, core, last = map(self.part_weight, ("first", "core", "last"))
        whole = torch.einsum(
            "gor,grskl,gsi->goikl",
            last.reshape(groups, -1, outputs),
            core.reshape(groups, outputs, inputs, *side),
            first.reshape(groups, inputs, -1),
        )  # (groups, outputs of a group, inputs of a group, rows, columns)
        return whole.reshape(geometry.weight_shape)


def _pair(ranks: Any) -> tuple[int, int]:
    """Return what may be two ranks; refuse anything but a tuple."""
    if not isinstance(ranks, tuple):
        got = type(ranks).__name__
        raise TypeError(f"ranks must be a pair, (outputs, inputs), got {got}")
    return ranks  # type: ignore[return-value]
