"""Network slimming: training that makes some channels easy to remove.

Each batch normalization multiplies its channels by a scale. A penalty on the
absolute scales, added to the loss, drives those to 0 that the network can do
without; channels with a small scale are then removed by `prune_filters`.

    penalty = strength * sum |scale|
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..._require import require_number
from ...layers.kinds import BATCH_NORMS
from ...training import Batch, Loss, cross_entropy


def scale_penalty(strength: float) -> Callable[[nn.Module], Tensor]:
    """Return a penalty on the scales of batch normalizations.

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
            if isinstance(module, BATCH_NORMS) and module.affine
        ]
        if not scales:
            raise ValueError("model must have batch normalizations, got none")
        return strength * torch.cat(scales).abs().sum()

    return penalty


def slimming_loss(strength: float) -> Loss:
    """Return a loss for `train`: cross-entropy and a penalty on the scales.

    strength : of the penalty, >= 0; see `scale_penalty`

    >>> from mini_compress.training import Batch
    >>> images, labels = torch.zeros(2, 1, 2, 2), torch.tensor([0, 1])
    >>> model = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(4, 2))
    >>> batch = Batch(images, labels, torch.arange(2), epoch=1)
    >>> more = slimming_loss(0.5)(model, batch) - cross_entropy(model, batch)
    >>> round(more.item(), 4)  # one scale, which is 1
    0.5
    """
    penalty = scale_penalty(strength)

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        return cross_entropy(model, batch) + penalty(model)

    return loss
