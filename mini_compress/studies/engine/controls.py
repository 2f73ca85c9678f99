"""Untrained networks of another one's shape: what pruning has to beat."""

import torch
from torch import nn

from ... import models, pruning


def renew(model: nn.Module, *, seed: int) -> nn.Module:
    """Draw a network's weights anew, in place, as if it had been built so."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        for module in model.modules():
            reset = getattr(module, "reset_parameters", None)
            if callable(reset):
                reset()
    return model


def narrow(network: str, kept: float, *, seed: int) -> nn.Module:
    """Build an untrained network with a share of another one's weights.

    network : a key of `models.NETWORKS`
    kept : share of the weights, in (0, 1]; every hidden layer loses the same
        share of its channels, as many as it takes
    """
    model = models.build(network)
    groups = pruning.find_groups(model)
    budget = kept * _num_weights(model)
    smaller = model
    for percent in range(99, -1, -1):
        channels = {
            group: range(max(1, round(group.channels * percent / 100)))
            for group in groups
        }
        smaller = pruning.thin(model, channels)
        if _num_weights(smaller) <= budget:
            break
    return renew(smaller, seed=seed)


def _num_weights(model: nn.Module) -> int:
    return sum(x.numel() for x in model.parameters() if x.ndim >= 2)
