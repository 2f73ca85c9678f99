"""Networks that were pruned, exported in every form."""

import numpy as np
import pytest

from mini_compress import datasets, pruning, quantization, zoo
from mini_compress.layers import SparseCodebookLayer, SparseLayer
from tests.export.test_float import assert_same
from tests.export.test_qdq import SHAPE, assert_near_codes
from tests.support.qlinear import open_network


@pytest.fixture(scope="module")
def digits():
    return datasets.load("mnist5k")


def thinned(name):
    """Return a network with half of its filters."""
    whole = zoo.load(name, "mnist5k")
    thin = pruning.prune_filters(whole, 0.5, input_shape=SHAPE).model
    assert count(thin) < count(whole) / 2
    return thin


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def sparse(name):
    """Return a network whose layers hold a tenth of their weights."""
    model = quantization.fold_batchnorm(zoo.load(name, "mnist5k"))
    masks = pruning.magnitude_masks(model, 0.9)
    made = pruning.store_sparse(pruning.apply_masks(model, masks))
    assert any(isinstance(layer, SparseLayer) for layer in made.modules())
    return made


def shared(name):
    """Return a network whose layers hold codes of a tenth of their weights."""
    model = quantization.fold_batchnorm(zoo.load(name, "mnist5k"))
    masks = pruning.magnitude_masks(model, 0.9)
    made = quantization.share_weights(pruning.apply_masks(model, masks), 5)
    assert any(isinstance(x, SparseCodebookLayer) for x in made.modules())
    return made


@pytest.mark.parametrize("name", ["ConvNet", "ResNet8"])
@pytest.mark.parametrize("prune", [thinned, sparse, shared])
def test_in_every_form(prune, name, digits, tmp_path):
    model, images = prune(name), digits.test.take(100).images
    assert_same(model, images[:20], tmp_path)
    network = quantization.quantize_network(
        model, digits.train.take(100).images
    )
    assert_near_codes(network, images, optimized=True)
    theirs = open_network(network, SHAPE)(images.numpy())
    for step, ours in network.run(network.quantize(images)):
        assert np.array_equal(ours.numpy(), theirs[step]), step
