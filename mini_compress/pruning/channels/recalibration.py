"""Batch normalization told anew what comes in.

A normalization subtracts the mean and divides by the deviation that its inputs
had in training. Remove channels before it, and its inputs have others.
"""

import torch
from torch import Tensor, nn

from ..._inference import (
    BATCH_SIZE,
    copy_model,
    require_float32,
    require_image_tensor,
    require_module,
    require_two_images,
)
from ...layers.kinds import BATCH_NORMS


@torch.no_grad()
def recalibrate_norms(model: nn.Module, images: Tensor) -> nn.Module:
    """Return a copy whose batch normalizations were measured on images.

    model : is not changed; no weight is trained, and no label is needed
    images : (n, ...) float32 training images, n >= 2; each mean and variance
        becomes the average over their batches
    returns : a network in evaluation mode

    >>> net = nn.Sequential(nn.BatchNorm1d(1))
    >>> recalibrate_norms(net, torch.tensor([[1.0], [5.0]]))[0].running_mean
    tensor([3.])

    See [li2020eagleeye], there called adaptive batch normalization.
    """
    require_module("model", model)
    require_image_tensor(images)
    require_two_images(len(images))
    require_float32(model)
    copied = copy_model(model).eval()
    for module in copied.modules():
        if isinstance(module, BATCH_NORMS):
            module.reset_running_stats()
            module.momentum = None  # the plain average of all batches
            module.train()
    for batch in images.tensor_split(-(-len(images) // BATCH_SIZE)):
        copied(batch)
    for old, new in zip(model.modules(), copied.modules(), strict=True):
        if isinstance(new, BATCH_NORMS):
            new.momentum = old.momentum  # type: ignore[assignment]
    return copied.eval()
