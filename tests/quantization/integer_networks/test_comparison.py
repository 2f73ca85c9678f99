"""The comparer finds what was planted, where it was planted."""

import copy

import pytest
import torch

from mini_compress import datasets, zoo
from mini_compress.quantization import (
    compare_layers,
    quantize_network,
    simulate,
)
from tests.support.random_networks import random_images, random_network

IMAGES = random_images(150)  # two batches


@pytest.fixture(scope="module")
def network():
    return quantize_network(random_network(5), IMAGES)


def test_a_network_equals_itself(network):
    found = compare_layers(network, network, IMAGES)
    assert found.first is None
    assert [x.name for x in found.layers] == [x.name for x in network.steps]
    assert all(x.place is None and x.rms == 0 for x in found.layers)
    assert "all 64,800 codes are equal" in str(found.layers[0])


def test_a_planted_bias_is_found_at_its_layer_and_channel(network):
    changed = copy.deepcopy(network)
    name = "branches.one"
    layer = changed.get_submodule(name)
    layer.bias[3] += 5000
    found = compare_layers(network, changed, IMAGES)
    names = [x.name for x in found.layers]
    before = names.index(name)
    assert all(x.differ == 0 for x in found.layers[:before])
    first = found.first
    assert first is found.layers[before]
    image, channel, row, column = first.place
    assert channel == 3
    ours, theirs = (
        dict(x.run(x.quantize(IMAGES)))[name] for x in (network, changed)
    )
    assert first.codes == (
        ours[image, channel, row, column],
        theirs[image, channel, row, column],
    )
    off = ours.double() - theirs.double()
    assert off.flatten()[: ours.numel()].nonzero()[0].item() == (
        torch.tensor(first.place)
        @ torch.tensor([ours[0].numel(), ours[0, 0].numel(), ours.shape[3], 1])
    )
    assert first.differ == off.count_nonzero()
    assert first.total == off.numel()
    assert first.largest == off.abs().max()
    assert first.rms == pytest.approx(off.square().mean().sqrt().item())
    assert f"{name}: " in str(first)
    assert "channel 3" in str(first)


def test_a_difference_in_a_later_batch_has_its_image_number(network):
    one = IMAGES.clone()
    quantized = network.quantize(IMAGES)

    class Changed:
        """One pixel of image 120 is another."""

        def quantize(self, images):
            return network.quantize(images)

        def run(self, codes):
            codes = codes.clone()
            if torch.equal(codes[20], quantized[120]):
                codes[20, 1, 2, 3] ^= 1
            return network.run(codes)

    first = compare_layers(network, Changed(), one).first
    assert first.name == "input"
    assert first.place == (120, 1, 2, 3)
    assert first.where == "image 120, channel 1, row 2, column 3"
    assert first.differ == 1


def test_a_simulation_differs_by_ties_alone():
    """Fed the same codes, a step may be off by one at a near-tie."""
    data = datasets.load("mnist5k")
    network = quantize_network(
        zoo.load("ResNet8", "mnist5k"), data.train.take(100).images
    )
    found = compare_layers(
        simulate(network), network, data.test.take(200).images
    )
    first = found.first
    assert first.largest == 1
    assert first.share < 1e-3
    rows = found.tables()[0].records()
    assert [row["step"] for row in rows] == [x.name for x in network.steps]


def test_the_simulation_computes_what_the_network_does():
    model = random_network(2)
    network = quantize_network(model, IMAGES)
    simulated = simulate(network)
    steps = network.grids()[network.steps[-1].name].scale
    assert (simulated(IMAGES) - network(IMAGES)).abs().max() <= 2.01 * steps
    for _, codes in simulated.run(simulated.quantize(IMAGES)):
        assert codes.dtype == torch.uint8


def test_bad_requests(network):
    others = {0: "steps of other must be", 4: "shape of 'stem' of other must"}
    for seed, message in others.items():
        other = quantize_network(random_network(seed), IMAGES)
        with pytest.raises(ValueError, match=message):
            compare_layers(network, other, IMAGES)
    with pytest.raises(ValueError, match="must not be empty"):
        compare_layers(network, network, IMAGES[:0])
    with pytest.raises(TypeError, match="must be an IntegerNetwork, got Rand"):
        simulate(random_network(0))
