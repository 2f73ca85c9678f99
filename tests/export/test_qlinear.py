"""Exported networks on codes: onnxruntime gives every code of every step."""

import numpy as np
import pytest

from mini_compress import datasets, low_rank, models, zoo
from mini_compress.export import float_layers, qdq, qlinear
from mini_compress.layers import RequantizedLayer, kinds
from mini_compress.layers.integer_base import QuantizeInput
from mini_compress.quantization import quantize_network
from tests.support.qlinear import open_network
from tests.support.random_networks import random_images, random_network

SHAPE = (1, 28, 28)


@pytest.mark.takes(8)
@pytest.mark.parametrize("name", ["LeNet5", "ConvNet", "ResNet8"])
def test_every_code_of_many_test_images(data_folder, name):
    """Millions of codes, so that rare ties are among them."""
    data = datasets.load("fashion_mnist")
    model = zoo.load(name, "fashion_mnist")
    network = quantize_network(model, data.train.take(200).images)
    runs = [open_network(network, SHAPE, optimized=x) for x in (True, False)]
    for part in data.test.take(2000).images.split(250):
        ours = list(network.run(network.quantize(part)))
        logits = network(part).numpy()
        for theirs in (run(part.numpy()) for run in runs):
            for step, codes in ours:
                assert np.array_equal(codes.numpy(), theirs[step]), step
            assert np.array_equal(logits, theirs["logits"])


@pytest.mark.parametrize("optimized", [True, False])
@pytest.mark.parametrize("bits", [2, 5, 7])
def test_activations_of_fewer_bits_are_clipped(bits, optimized):
    for seed in range(4):
        network = quantize_network(
            random_network(seed), random_images(20), activation_bits=bits
        )
        images = random_images(40, seed=1)
        run = open_network(network, (3, 12, 12), optimized=optimized)
        theirs = run(images.numpy())
        for step, ours in network.run(network.quantize(images)):
            assert np.array_equal(ours.numpy(), theirs[step]), step


def test_one_step_for_a_whole_weight():
    network = quantize_network(
        random_network(5), random_images(20), granularity="tensor"
    )
    images = random_images(40, seed=1)
    run = open_network(network, (3, 12, 12))
    assert np.array_equal(
        run(images.numpy())["logits"], network(images).numpy()
    )


@pytest.mark.parametrize("method", ["channel", "spatial", "tucker"])
def test_parts_of_factored_layers(method):
    model = models.build("ResNet8").eval()
    ranks = low_rank.share_ranks(model, 0.5, method=method)
    small = low_rank.factorize(model, ranks, method=method).model.eval()
    images = random_images(20)[:, :1, :, :]
    network = quantize_network(small, images)
    assert len(network.steps) > len(quantize_network(model, images).steps)
    run = open_network(network, tuple(images.shape[1:]))
    theirs = run(images.numpy())
    for step, codes in network.run(network.quantize(images)):
        assert np.array_equal(codes.numpy(), theirs[step]), step


def test_every_kind_of_layer_has_a_form():
    """Who adds a kind says how it is exported."""
    floats = {*kinds.COMPRESSED.values()} - {RequantizedLayer}
    assert floats <= float_layers.LAYERS.keys()
    codes = {*kinds.OPERATIONS.values(), RequantizedLayer} - {QuantizeInput}
    assert codes == qlinear.WRITERS.keys() == qdq.WRITERS.keys()
