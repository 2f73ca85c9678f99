"""Integer networks against onnxruntime: the codes of every step are equal."""

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress import datasets, zoo
from mini_compress.layers import IntegerNetwork
from mini_compress.quantization import prepare, quantize_network, to_integer
from tests.support.outside_networks import settled
from tests.support.qlinear import open_network
from tests.support.random_networks import random_images, random_network


def assert_equal_codes(network: IntegerNetwork, images: torch.Tensor) -> None:
    run = open_network(network, tuple(images.shape[1:]))
    for part in images.split(250):
        theirs = run(part.numpy())
        for name, ours in network.run(network.quantize(part)):
            assert np.array_equal(ours.numpy(), theirs[name]), name


@pytest.mark.parametrize("seed", range(30))
def test_networks_of_every_form(seed):
    """Strides, groups, dilation, pools, sums, joints, tables, drawn anew."""
    network = quantize_network(random_network(seed), random_images(20))
    assert_equal_codes(network, random_images(40, seed=1))


@pytest.mark.parametrize("bits", [2, 5])
def test_weights_of_fewer_bits(bits):
    network = quantize_network(
        random_network(1), random_images(20), weight_bits=bits
    )
    assert_equal_codes(network, random_images(40, seed=1))


@pytest.mark.parametrize("method", ["lsq", "binary", "clustered"])
def test_grids_that_have_been_learned(method):
    """Learned codes go down to -2**(bits-1), where rounding leaves it out."""
    bits = {"binary": 1}.get(method, 2)
    network = prepare(
        random_network(1), random_images(20), method=method, weight_bits=bits
    )
    integer = to_integer(network.eval())
    assert_equal_codes(integer, random_images(40, seed=1))


def test_a_range_beyond_six_is_clipped():
    """Here ReLU6 is more than the end of the range of codes."""
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU6(), nn.Flatten(), nn.Linear(400, 2)
    )
    images = random_images(20)
    network = quantize_network(model, 10 * images, ranges={"0": (-1.0, 9.0)})
    assert network.steps[1].operation.limits == (26, 179)
    assert_equal_codes(network, 10 * images)


@pytest.mark.parametrize("name", ["LeNet300", "LeNet5", "ConvNet", "ResNet8"])
def test_networks_of_the_zoo(name):
    data = datasets.load("mnist5k")
    images = data.train.take(200).images
    network = quantize_network(zoo.load(name, "mnist5k"), images)
    assert_equal_codes(network, data.test.images)


@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v2", "mobilenet_v3_small", "mnasnet0_5"]
)
def test_networks_of_others(name):
    images = torch.rand(
        4, 3, 64, 64, generator=torch.Generator().manual_seed(2)
    )
    network = quantize_network(settled(name), images)
    assert len(network.steps) > 30
    assert_equal_codes(network, images)
