"""Scores of weights, and what they predict."""

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional

from mini_compress import datasets, models, zoo
from mini_compress.pruning.weights import scores

IMAGES = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2, 3, 4, 5])


def test_taylor_scores_predict_the_change_of_the_loss():
    """Removing one small weight changes the loss by its score."""
    model = zoo.load("LeNet300", "mnist5k").double()
    data = datasets.load("mnist5k").train.take(200)
    images, labels = data.images.double(), data.labels

    def loss(network):
        with torch.no_grad():
            return functional.cross_entropy(network(images), labels).item()

    gradients = scores.loss_gradients(model, images, labels, batch_size=70)
    name = "classifier.5.weight"
    weight = model.classifier[5].weight.detach()
    expected = (-weight * gradients[name]).flatten()
    before = loss(model)
    chosen = expected.abs().argsort(descending=True)[5:15]
    for index in chosen.tolist():
        changed = copy.deepcopy(model)
        # a hundredth of the way to 0, where the first order is all there is
        changed.classifier[5].weight.data.view(-1)[index] *= 0.99
        assert loss(changed) - before == pytest.approx(
            expected[index].item() / 100, rel=0.1, abs=1e-12
        )


def test_gradients_are_those_of_the_mean_whatever_the_batches():
    model = zoo.load("ConvNet", "mnist5k")
    one = scores.loss_gradients(model, IMAGES, LABELS)
    many = scores.loss_gradients(model, IMAGES, LABELS, batch_size=4)
    for name in one:
        scale = one[name].abs().max().clamp(min=1e-6)
        assert (one[name] - many[name]).abs().max() <= 1e-4 * scale
    assert all(value.grad is None for value in model.parameters())


def test_scores_are_numpy_of_the_weights_shape():
    sizes = scores.magnitude_scores(models.build("LeNet5"))
    assert [score.shape for score in sizes.values()] == [
        (20, 1, 5, 5),
        (50, 20, 5, 5),
        (500, 800),
        (10, 500),
    ]
    assert all(isinstance(score, np.ndarray) for score in sizes.values())
