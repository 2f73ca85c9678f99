"""Budgets in bytes: against the length of the file that is really written."""

import pytest
import torch
from torch import nn

import mini_compress as mc
from mini_compress import low_rank

LAYERS = ["0", "2"]


def falling_model(dtype: torch.dtype) -> nn.Module:
    """Make two layers whose energies fall, so that every rank is an option.

    Biases, the layer between them and the header are much of the file.
    """
    model = nn.Sequential(
        nn.Linear(64, 64), nn.BatchNorm1d(64), nn.Linear(64, 64, bias=False)
    ).to(dtype)
    for name in LAYERS:
        weight = model.get_submodule(name).weight
        weight.data.copy_(torch.diag(0.8 ** torch.arange(64.0)))
    return model


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_file_is_as_long_as_the_budget_allows(dtype):
    model = falling_model(dtype)
    whole = len(mc.artifact.to_bytes(model))
    state = torch.get_rng_state()
    for budget in range(whole // 4, whole * 9 // 10, 2999):
        ranks = low_rank.budget_ranks(
            model, budget, unit="bytes", layers=LAYERS
        )
        low = low_rank.factorize(model, ranks, input_shape=(64,)).model
        one_rank_more = (64 + 64) * dtype.itemsize
        room = budget - len(mc.artifact.to_bytes(low))
        # a layer that stays whole has fewer entries in the header
        assert 0 <= room < one_rank_more + 500
    assert torch.equal(torch.get_rng_state(), state)


def test_a_file_that_fits_stays_as_it_is():
    model = falling_model(torch.float32)
    whole = len(mc.artifact.to_bytes(model))
    for budget, is_whole in ((whole, True), (whole - 1, False)):
        ranks = low_rank.budget_ranks(
            model, budget, unit="bytes", layers=LAYERS
        )
        assert (ranks == {}) == is_whole
