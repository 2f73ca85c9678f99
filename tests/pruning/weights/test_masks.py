"""Weight pruning: exact counts, the right weights, and what is refused."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune

from mini_compress import models, pruning, zoo

IMAGES = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2, 3, 4, 5])


def small_model(seed=0) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2704, 10)
        )


def removed(masks):
    return sum(int((~mask).sum()) for mask in masks.values())


MAKERS = {
    "magnitude": pruning.magnitude_masks,
    "random": lambda *args, **kw: pruning.random_masks(*args, seed=3, **kw),
    "taylor": lambda model, sparsity, **kw: pruning.taylor_masks(
        model, sparsity, IMAGES, LABELS, **kw
    ),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("scope", ["layer", "global"])
@pytest.mark.parametrize("network", models.NETWORKS)
def test_as_many_go_as_were_asked_for(network, scope, make):
    model = zoo.load(network, "mnist5k")
    before = copy.deepcopy(model.state_dict())
    masks = make(model, 0.83, scope=scope)
    sizes = [mask.numel() for mask in masks.values()]
    if scope == "layer":
        assert [int((~mask).sum()) for mask in masks.values()] == [
            round(0.83 * size) for size in sizes
        ]
    else:
        assert removed(masks) == round(0.83 * sum(sizes))
    assert pruning.sparsity_of(masks) == pytest.approx(
        removed(masks) / sum(sizes)
    )
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_masked_weights_are_zero_and_the_others_as_they_were():
    model = zoo.load("ConvNet", "mnist5k")
    masks = pruning.magnitude_masks(model, 0.7)
    masked = pruning.apply_masks(model, masks)
    for name, mask in masks.items():
        weight = masked.get_submodule(name).weight
        original = model.get_submodule(name).weight
        assert torch.equal(weight[mask], original[mask])
        assert not weight[~mask].any()
        # each kept weight is at least as large as each removed one
        assert original[mask].abs().min() >= original[~mask].abs().max()
    again = pruning.masks_of(masked)
    assert all(torch.equal(again[name], masks[name]) for name in masks)


@given(amount=st.floats(0, 0.99), seed=st.integers(0, 9))
def test_layer_masks_are_those_of_torch(amount, seed):
    model = small_model(seed)
    masks = pruning.magnitude_masks(model, amount)
    for name, mask in masks.items():
        layer = copy.deepcopy(model.get_submodule(name))
        # torch takes an int for a count and refuses a share of 0
        prune.l1_unstructured(layer, "weight", amount=amount)
        # of equal magnitudes torch may keep another one
        size = model.get_submodule(name).weight.detach().abs()
        theirs = size[layer.weight_mask.bool()]
        assert torch.equal(size[mask].sort().values, theirs.sort().values)


def test_global_masks_are_those_of_torch():
    model = zoo.load("LeNet300", "mnist5k")
    masks = pruning.magnitude_masks(model, 0.9, scope="global")
    pruned = copy.deepcopy(model)
    layers = [(pruned.get_submodule(name), "weight") for name in masks]
    prune.global_unstructured(
        layers, pruning_method=prune.L1Unstructured, amount=0.9
    )
    for (layer, _), mask in zip(layers, masks.values(), strict=True):
        assert torch.equal(layer.weight_mask.bool(), mask)


def test_equal_weights_lose_no_more_than_asked_for():
    model = nn.Sequential(nn.Linear(10, 10))
    model[0].weight.data.fill_(0.5)
    masks = pruning.magnitude_masks(model, 0.3)
    assert removed(masks) == 30
    assert masks["0"].flatten()[:70].all()  # the first stay


def test_a_sparsity_for_each_layer():
    model = small_model()
    masks = pruning.magnitude_masks(model, {"3": 0.9, "0": 0.25})
    assert list(masks) == ["3", "0"]
    assert [int((~mask).sum()) for mask in masks.values()] == [
        round(0.9 * 27040),
        9,
    ]
    with pytest.raises(ValueError, match="layers must be None where sparsity"):
        pruning.magnitude_masks(model, {"3": 0.9}, layers=["3"])
    with pytest.raises(TypeError, match="one number for scope 'global'"):
        pruning.magnitude_masks(model, {"3": 0.9}, scope="global")


def test_random_masks_depend_on_the_seed_alone():
    model = small_model()
    one, other = (pruning.random_masks(model, 0.5, seed=7) for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)
    third = pruning.random_masks(model, 0.5, seed=8)
    assert not torch.equal(one["3"], third["3"])


@pytest.mark.parametrize(
    ("sparsity", "error", "message"),
    [
        (1.0, ValueError, r"sparsity must be in \[0, 1\), got 1.0"),
        (-0.1, ValueError, r"sparsity must be in \[0, 1\), got -0.1"),
        (float("nan"), ValueError, r"sparsity must be in \[0, 1\), got nan"),
        ("half", TypeError, "sparsity must be a number, got str"),
        ({"9": 0.5}, ValueError, "layers' names must be one of 0, 3"),
    ],
)
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_wrong_sparsities_are_refused(make, sparsity, error, message):
    with pytest.raises(error, match=message):
        make(small_model(), sparsity)


def test_weights_that_are_not_numbers_are_refused():
    model = small_model()
    model[3].weight.data[1, 2] = torch.nan
    with pytest.raises(ValueError, match="weight of '3' must be finite, got"):
        pruning.magnitude_masks(model, 0.5)


@pytest.mark.parametrize(
    ("masks", "error", "message"),
    [
        (
            {"0": torch.ones(4, 1, 3, dtype=torch.bool)},
            ValueError,
            r"shape of the mask of '0' must be \(4, 1, 3, 3\), got \(4, 1, 3\)",
        ),
        (
            {"0": torch.ones(4, 1, 3, 3)},
            TypeError,
            "mask of '0' must be bool, got torch.float32",
        ),
        (
            {"1": torch.ones(1, dtype=torch.bool)},
            ValueError,
            "layers' names must be one of 0, 3",
        ),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks, error, message):
    with pytest.raises(error, match=message):
        pruning.apply_masks(small_model(), masks)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (np.zeros(6, int), TypeError, "labels must be a tensor, got ndarray"),
        (None, TypeError, "labels must be a tensor, got NoneType"),
        (LABELS.int(), TypeError, "must be torch.int64, got torch.int32"),
        (LABELS[:, None], ValueError, r"1 axis, got shape \(6, 1\)"),
        (-LABELS - 1, ValueError, "labels must be >= 0, got -"),
    ],
)
def test_labels_are_asked_for_what_they_are(labels, error, message):
    with pytest.raises(error, match=message):
        pruning.taylor_masks(small_model(), 0.5, IMAGES, labels)


def test_gradients_come_where_they_are_turned_off():
    network = small_model()
    with torch.no_grad():
        inside = pruning.taylor_masks(network, 0.5, IMAGES, LABELS)
    outside = pruning.taylor_masks(network, 0.5, IMAGES, LABELS)
    for name, mask in outside.items():
        assert torch.equal(inside[name], mask)


def test_masked_networks_are_in_evaluation_mode():
    network = small_model()
    masks = pruning.magnitude_masks(network, 0.5)
    assert not pruning.apply_masks(network.train(), masks).training
    assert network.training


def test_images_and_labels_must_be_as_many():
    with pytest.raises(ValueError, match="number of labels must be 6, got 5"):
        pruning.taylor_masks(small_model(), 0.5, IMAGES, LABELS[:5])
    with pytest.raises(ValueError, match="images must not be empty, got shape"):
        pruning.taylor_masks(small_model(), 0.5, IMAGES[:0], LABELS[:0])


def test_a_layer_without_weights_is_refused():
    model = nn.Sequential(nn.ReLU())
    with pytest.raises(ValueError, match="must have a Linear or Conv2d"):
        pruning.magnitude_masks(model, 0.5)
