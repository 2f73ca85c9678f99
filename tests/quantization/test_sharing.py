"""What pruning has left shares levels: k-means, zeros, Huffman codes."""

import copy

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from torch import nn

from mini_compress import artifact, datasets, pruning, zoo
from mini_compress.kernels.codebook import nearest_codes
from mini_compress.layers import CodebookLayer, SparseCodebookLayer
from mini_compress.quantization import (
    quantize_codebook,
    share_weights,
    store_huffman,
    tune_codebooks,
)
from mini_compress.quantization.codebook_tuning import TunedCodebook
from mini_compress.training import evaluate

IMAGES = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def data():
    return datasets.load("mnist5k")


def pruned(network="LeNet300", sparsity=0.9) -> nn.Module:
    model = zoo.load(network, "mnist5k")
    return pruning.apply_masks(model, pruning.magnitude_masks(model, sparsity))


def test_levels_are_those_of_scikit_learn_on_the_non_zeros():
    model = pruned()
    shared = share_weights(model, 3, start="density")
    for name in ("classifier.1", "classifier.3", "classifier.5"):
        weight = model.get_submodule(name).weight.detach().numpy()
        values = weight[weight != 0].astype(np.float64)
        middles = (np.arange(7) + 0.5) / 7 * len(values)
        start = np.sort(values)[middles.astype(int), None]
        theirs = KMeans(7, init=start, n_init=1, tol=0, max_iter=3000)
        theirs.fit(values[:, None])
        expected = np.sort(theirs.cluster_centers_.ravel())
        kept = shared.get_submodule(name).weight
        assert np.allclose(kept.levels, expected, rtol=1e-5)
        # each weight has the level that is nearest, and zeros stay zeros
        dense = kept.to_dense().numpy()
        assert np.array_equal(dense == 0, weight == 0)
        codes = nearest_codes(weight[weight != 0], kept.levels.numpy())
        assert np.array_equal(dense[weight != 0], kept.levels.numpy()[codes])


def test_bits_of_each_layer_by_name():
    model = pruned("LeNet5")
    before = copy.deepcopy(model.state_dict())
    bits = {"features.0": 2, "features.3": 4, "classifier.1": 3}
    shared = share_weights(model, bits)
    for name, width in bits.items():
        layer = shared.get_submodule(name)
        assert len(layer.weight.levels) == 2**width - 1
        assert layer.weight_bits == width
        assert torch.equal(layer.bias, model.get_submodule(name).bias)
    assert type(shared.classifier[3]) is nn.Linear
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_layers_with_few_weights_keep_them_all():
    model = nn.Sequential(nn.Linear(8, 4), nn.Linear(4, 2), nn.Linear(2, 9))
    model[0].weight.data.zero_()
    model[1].weight.data = torch.tensor([[0, 0.5, -2, 0.5], [0, 0, 0, 0.25]])
    shared = share_weights(model, 4)
    for layer, other in zip(shared, model, strict=True):
        assert layer.weight.to_dense().shape == other.weight.shape
    assert torch.equal(shared[1].weight.to_dense(), model[1].weight)
    assert shared[1].weight.levels.tolist() == [-2, 0.25, 0.5]
    assert shared[0].weight.num_values == len(shared[0].weight.levels) == 0
    assert isinstance(shared[2], CodebookLayer)  # it has no zeros
    assert len(shared[2].weight.levels) == 16
    coded = store_huffman(shared)
    data = artifact.to_bytes(coded[0])
    assert torch.equal(
        artifact.from_bytes(data)(torch.ones(1, 8)), model[0](torch.ones(1, 8))
    )


@pytest.mark.parametrize("network", ["LeNet300", "LeNet5", "ConvNet"])
def test_huffman_changes_no_bit_of_any_output(network):
    for model in (
        share_weights(pruned(network), 5),
        quantize_codebook(zoo.load(network, "mnist5k"), bits=3),
    ):
        coded = store_huffman(model)
        assert torch.equal(coded(IMAGES), model(IMAGES))
        assert len(artifact.to_bytes(coded)) < len(artifact.to_bytes(model))
        again = store_huffman(coded)
        assert artifact.to_bytes(again) == artifact.to_bytes(coded)


def test_codes_that_streams_would_not_shorten_stay_packed():
    """Of equally frequent codes none deserves fewer bits."""
    layer = nn.Linear(64, 64)
    rng = np.random.default_rng(0)
    values = np.array([-2, -1, 1, 2], np.float32)
    layer.weight.data = torch.from_numpy(rng.choice(values, (64, 64)))
    shared = share_weights(nn.Sequential(layer), 2)
    coded = store_huffman(shared)
    assert artifact.to_bytes(coded) == artifact.to_bytes(shared)
    assert coded[0] is not shared[0]  # a copy all the same


def test_a_levels_gradient_is_the_sum_over_its_weights():
    layer = share_weights(pruned(), 2).classifier[5]
    assert isinstance(layer, SparseCodebookLayer)
    x = torch.rand(16, 100, generator=torch.Generator().manual_seed(0))
    tuned = TunedCodebook(layer)
    assert torch.equal(tuned(x), layer(x))
    tuned(x).square().sum().backward()
    # as torch gives it for the weights themselves
    weight = layer.dense_weight().requires_grad_()
    nn.functional.linear(x, weight, layer.bias).square().sum().backward()
    codes = layer.weight.codes()
    expected = [weight.grad[codes == code].sum() for code in (1, 2, 3)]
    assert torch.allclose(tuned.levels.grad, torch.stack(expected), rtol=1e-4)


@pytest.mark.parametrize("last", [store_huffman, copy.deepcopy])
def test_tuning_moves_levels_and_keeps_zeros(data, last):
    model = pruned()
    coarse = last(share_weights(model, 2))
    before = artifact.to_bytes(coarse)
    result = tune_codebooks(
        coarse, data, epochs=2, learning_rate=0.003, progress=False
    )
    assert artifact.to_bytes(coarse) == before
    assert len(artifact.to_bytes(result.model)) == len(before)
    for name in ("classifier.1", "classifier.3", "classifier.5"):
        old, new = coarse.get_submodule(name), result.model.get_submodule(name)
        new.require_valid()
        assert not torch.equal(old.weight.levels, new.weight.levels)
        assert not torch.equal(old.bias, new.bias)
        zeros = model.get_submodule(name).weight == 0
        assert torch.equal(new.dense_weight() == 0, zeros)
        pairs = torch.stack([old.weight.codes(), new.weight.codes()])
        assert len(pairs.reshape(2, -1).unique(dim=1).T) == 4  # of one level
    accuracy = evaluate(result.model, data.validation).accuracy
    assert accuracy == result.best.accuracy
    assert accuracy > evaluate(coarse, data.validation).accuracy


def test_levels_that_overtake_each_other_are_sorted_anew(data):
    layer = nn.Linear(784, 10)
    layer.weight.data[:, ::3] = 0
    shared = share_weights(nn.Sequential(layer), 2)[0]

    def swap(step):
        step.model[1].levels.data = torch.tensor([0.2, -0.3, 0.1])

    result = tune_codebooks(
        nn.Sequential(nn.Flatten(), shared),
        *(data,),
        epochs=1,
        progress=False,
        after_step=swap,
    )
    tuned = result.model[1].weight
    assert np.allclose(tuned.levels, [-0.3, 0.1, 0.2])
    moved = torch.tensor([0, 3, 1, 2])  # zeros have code 0 still
    assert torch.equal(tuned.codes(), moved[shared.weight.codes().long()])


def test_what_is_refused():
    model = pruned()
    with pytest.raises(ValueError, match=r"bits must be in \[1, 8\], got 9"):
        share_weights(model, 9)
    with pytest.raises(TypeError, match="bits must be a whole number"):
        share_weights(model, 2.5)
    with pytest.raises(ValueError, match="start must be one of"):
        share_weights(model, 2, start="middle")
    with pytest.raises(ValueError, match="layers' names must be one of"):
        share_weights(model, {"fc1": 2})
    with pytest.raises(ValueError, match="layers must be None where bits"):
        share_weights(model, {"classifier.1": 2}, layers=["classifier.1"])
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module"):
        share_weights("LeNet300", 2)
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module"):
        store_huffman("LeNet300")
    with pytest.raises(ValueError, match=r"must have codes, .* got none"):
        store_huffman(model)
    stored = pruning.store_sparse(model)
    with pytest.raises(ValueError, match="compressed already: SparseLayer"):
        share_weights(stored, 2)
    with pytest.raises(ValueError, match="already: SparseCodebookLayer"):
        share_weights(share_weights(model, 2), 2)
