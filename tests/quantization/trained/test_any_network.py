"""Any network that `quantize_network` takes learns, whatever its layers are."""

import pytest
import torch
from torch import nn

from mini_compress import zoo
from mini_compress.pruning import apply_masks, magnitude_masks, store_sparse
from mini_compress.quantization import prepare, quantize_weights, to_integer
from mini_compress.quantization.trained import METHODS
from tests.support.random_networks import random_images, random_network
from tests.support.trained_networks import (
    BITS,
    assert_same,
    learned,
    prepared,
)


@pytest.mark.parametrize("method", METHODS)
def test_pruned_weights_stay_zero(method):
    model = zoo.load("LeNet300", "mnist5k")
    sparse = store_sparse(apply_masks(model, magnitude_masks(model, 0.9)))
    network = learned(prepared(sparse, method))
    integer = to_integer(network)
    assert_same(network, integer)
    codes = integer.get_submodule("classifier.1").weight.codes()
    zeros = sparse.get_submodule("classifier.1").dense_weight() == 0
    assert (codes[zeros] == 0).all()
    assert (codes[~zeros] != 0).any()


def test_codes_that_were_chosen_stay():
    model = zoo.load("LeNet300", "mnist5k")
    coded = quantize_weights(model, bits=3)
    network = learned(prepared(coded, "lsq"))
    integer = to_integer(network)
    assert_same(network, integer)
    for name in ("classifier.1", "classifier.5"):
        kept = coded.get_submodule(name).weight.codes()
        assert torch.equal(integer.get_submodule(name).weight.codes(), kept)
    assert not torch.equal(
        network.layers()["classifier.1"].layer.bias,
        model.get_submodule("classifier.1").bias,
    )


class Own(nn.Module):
    """A network of the user's: in-place sums, functions, a part `rounding`."""

    def __init__(self) -> None:
        super().__init__()
        self.rounding = nn.Conv2d(1, 4, 3, stride=2, bias=False)
        self.other = nn.Conv2d(4, 4, 3, padding=1)
        self.drop = nn.Dropout(0.2)
        self.last = nn.Linear(4, 10)

    def forward(self, x):
        x = torch.relu_(self.rounding(x))
        y = self.other(x)
        y += x
        y = torch.nn.functional.gelu(y) * torch.sigmoid(y)
        return self.last(self.drop(y.mean((2, 3))))


@pytest.mark.parametrize("method", METHODS)
def test_the_users_own_networks_learn(method):
    torch.manual_seed(0)
    network = learned(prepared(Own(), method))
    assert_same(network, to_integer(network))


def test_a_row_of_zeros_and_a_large_bias():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with torch.no_grad():
        model[1].weight[3:5] = 0
        model[1].bias[3] = 1000.0
    for method in METHODS:
        network = prepared(model, method).eval()
        assert_same(network, to_integer(network))


@pytest.mark.parametrize("seed", range(12))
def test_networks_of_every_form_learn(seed):
    """Strides, groups, dilation, pools, sums, joints, tables, drawn anew."""
    method, images = list(METHODS)[seed % len(METHODS)], random_images(20)
    network = prepare(
        random_network(seed),
        images,
        method=method,
        weight_bits=BITS.get(method, 4),
        activation_bits=5,
    )
    before = to_integer(network.eval())(images)
    network.train()
    adam = torch.optim.Adam(network.parameters(), lr=0.001)
    for _ in range(2):
        adam.zero_grad()
        network(images).square().mean().backward()
        adam.step()
    assert all(x.grad is not None for x in network.parameters())
    integer = to_integer(network.eval())
    with torch.no_grad():
        expected = network(images)
    got = integer(images)
    assert not torch.equal(got, before)
    step = float(integer.grids()[integer.steps[-1].name].scale)
    assert ((got - expected).abs() > step / 2).float().mean() < 0.01
