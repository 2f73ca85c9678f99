"""Network slimming: training that makes some channels easy to remove.

Each batch normalization multiplies its channels by a scale. A penalty on the
absolute scales, added to the loss, drives those to 0 that the network can do
without; channels with a small scale are then removed by `prune_filters`.

    penalty = strength * sum |scale|
"""

import torch
from torch import Tensor, nn

from ..._require import require_number
from ...training.steps import Penalty

NORMALIZATIONS = (nn.BatchNorm1d, nn.BatchNorm2d)


def scale_penalty(strength: float) -> Penalty:
    """Return a penalty for `train` on the scales of batch normalizations.

    strength : of the penalty, >= 0

    >>> penalty = scale_penalty(0.5)
    >>> penalty(nn.Sequential(nn.BatchNorm2d(8))).item()  # scales start at 1
    4.0

    A network without batch normalization is a ValueError.
    See [liu2017slimming], equation 1.
    """
    require_number("strength", strength, 0)

    def penalty(model: nn.Module) -> Tensor:
        scales: list[Tensor] = [
            module.weight
            for module in model.modules()
            if isinstance(module, NORMALIZATIONS) and module.affine
        ]
        if not scales:
            raise ValueError("model must have batch normalizations, got none")
        return strength * torch.cat(scales).abs().sum()

    return penalty
