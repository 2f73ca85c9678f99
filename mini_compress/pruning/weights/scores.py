"""A score for each weight: its size, and how the loss changes with it."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..._inference import (
    BATCH_SIZE,
    copy_model,
    require_labels,
    with_gradients,
)
from ...layers.plain import weight_array
from ...layers.selection import treatable_layers

Scores = dict[str, np.ndarray]
DTYPES = (torch.float32, torch.float64)


def magnitude_scores(
    model: nn.Module, layers: Sequence[str] | None = None
) -> Scores:
    """Return the absolute value of each weight of the layers asked for.

    layers : names of Linear and Conv2d layers; None for all

    A weight that is not finite is a ValueError.
    """
    scores = {}
    for name, layer in treatable_layers(model, layers).items():
        scores[name] = np.abs(weight_array(name, layer, *DTYPES))
    return scores


def loss_gradients(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    batch_size: int = BATCH_SIZE,
) -> dict[str, Tensor]:
    """Return the gradient of the mean cross-entropy over all images.

    images, labels : (n, ...) float32 and (n,) int64, n >= 1
    returns : parameter's name -> its gradient, where the caller has turned
        gradients off too; the model stays as it is
    """
    require_labels(labels, len(images))
    with with_gradients(images, labels) as (images, labels):
        probe = copy_model(model).eval().requires_grad_()
        for x, y in zip(
            images.split(batch_size), labels.split(batch_size), strict=True
        ):
            loss = functional.cross_entropy(probe(x), y, reduction="sum")
            (loss / len(images)).backward()
    return {
        name: torch.zeros_like(value) if value.grad is None else value.grad
        for name, value in probe.named_parameters(remove_duplicate=False)
    }
