"""Factored layers in the graph of a network: looked into, part by part."""

import pytest
import torch
from torch import nn

from mini_compress import artifact, models
from mini_compress.graph import (
    capture_inputs,
    fold_batchnorm,
    follow_channels,
    trace,
    unfolded_norms,
)
from mini_compress.low_rank import factorize, share_ranks
from mini_compress.pruning import (
    find_groups,
    mask_channels,
    prune_filters,
    thin,
)

IMAGES = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
METHODS = ("channel", "spatial", "tucker")


@pytest.fixture(params=METHODS)
def low(request) -> nn.Module:
    torch.manual_seed(0)
    model = models.build("ResNet8")
    with torch.no_grad():
        for _ in range(3):
            model(torch.rand(16, 1, 28, 28))  # statistics of its own
    ranks = share_ranks(model, 0.5, method=request.param)
    return factorize(model, ranks, method=request.param).model


def test_a_normalization_folds_into_the_last_part(low):
    folded = fold_batchnorm(low)
    assert unfolded_norms(folded) == unfolded_norms(low) == {}
    with torch.no_grad():
        torch.testing.assert_close(
            folded(IMAGES), low(IMAGES), rtol=1e-3, atol=1e-4
        )
    chain = folded.features[0]
    assert chain.bias is not None
    assert [x.bias is None for x in chain.children()][:-1] == [True] * (
        len(list(chain.children())) - 1
    )
    assert chain.settings["bias"]
    chain.require_valid()


def test_ranks_are_channels_that_can_be_pruned(low):
    groups = find_groups(low)
    spaces = follow_channels(low, (1, 28, 28))
    assert len(spaces) > len(groups)
    inner = [
        group
        for group in groups
        if group.channels > 2
        and group.producers[0].endswith(("first", "core", "vertical"))
    ]
    assert inner
    group = inner[0]
    kept = {group: range(0, group.channels, 2)}
    small = thin(low, kept)
    with torch.no_grad():
        torch.testing.assert_close(
            small(IMAGES), mask_channels(low, kept)(IMAGES), rtol=0, atol=1e-4
        )
    name = group.producers[0].rpartition(".")[0]
    chain = small.get_submodule(name)
    assert chain.ranks != low.get_submodule(name).ranks
    assert chain.geometry == low.get_submodule(name).geometry


def test_pruned_filters_leave_valid_chains(low):
    small, report = prune_filters(low, 0.5)
    assert report.parameters[1] < report.parameters[0] / 2
    for module in small.modules():
        if hasattr(module, "require_valid"):
            module.require_valid()
    assert small(IMAGES).isfinite().all()


def test_a_chain_with_fewer_outputs_than_its_rank_is_one_still(low):
    last = ("second", "last", "horizontal")
    group = next(x for x in find_groups(low) if x.producers[0].endswith(last))
    small = thin(low, {group: [0]})
    back = artifact.from_bytes(artifact.to_bytes(small))
    assert torch.equal(back(IMAGES), small(IMAGES))


def test_inputs_of_a_chain_and_of_its_parts_are_seen():
    low = factorize(models.build("LeNet300"), {"classifier.3": 7}).model
    seen = {}
    names = ["classifier.3", "classifier.3.first", "classifier.3.second"]
    capture_inputs(low, names, IMAGES, lambda name, x: seen.update({name: x}))
    assert torch.equal(seen[names[0]], seen[names[1]])
    assert seen[names[2]].shape == (4, 7)


def test_a_chain_alone_is_traced():
    low = factorize(nn.Linear(5, 4), {"": 2}, input_shape=(5,)).model
    graph = trace(low)
    x = torch.rand(3, 5)
    assert torch.equal(graph(x), low(x))
    assert len([n for n in graph.graph.nodes if n.op == "call_module"]) == 2


def test_channels_of_grouped_parts_are_refused_by_name():
    model = nn.Sequential(nn.Conv2d(4, 8, 3, groups=2), nn.Conv2d(8, 4, 1))
    low = factorize(model, {"0": 2}, input_shape=(4, 8, 8)).model
    with pytest.raises(ValueError, match=r"Conv2d at '0\.first': groups=2"):
        follow_channels(low, (4, 8, 8))
