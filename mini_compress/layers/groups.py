"""Ranks of layers whose channels may be in groups: each group has them."""

from typing import Any

from .._require import require_int
from .geometry import Conv2dGeometry


def is_depthwise(geometry: Any) -> bool:
    """Say whether a filter of the layer sees one channel, and makes one.

    >>> is_depthwise(Conv2dGeometry(8, 8, (3, 3), groups=8))
    True
    """
    if not isinstance(geometry, Conv2dGeometry) or geometry.groups == 1:
        return False
    return geometry.in_channels == geometry.out_channels == geometry.groups


def require_rank(name: str, rank: Any, most: int, geometry: Any) -> int:
    """Return a rank from 1 to the largest that any weight needs, or refuse it.

    name : "rank", or which of several
    most : the largest rank of a group

    >>> require_rank("rank", 4, 1, Conv2dGeometry(8, 8, (3, 3), groups=8))
    Traceback (most recent call last):
    ValueError: rank must be in [1, 1] for each channel of a depthwise \
convolution, got 4; SeparableConv2d, method "spatial", has larger ranks
    """
    groups = getattr(geometry, "groups", 1)
    require_int(name, rank, 1)
    if rank <= most or groups == 1:
        return require_int(name, rank, 1, most)
    of, instead = f"of the {groups} groups", ""
    if is_depthwise(geometry):
        of = "channel of a depthwise convolution"
        if most == 1:
            instead = '; SeparableConv2d, method "spatial", has larger ranks'
    raise ValueError(
        f"{name} must be in [1, {most}] for each {of}, got {rank}{instead}"
    )
