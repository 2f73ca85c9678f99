"""The weights of networks, to see whether they have changed."""

import torch
from torch import nn


def weights_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Copy a network's weights and the statistics of its normalizations."""
    return {key: value.clone() for key, value in model.state_dict().items()}


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    """Compare two networks, names and values, to the bit."""
    pairs = zip(
        one.state_dict().items(), other.state_dict().items(), strict=True
    )
    return all(a[0] == b[0] and torch.equal(a[1], b[1]) for a, b in pairs)
