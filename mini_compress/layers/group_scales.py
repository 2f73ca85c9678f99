"""Factors that neighbors along a row of a weight share: one for each group.

The last group of a row may be shorter, as in ONNX's blocked quantization.
"""

import math

from torch import Tensor

from .._require import require_int


def scale_shape(shape: tuple[int, ...], group_size: int) -> tuple[int, int]:
    """Return (outputs, groups) for a weight; refuse groups beyond a row.

    shape : (outputs, ...) of the weight; the other axes make up `inner`
    group_size : weights that share a factor, at most all of `inner`

    >>> scale_shape((8, 3, 5, 5), 32)
    (8, 3)
    """
    inner = math.prod(shape[1:])
    # a factor for more weights than a row has would cost memory at use
    group_size = require_int("group_size", group_size, 1, max(1, inner))
    return shape[0], math.ceil(inner / group_size)


def scale_groups(rows: Tensor, scale: Tensor, group_size: int) -> Tensor:
    """Multiply each group by its factor.

    rows : (outputs, inner)
    scale : (outputs or 1, groups) float32
    returns : (outputs, inner) float32

    >>> import torch
    >>> scale_groups(torch.ones(1, 3), torch.tensor([[2.0, 5.0]]), 2)
    tensor([[2., 2., 5.]])
    """
    steps = scale.repeat_interleave(group_size, dim=1)
    # (outputs, inner) * (outputs, groups * group_size), cut to inner
    return rows * steps[:, : rows.shape[1]]


def require_above_zero(scale: Tensor) -> None:
    """Refuse factors that are not above 0.

    >>> import torch
    >>> require_above_zero(torch.tensor([[0.5, -1.0]]))
    Traceback (most recent call last):
    ValueError: weight.scale must be > 0, got -1
    """
    if not (scale > 0).all():
        raise ValueError(
            f"weight.scale must be > 0, got {scale.min().item():g}"
        )
