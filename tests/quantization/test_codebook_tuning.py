"""Levels that are trained: summed gradients, and the file afterwards."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress import artifact, datasets, zoo
from mini_compress.layers import CodebookLayer
from mini_compress.quantization import quantize_codebook, tune_codebooks
from mini_compress.quantization.codebook_tuning import TunedCodebook
from mini_compress.training import evaluate

IMAGES = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def data():
    return datasets.load("mnist5k")


def codebooks(model: nn.Module) -> list[CodebookLayer]:
    return [x for x in model.modules() if isinstance(x, CodebookLayer)]


@pytest.mark.parametrize("group_size", [None, 4])
def test_a_levels_gradient_is_the_sum_over_its_weights(group_size):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 3, 3))
    layer = quantize_codebook(model, bits=2, group_size=group_size)[0]
    tuned = TunedCodebook(layer)
    assert torch.equal(tuned(IMAGES), layer(IMAGES))
    tuned(IMAGES).square().sum().backward()

    # as torch gives it for the weights themselves
    weight = layer.dense_weight().requires_grad_()
    y = layer.geometry.product(IMAGES, weight) + layer.bias.reshape(-1, 1, 1)
    y.square().sum().backward()
    slopes = weight.grad.reshape(3, -1)
    if group_size is not None:
        scale = layer.weight.scale.repeat_interleave(4, dim=1)[:, :9]
        slopes = slopes * scale
    codes = layer.weight.codes().reshape(3, -1)
    expected = torch.stack([slopes[codes == code].sum() for code in range(4)])
    assert torch.allclose(tuned.levels.grad, expected, rtol=1e-4)

    # and as small changes of a level do
    for code in range(4):
        changed = copy.deepcopy(tuned).double()
        losses = []
        for step in (1e-6, -1e-6):
            changed.levels.data = tuned.levels.detach().double()
            changed.levels.data[code] += step
            losses.append(changed(IMAGES.double()).square().sum().item())
        slope = (losses[0] - losses[1]) / 2e-6
        assert slope == pytest.approx(expected[code].item(), rel=1e-3)


@pytest.mark.parametrize("huffman", [False, True])
def test_training_moves_levels_and_nothing_else_in_the_file(data, huffman):
    coarse = quantize_codebook(
        zoo.load("LeNet300", "mnist5k"), bits=2, huffman=huffman
    )
    before = artifact.to_bytes(coarse)
    result = tune_codebooks(
        coarse, data, epochs=2, learning_rate=0.01, progress=False
    )
    assert artifact.to_bytes(coarse) == before
    after = artifact.to_bytes(result.model)
    assert len(after) == len(before)
    for old, new in zip(
        codebooks(coarse), codebooks(result.model), strict=True
    ):
        new.require_valid()
        assert not torch.equal(old.weight.levels, new.weight.levels)
        # weights that shared a level still do
        pairs = set(
            zip(
                old.weight.codes().flatten().tolist(),
                new.weight.codes().flatten().tolist(),
                strict=True,
            )
        )
        assert len(pairs) == 4
    accuracy = evaluate(result.model, data.validation).accuracy
    assert accuracy == result.best.accuracy
    assert accuracy > evaluate(coarse, data.validation).accuracy
    back = artifact.from_bytes(after)
    assert torch.equal(back(IMAGES), result.model(IMAGES))


def test_levels_that_overtake_each_other_are_sorted_anew(data):
    layer = quantize_codebook(nn.Sequential(nn.Linear(784, 10)), bits=2)[0]
    model = nn.Sequential(nn.Flatten(), layer)

    def swap(step):
        step.model[1].levels.data = torch.tensor([0.1, 0.2, -0.3, 0.0])

    result = tune_codebooks(
        model, data, epochs=1, progress=False, after_step=swap
    )
    tuned = result.model[1].weight
    assert np.allclose(tuned.levels, [-0.3, 0, 0.1, 0.2])
    moved = torch.tensor([2, 3, 0, 1])
    expected = moved[layer.weight.codes().long()]
    assert torch.equal(tuned.codes().long(), expected)


def test_other_layers_learn_along(data):
    model = zoo.load("LeNet300", "mnist5k")
    coarse = quantize_codebook(model, bits=2, layers=["classifier.1"])
    result = tune_codebooks(coarse, data, epochs=1, progress=False)
    last = result.model.classifier[5]
    assert type(last) is nn.Linear
    assert not torch.equal(last.weight, model.classifier[5].weight)


def test_what_is_refused(data):
    with pytest.raises(
        ValueError, match=r"must have a CodebookLayer or .*, got none"
    ):
        tune_codebooks(zoo.load("LeNet300", "mnist5k"), data, epochs=1)
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module"):
        tune_codebooks("LeNet300", data, epochs=1)
    coarse = quantize_codebook(zoo.load("LeNet300", "mnist5k"), bits=1)
    with pytest.raises(ValueError, match="epochs must be >= 1, got 0"):
        tune_codebooks(coarse, data, epochs=0)
