"""Masked training where some layers do not learn: frozen or never run.

The optimizer remembers nothing of what has had no gradient.
"""

import pytest
import torch
from torch import nn

from mini_compress import pruning

SETTINGS = {"epochs": 2, "batch_size": 100, "progress": False}


class PartlyUsed(nn.Module):
    """Three layers, of which the first is frozen and the last never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen = nn.Linear(784, 20).requires_grad_(False)
        self.learning = nn.Linear(20, 10)
        self.unused = nn.Linear(20, 10)

    def forward(self, images):
        return self.learning(self.frozen(images.flatten(1)).relu())


@pytest.fixture(scope="module")
def model() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return PartlyUsed()


def tune(model, data):
    masks = pruning.magnitude_masks(model, 0.5)
    return pruning.fine_tune(model, data, masks, **SETTINGS).model


def grow_masks(model, data):
    return pruning.prune_gradually(model, data, 0.5, every=1, **SETTINGS).model


def regrow(model, data):
    masks = pruning.magnitude_masks(model, 0.5)
    return pruning.prune_and_regrow(
        model, data, masks, every=1, **SETTINGS
    ).model


def climb(model, data):
    rungs = pruning.climb_ladder(
        model, data, rounds=1, share=0.5, last_share=0.5, **SETTINGS
    )
    return rungs[-1].training.model


@pytest.mark.parametrize("prune", [tune, grow_masks, regrow, climb])
def test_what_does_not_learn_is_masked_all_the_same(small, model, prune):
    pruned = prune(model, small)
    smallest = pruning.magnitude_masks(model, 0.5)
    for name in ("frozen", "unused"):
        before = model.get_submodule(name).weight
        after = pruned.get_submodule(name).weight
        # as they were, but for the smallest half
        assert torch.equal(after, before * smallest[name])
    share = (pruned.learning.weight == 0).float().mean()
    # a weight that has just grown may still be exactly 0
    assert share == pytest.approx(0.5, abs=0.05)
    assert not torch.equal(
        pruned.learning.weight, model.learning.weight * smallest["learning"]
    )
    assert not pruned.frozen.weight.requires_grad


@pytest.mark.parametrize("prune", [tune, grow_masks, regrow, climb])
def test_nothing_that_learns_is_one_clear_error(small, prune):
    model = PartlyUsed().requires_grad_(False)
    with pytest.raises(ValueError, match="model must have a parameter that"):
        prune(model, small)
