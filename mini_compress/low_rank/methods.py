"""The ways to factorize a layer, and what each costs at which rank.

svd      a linear layer as two
channel  a convolution as one to fewer channels and a 1x1 (channel SVD)
spatial  a convolution as a vertical and a horizontal one
tucker   a convolution as 1x1, a smaller one, 1x1; it has a pair of ranks
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from .._require import require_int, require_one_of, require_share
from ..layers import (
    FactoredLayer,
    LinearGeometry,
    LowRankConv2d,
    LowRankLinear,
    SeparableConv2d,
    TuckerConv2d,
)
from ..layers.geometry import Geometry

Rank = int | tuple[int, int]

METHODS: dict[str, type[FactoredLayer]] = {
    "svd": LowRankLinear,
    "channel": LowRankConv2d,
    "spatial": SeparableConv2d,
    "tucker": TuckerConv2d,
}
OF_CONVOLUTIONS = ("channel", "spatial", "tucker")


def method_for(geometry: Geometry, method: str | None, rank: Any = None) -> str:
    """Return the method for a layer: svd for a linear one, else as asked.

    method : of convolutions; None means tucker for a pair of ranks, channel
        otherwise

    >>> method_for(LinearGeometry(4, 2), "spatial")
    'svd'
    """
    if method is not None:
        require_one_of("method", method, OF_CONVOLUTIONS)
    if isinstance(geometry, LinearGeometry):
        return "svd"
    return method or ("tucker" if isinstance(rank, tuple) else "channel")


def ranks_of(method: str, rank: Any) -> tuple[int, ...]:
    """Return one rank or two as a tuple; refuse the wrong number of them.

    >>> ranks_of("svd", 3), ranks_of("tucker", (4, 2))
    ((3,), (4, 2))
    >>> ranks_of("tucker", 3)
    Traceback (most recent call last):
    TypeError: rank for tucker must be a pair, (outputs, inputs), got int
    """
    if method != "tucker":
        return (require_int(f"rank for {method}", rank, 1),)
    if not isinstance(rank, tuple):
        got = type(rank).__name__
        raise TypeError(
            f"rank for tucker must be a pair, (outputs, inputs), got {got}"
        )
    return tuple(require_int("rank for tucker", one, 1) for one in rank)


def num_weights(geometry: Geometry, method: str, rank: Rank) -> int:
    """Count the weights of a layer's parts, without the bias.

    >>> num_weights(LinearGeometry(784, 300), "svd", 20)
    21680
    """
    ranks = ranks_of(method, rank)
    parts = METHODS[method].part_geometries(geometry, ranks)
    METHODS[method].require_ranks(geometry, ranks)
    return sum(math.prod(part.weight_shape) for part in parts.values())


def break_even(geometry: Geometry, method: str) -> Rank | None:
    """Return the largest rank with fewer weights than the layer itself.

    geometry : of the layer, as `layers.geometry_of` reads it off
    method : "svd", "channel", "spatial" or "tucker"
    returns : a rank; for tucker the largest pair in the proportion of outputs
        and inputs. None where even rank 1 saves nothing.

    >>> from mini_compress.layers import Conv2dGeometry
    >>> break_even(LinearGeometry(784, 300), "svd")
    216
    >>> break_even(Conv2dGeometry(64, 64, (3, 3)), "tucker")
    (57, 57)
    >>> break_even(Conv2dGeometry(8, 8, (3, 3), groups=8), "channel")
    """
    require_one_of("method", method, METHODS)
    whole, line = math.prod(geometry.weight_shape), _line(geometry, method)
    paying = bisect_left(
        line, whole, key=lambda rank: num_weights(geometry, method, rank)
    )
    return line[paying - 1] if paying else None


def share_rank(geometry: Geometry, method: str, share: float) -> Rank | None:
    """Return the largest rank with at most a share of the layer's weights.

    share : of the weights, in (0, 1)
    returns : at least the smallest rank; None where even that saves nothing

    >>> share_rank(LinearGeometry(784, 300), "svd", 0.25)
    54
    """
    share = require_share("share", share, all_too=False)
    if break_even(geometry, method) is None:
        return None
    most = share * math.prod(geometry.weight_shape)
    line = _line(geometry, method)
    fitting = bisect_right(
        line, most, key=lambda rank: num_weights(geometry, method, rank)
    )
    return line[max(fitting, 1) - 1]


def _line(geometry: Geometry, method: str) -> Sequence[Any]:
    """List ranks from the smallest to the largest; pairs in proportion."""
    METHODS[method].require_geometry(geometry)
    largest = METHODS[method].largest_ranks(geometry)
    longest = max(largest)
    if len(largest) == 1:
        return range(1, longest + 1)
    return [
        tuple(max(1, round(step * side / longest)) for side in largest)
        for step in range(1, longest + 1)
    ]
