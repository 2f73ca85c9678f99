"""Groups, sizes and orders against Torch-Pruning 1.6.

It finds dependencies from gradients, this package from a traced graph. It
counts the terms of batch normalization, pooling and biases as operations too;
they are left out before MACs are compared.
"""

import copy

import pytest
import torch
import torch_pruning
from torch import nn

from mini_compress import models
from mini_compress.hardware import layer_costs
from mini_compress.pruning import find_groups, score_channels, thin

NETWORKS = ["LeNet5", "ConvNet", "ResNet8"]
BLANK = torch.zeros(1, 1, 28, 28)
PARTS = {
    "prune_out_channels": "outputs",
    "prune_in_channels": "inputs",
}


def groups_of(model: nn.Module):
    """Return their dependency graph and our groups of a network."""
    graph = torch_pruning.DependencyGraph()
    graph.build_dependency(model, example_inputs=BLANK)
    return graph, find_groups(model)


def their_group(graph, model: nn.Module, name: str, channels: list[int]):
    layer = model.get_submodule(name)
    prune = (
        torch_pruning.prune_conv_out_channels
        if isinstance(layer, nn.Conv2d)
        else torch_pruning.prune_linear_out_channels
    )
    return graph.get_pruning_group(layer, prune, idxs=channels)


def num_macs(model: nn.Module) -> int:
    """Return their count of the products of layers, without bias terms."""
    *_, counts, _ = torch_pruning.utils.count_ops_and_params(
        model, BLANK, layer_wise=True
    )
    outputs = {
        cost.name: cost.output_shape for cost in layer_costs(model).layers
    }
    total = 0
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            bias = torch.Size(outputs[name]).numel()
            total += counts[layer] - bias * (layer.bias is not None)
    return total


@pytest.mark.parametrize("network", NETWORKS)
def test_groups_are_equal(network):
    model = models.build(network).eval()
    graph, groups = groups_of(model)
    names = {module: name for name, module in model.named_modules()}
    for group in groups:
        theirs = their_group(graph, model, group.name, [1, 3])
        found = set()
        for step in theirs:
            layer = step.dep.target.module
            if isinstance(layer, nn.BatchNorm2d):
                found.add((names[layer], "norm", len(step.idxs)))
            elif layer in names:
                part = PARTS[step.dep.handler.__name__]
                found.add((names[layer], part, len(step.idxs)))
        assert found == {
            (member.layer, member.part, 2 * member.positions)
            for member in group.members
        }


@pytest.mark.parametrize("network", NETWORKS)
def test_pruned_networks_are_equal(network):
    """The same channels out of every group: weights, parameters and MACs."""
    model = models.build(network).eval()
    groups = find_groups(model)
    removed = {g: list(range(1, g.channels, 3)) for g in groups}
    small = thin(
        model,
        {
            group: sorted(set(range(group.channels)) - set(channels))
            for group, channels in removed.items()
        },
    )
    theirs = copy.deepcopy(model)
    for group, channels in removed.items():
        graph, _ = groups_of(theirs)
        their_group(graph, theirs, group.name, channels).prune()
    expected = theirs.state_dict()
    for name, tensor in small.state_dict().items():
        assert torch.equal(tensor, expected[name]), name
    _, parameters = torch_pruning.utils.count_ops_and_params(theirs, BLANK)
    assert sum(x.numel() for x in small.parameters()) == parameters
    assert layer_costs(small).macs == num_macs(theirs) == num_macs(small)


@pytest.mark.parametrize(("criterion", "order"), [("l1", 1), ("l2", 2)])
@pytest.mark.parametrize("network", NETWORKS)
def test_norms_give_the_same_order(network, criterion, order):
    """They leave the root out, which keeps the order of one layer."""
    model = models.build(network).eval()
    graph, groups = groups_of(model)
    importance = torch_pruning.importance.GroupMagnitudeImportance(
        p=order, group_reduction="first", normalizer=None
    )
    for group, scores in score_channels(model, groups, criterion).items():
        every = list(range(group.channels))
        parts = [
            importance(their_group(graph, model, name, every)).double()
            for name in group.producers
        ]
        expected = sum(part ** (1 / order) for part in parts)
        torch.testing.assert_close(scores, expected, rtol=1e-5, atol=0)
        assert torch.equal(scores.argsort(), expected.argsort())


def test_scales_are_equal():
    model = models.build("ConvNet").eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight)
    graph, groups = groups_of(model)
    importance = torch_pruning.importance.BNScaleImportance(normalizer=None)
    for group, scores in score_channels(model, groups, "bn_scale").items():
        theirs = importance(
            their_group(graph, model, group.name, list(range(group.channels)))
        )
        torch.testing.assert_close(scores.float(), theirs)
