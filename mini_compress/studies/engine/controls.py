"""Untrained networks to compare with: reinitialized, or smaller from birth."""

import torch
from torch import nn

from ... import artifact, models, pruning
from ..._require import require_int

UNEVEN = 0.45  # of its share, what a layer of a control may have more or less


def reinitialize(model: nn.Module, *, seed: int) -> nn.Module:
    """Draw a network's weights anew, in place, as if it had been built so."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        for module in model.modules():
            reset = getattr(module, "reset_parameters", None)
            if callable(reset):
                reset()
    return model


def shrink_to(network: str, num_bytes: int, *, seed: int) -> nn.Module:
    """Build an untrained float32 network whose file has a given length.

    network : a key of `models.NETWORKS`. All hidden layers lose the same
        share of their channels; then single channels come or go where that
        brings the file nearer to its length. A layer keeps about half of
        its share at least: a neck of one neuron would be no fair control.
    num_bytes : more than the network with one channel a layer takes, and at
        most what the whole network takes

    >>> small = shrink_to("LeNet300", 130_000, seed=0)
    >>> abs(len(artifact.to_bytes(small)) / 130_000 - 1) < 0.01
    True
    """
    whole = models.build(network)
    groups = pruning.find_groups(whole)
    most = len(artifact.to_bytes(whole))
    require_int("num_bytes", num_bytes, 1, most)

    def build(counts: tuple[int, ...]) -> nn.Module:
        kept = dict(zip(groups, map(range, counts), strict=True))
        return pruning.thin(whole, kept)

    def miss(counts: tuple[int, ...]) -> int:
        return abs(len(artifact.to_bytes(build(counts))) - num_bytes)

    shares = [
        tuple(max(1, round(x.channels * percent / 100)) for x in groups)
        for percent in range(1, 101)
    ]
    even = best = min(shares, key=miss)
    while True:
        neighbors = [
            (*best[:i], best[i] + step, *best[i + 1 :])
            for i, group in enumerate(groups)
            for step in (-1, 1)
            if 1 <= best[i] + step <= group.channels
            and abs(best[i] + step - even[i]) <= UNEVEN * even[i]
        ]
        nearest = min(neighbors, key=miss, default=best)
        if miss(nearest) >= miss(best):
            return reinitialize(build(best), seed=seed)
        best = nearest
