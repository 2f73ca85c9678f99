"""Thinned networks compute what masked ones do, and are smaller.

The bound of the rounding error is `live_networks.rounding_bound`; mistakes
are off by about 1.
"""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from mini_compress import artifact, hardware, models
from mini_compress.pruning import find_groups, mask_channels, thin
from tests.support.live_networks import (
    NETWORKS,
    build,
    random_images,
    rounding_bound,
)

few = settings(max_examples=8, deadline=None, derandomize=True)
IMAGES = random_images(3)
GROUPS = {name: find_groups(build(name)) for name in NETWORKS}


@st.composite
def choices(draw, name: str) -> dict:
    """Draw what to keep: of each group, or of some, at least one channel."""
    kept = {}
    for group in GROUPS[name]:
        if draw(st.integers(0, 3)):
            count = draw(st.integers(1, group.channels))
            order = draw(st.randoms(use_true_random=False)).sample(
                range(group.channels), count
            )
            kept[group] = order
    return kept


@pytest.mark.parametrize("name", NETWORKS)
def test_masked_and_thinned_compute_the_same(name):
    model = build(name)
    bound = rounding_bound(model, IMAGES)
    assert bound.max() < 1e-5  # far below what a mistake would make

    @few
    @given(choices(name))
    def check(kept):
        with torch.no_grad():
            thinned = thin(model, kept)(IMAGES)
            masked = mask_channels(model, kept)(IMAGES)
        assert ((thinned - masked).abs() <= bound).all()

    check()


@pytest.mark.parametrize("name", NETWORKS)
def test_shapes_shrink_by_what_the_groups_say(name):
    model = build(name)
    for group in GROUPS[name]:
        small = thin(model, {group: range(1, group.channels)})
        before, after = (
            sum(x.numel() for x in one.parameters()) for one in (model, small)
        )
        both = {
            layer for layer in group.producers if layer in group.consumers
        }  # such a layer loses a row and a column, which share a block
        shared = sum(
            model.get_submodule(layer).weight[:1, :1].numel() for layer in both
        )
        lost = sum(member.parameters for member in group.members)
        assert before - after == lost - shared


@pytest.mark.parametrize("name", models.NETWORKS)
def test_files_of_thinned_networks_are_smaller_and_read_back(name):
    model = build(name).float()
    kept = {g: range(0, g.channels, 3) for g in GROUPS[name]}
    small = thin(model, kept)
    data = artifact.to_bytes(small)
    back = artifact.from_bytes(data)
    assert len(data) < len(artifact.to_bytes(model)) / 2
    x = IMAGES.float()
    assert torch.equal(back(x), small(x))
    assert (
        hardware.layer_costs(back).macs < hardware.layer_costs(model).macs / 3
    )


def test_a_users_network_reads_back_too():
    model = build("Mixed").float()
    small = thin(model, {GROUPS["Mixed"][0]: [0, 4], GROUPS["Mixed"][1]: [7]})
    back = artifact.from_bytes(artifact.to_bytes(small), model)
    assert torch.equal(back(IMAGES.float()), small(IMAGES.float()))


def test_a_masked_network_is_not_smaller():
    model = build("ConvNet").float()
    masked = mask_channels(model, {g: [0] for g in GROUPS["ConvNet"]})
    assert len(artifact.to_bytes(masked)) == len(artifact.to_bytes(model))
    costs = [hardware.layer_costs(one).macs for one in (model, masked)]
    assert costs[0] == costs[1]


def test_by_hand():
    """Two inputs, three neurons, one output; the second neuron goes."""
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, 2], [3, 4], [5, 6]]))
        model[0].bias.copy_(torch.tensor([0.1, 0.2, 0.3]))
        model[2].weight.copy_(torch.tensor([[7.0, 8, 9]]))
    [group] = find_groups(model, input_shape=(2,))
    small = thin(model, {group: [2, 0]})
    assert small[0].weight.tolist() == [[1, 2], [5, 6]]
    assert small[0].bias.tolist() == pytest.approx([0.1, 0.3])
    assert small[2].weight.tolist() == [[7, 9]]
    assert (small[0].out_features, small[2].in_features) == (2, 2)
    masked = mask_channels(model, {group: torch.tensor([0, 2])})
    assert masked[0].weight.tolist() == [[1, 2], [0, 0], [5, 6]]
    assert masked[0].bias.tolist()[1] == 0
    assert torch.equal(masked[2].weight, model[2].weight)


@pytest.mark.parametrize("function", [thin, mask_channels])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_model_stays_and_the_result_evaluates(function, name):
    model = build(name).train()
    before = copy.deepcopy(model.state_dict())
    result = function(model, {g: [0] for g in GROUPS[name]})
    assert model.training
    assert not any(module.training for module in result.modules())
    for key, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[key])
    with torch.no_grad():
        for parameter in result.parameters():
            parameter.add_(1)  # nothing is shared with the original
    for key, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[key])


def test_everything_but_sizes_is_kept():
    conv = nn.Conv2d(
        *(1, 4, (3, 5)),
        stride=2,
        padding=(2, 1),
        dilation=(2, 1),
        padding_mode="reflect",
        bias=False,
    )
    norm = nn.BatchNorm2d(4, eps=0.1, momentum=0.3, track_running_stats=False)
    model = nn.Sequential(conv, norm, nn.ReLU(), nn.Conv2d(4, 2, 1))
    [group] = find_groups(model)
    small = thin(model, {group: [1, 3]})
    assert repr(small[0]) == repr(conv).replace("1, 4,", "1, 2,")
    assert repr(small[1]) == repr(norm).replace("(4,", "(2,")
    x = IMAGES.float()
    masked = mask_channels(model, {group: [1, 3]})
    torch.testing.assert_close(small(x), masked(x))


def test_thinned_networks_learn():
    small = thin(build("ResNet8"), {g: [0, 1] for g in GROUPS["ResNet8"]})
    small.train()(IMAGES).sum().backward()
    assert all(x.grad is not None for x in small.parameters())


def test_a_dead_filter_is_no_dead_channel():
    """Zero weights alone: batch normalization turns them into a constant."""
    model = build("ConvNet")
    group = GROUPS["ConvNet"][0]
    conv, norm, after = (
        model.features[0],
        model.features[1],
        copy.deepcopy(model.features[3]),
    )
    with torch.no_grad():
        conv.weight[5] = 0
        norm.bias[5] = 2
    beta, gamma, mean, variance = (
        x[5].item()
        for x in (norm.bias, norm.weight, norm.running_mean, norm.running_var)
    )
    constant = max(beta - gamma * mean / math.sqrt(variance + norm.eps), 0)
    kept = {group: [x for x in range(16) if x != 5]}
    with torch.no_grad():
        maps = model.features[:4](IMAGES)
        raw = thin(model, kept).features[:4](IMAGES)
        assert (maps - raw).abs().max() > 0.1
        image = torch.full((1, 1, 14, 14), constant, dtype=torch.float64)
        share = functional.conv2d(image, after.weight[:, 5:6], padding=1)
        torch.testing.assert_close(raw + share, maps)
        folded = raw + constant * after.weight[:, 5].sum((1, 2))[:, None, None]
        inside = (..., slice(1, -1), slice(1, -1))
        torch.testing.assert_close(folded[inside], maps[inside])
        assert (folded - maps).abs().max() > 0.1  # at the zero-padded border


@pytest.mark.parametrize("function", [thin, mask_channels])
@pytest.mark.parametrize(
    ("kept", "error", "message"),
    [
        ([], ValueError, "kept channels of 'features.0' must be at least one"),
        ([16], ValueError, r"must be in \[0, 15\], got 16"),
        ([0, 0], ValueError, "must be different"),
        ([0.0], TypeError, "must be a whole number, got float"),
    ],
)
def test_bad_choices(function, kept, error, message):
    group = GROUPS["ConvNet"][0]
    with pytest.raises(error, match=message):
        function(models.ConvNet(), {group: kept})


def test_groups_of_another_network_are_refused():
    group, *_ = GROUPS["ResNet8"]
    with pytest.raises(ValueError, match=r"of 'features.3.body.0' must be 16"):
        thin(models.ConvNet(), {group: [0]})
    small = thin(models.ConvNet(), {GROUPS["ConvNet"][0]: range(8)})
    with pytest.raises(ValueError, match="must be 16, got 8"):
        thin(small, {GROUPS["ConvNet"][0]: range(8)})
    with pytest.raises(TypeError, match="model must be a torch"):
        thin("ConvNet", {})
