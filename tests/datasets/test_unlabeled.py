"""Training images without labels: what stays, what is refused."""

import numpy as np
import pytest
import torch

from mini_compress import models, training
from mini_compress.datasets import from_arrays, unlabeled

RNG = np.random.default_rng(0)
DATA = from_arrays(
    "mine",
    train=(RNG.integers(0, 256, (60, 8, 8), np.uint8), np.arange(60) % 3),
)
PIXELS = torch.from_numpy(RNG.integers(0, 256, (7, 1, 8, 8), np.uint8))


def test_only_the_training_images_are_others():
    data = unlabeled(DATA, PIXELS)
    assert torch.equal(data.train.pixels, PIXELS)
    assert data.train.labels is None
    assert data.validation is DATA.validation
    assert data.test is DATA.test
    assert data.name == DATA.name
    assert len(DATA.train) == 49  # as it was
    assert DATA.train.labels is not None


def test_the_checksum_is_of_these_images():
    sums = {
        DATA.sha256,
        unlabeled(DATA, PIXELS).sha256,
        unlabeled(DATA, PIXELS.flip(0)).sha256,
        unlabeled(DATA, DATA.train.pixels).sha256,
    }
    assert len(sums) == 4
    again = unlabeled(DATA, PIXELS.clone())
    assert again.sha256 == unlabeled(DATA, PIXELS).sha256


def test_who_learns_from_it_counts_as_trained_on_the_data_set(small):
    pixels = torch.zeros(9, 1, 28, 28, dtype=torch.uint8)
    model = training.train(
        models.perceptron(5),
        unlabeled(small, pixels),
        epochs=1,
        progress=False,
        loss=lambda model, batch: model(batch.images).square().mean(),
    ).model
    assert model.trained_on == small.name


def test_labels_are_missed_by_whoever_needs_them(small):
    data = unlabeled(small, small.train.pixels)
    with pytest.raises(ValueError, match=r"data\.train must have labels"):
        training.train(models.perceptron(5), data, epochs=1, progress=False)


@pytest.mark.parametrize(
    ("pixels", "error", "message"),
    [
        (PIXELS / 255, TypeError, r"pixels must be torch\.uint8, got"),
        (PIXELS.numpy(), TypeError, "pixels must be a tensor, got ndarray"),
        (PIXELS[:, :, 1:], ValueError, r"shape of an image of validation"),
        (PIXELS[:, 0], ValueError, r"got \(1, 8, 8\)"),
    ],
)
def test_other_pixels_are_refused(pixels, error, message):
    with pytest.raises(error, match=message):
        unlabeled(DATA, pixels)
