"""Batch normalization merged into the convolution before it.

In use, a batch normalization multiplies each channel by a constant and adds
another. A convolution can do both with its weight and its bias:

    factor = gamma / sqrt(variance + eps)
    weight' = factor * weight
    bias' = beta + factor * (bias - mean)
"""

import copy
import itertools

import torch
from torch import nn


def fold_batchnorm(model: nn.Module) -> nn.Module:
    """Return a copy whose convolutions have taken in their normalizations.

    A Conv2d followed directly by a BatchNorm2d in an `nn.Sequential` becomes
    one Conv2d with a bias, and an Identity. Normalizations that stand
    elsewhere stay. The copy is in evaluation mode, and computes what the model
    computes there, but for the rounding of float32.

    See [jacob2018quantization], section 3.2.
    """
    folded = copy.deepcopy(model).eval()
    for sequence in folded.modules():
        if not isinstance(sequence, nn.Sequential):
            continue
        for here, after in itertools.pairwise(range(len(sequence))):
            conv, norm = sequence[here], sequence[after]
            if type(conv) is nn.Conv2d and type(norm) is nn.BatchNorm2d:
                sequence[here] = fold_pair(conv, norm)
                sequence[after] = nn.Identity()
    return folded


@torch.no_grad()
def fold_pair(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """Return one convolution that does what the two do in evaluation mode."""
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError("BatchNorm2d must track running statistics to fold")
    factor = torch.rsqrt(norm.running_var + norm.eps)
    beta = torch.zeros_like(factor)
    if norm.affine:
        factor, beta = factor * norm.weight, norm.bias
    bias = torch.zeros_like(factor) if conv.bias is None else conv.bias
    folded = copy.deepcopy(conv)
    folded.weight.copy_(conv.weight * factor.reshape(-1, 1, 1, 1))
    folded.bias = nn.Parameter(beta + factor * (bias - norm.running_mean))
    return folded
