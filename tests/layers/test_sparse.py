"""Layers without stored zeros: same outputs, smaller files, real counts."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import mini_compress as mc
from mini_compress import artifact, models, pruning, zoo
from mini_compress.hardware import layer_costs, measure_model_ms
from mini_compress.kernels.sparse import RelativeIndexMatrix
from mini_compress.layers import SparseLayer, SparseWeight
from mini_compress.pruning.weights.storage import smallest_matrix

IMAGES = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def masked(network="LeNet5", sparsity=0.9) -> nn.Module:
    model = zoo.load(network, "mnist5k")
    return pruning.apply_masks(model, pruning.magnitude_masks(model, sparsity))


@pytest.mark.parametrize("network", models.NETWORKS)
def test_outputs_and_files_survive(network):
    model = masked(network)
    before = copy.deepcopy(model.state_dict())
    sparse = pruning.store_sparse(model)
    for name, layer in sparse.named_modules():
        if isinstance(layer, SparseLayer):
            weight = model.get_submodule(name).weight
            assert torch.equal(layer.dense_weight(), weight)
    with torch.no_grad():
        expected = model.eval()(IMAGES)
        # the bias is added before or after the last rounding of a sum
        close = 2**-18 * expected.abs().max()
        assert (sparse(IMAGES) - expected).abs().max() <= close
        data = artifact.to_bytes(sparse)
        assert torch.equal(artifact.from_bytes(data)(IMAGES), sparse(IMAGES))
    assert artifact.to_bytes(artifact.from_bytes(data)) == data
    assert len(data) < 0.35 * len(artifact.to_bytes(model))
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_the_file_is_as_long_as_values_and_gaps_say():
    """Four bytes a value, some bits a gap, the rest float32 as before."""
    sparse = pruning.store_sparse(masked("LeNet300"))
    layers = [m for m in sparse.modules() if isinstance(m, SparseLayer)]
    assert len(layers) == 3
    expected = 410 * 4  # biases
    for layer in layers:
        entries = len(layer.weight.values)
        dense = layer.dense_weight()
        fillers = entries - int(dense.count_nonzero())
        assert fillers >= 0
        expected += 4 * entries + -(-entries * layer.weight.index_bits // 8)
    data = artifact.to_bytes(sparse)
    # bits of planes end in whole bytes; the header takes some hundred more
    assert expected <= len(data) <= expected + 2500


def test_a_layer_with_few_zeros_stays_dense():
    model = zoo.load("LeNet300", "mnist5k")
    assert not any(
        isinstance(layer, SparseLayer)
        for layer in pruning.store_sparse(model).modules()
    )
    masks = pruning.magnitude_masks(model, {"classifier.1": 0.9})
    stored = pruning.store_sparse(pruning.apply_masks(model, masks))
    kinds = [type(layer).__name__ for layer in stored.classifier]
    assert kinds.count("SparseLayer") == 1
    assert kinds.count("Linear") == 2


def test_the_ledger_counts_zeros_that_are_not_stored():
    model = masked("LeNet300")
    one, other = mc.ledger(model), mc.ledger(pruning.store_sparse(model))
    assert one.parameters == other.parameters == 266_610
    assert one.non_zeros == other.non_zeros
    assert other.num_bytes < 0.2 * one.num_bytes
    assert one.macs == other.macs == layer_costs(model).macs
    timing = measure_model_ms(pruning.store_sparse(model), IMAGES, repeats=1)
    assert timing.kernel == "torch float32 x sparse weights, batch 8"


def test_every_number_of_bits_is_tried():
    weight = np.zeros((4, 1000), np.float32)
    weight[0, 0] = weight[2, 700] = 1
    best = smallest_matrix(weight)
    sizes = [
        RelativeIndexMatrix.from_dense(weight, index_bits=bits).num_bytes
        for bits in range(1, 9)
    ]
    assert best.num_bytes == min(sizes) < max(sizes)


def test_empty_layers_of_zeros_are_stored_too():
    model = nn.Sequential(nn.Linear(50, 4))
    model[0].weight.data.zero_()
    stored = pruning.store_sparse(model)
    assert len(stored[0].weight.values) == 0
    x = torch.ones(2, 50)
    assert torch.equal(stored(x), model(x))


def test_what_does_not_fit_is_refused():
    matrix = RelativeIndexMatrix.from_dense(
        np.eye(4, dtype=np.float32), index_bits=3
    )
    weight = SparseWeight((4, 4), index_bits=3, num_values=5)
    with pytest.raises(ValueError, match="entries must be 5, got 4"):
        weight.store(matrix)
    with pytest.raises(ValueError, match="index_bits must be 4, got 3"):
        SparseWeight((4, 4), index_bits=4, num_values=4).store(matrix)
    with pytest.raises(ValueError, match=r"index_bits must be in \[1, 8\]"):
        SparseWeight((4, 4), index_bits=9, num_values=4)
    model = nn.Sequential(nn.Linear(3, 2))
    model[0].weight.data[0, 0] = torch.inf
    with pytest.raises(ValueError, match="weight of '0' must be finite"):
        pruning.store_sparse(model)
