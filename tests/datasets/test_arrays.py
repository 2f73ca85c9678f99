"""Data sets made of arrays: what comes out, and what is refused."""

import dataclasses

import numpy as np
import pytest
import torch

from mini_compress import datasets, models, training
from mini_compress.datasets import Dataset, Split, from_arrays


def labeled(n, shape=(3, 8, 8), classes=4, seed=0):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, *shape), np.uint8)
    return images, np.arange(n) % classes


def as_pairs(split):
    pairs = zip(split.pixels, split.labels.tolist(), strict=True)
    return {(pixels.numpy().tobytes(), label) for pixels, label in pairs}


@pytest.mark.parametrize("kind", ["array", "tensor"])
def test_every_image_keeps_its_label(kind):
    parts = {p: labeled(40, seed=i) for i, p in enumerate(("train", "test"))}
    given = {
        part: pair if kind == "array" else tuple(map(torch.from_numpy, pair))
        for part, pair in parts.items()
    }
    data = from_arrays("mine", **given)
    held = as_pairs(data.train) | as_pairs(data.validation)
    for got, (images, labels) in zip(
        (held, as_pairs(data.test)), parts.values(), strict=True
    ):
        pairs = zip(images, labels.tolist(), strict=True)
        assert got == {(image.tobytes(), label) for image, label in pairs}
    assert (len(data.train), len(data.validation)) == (36, 4)
    assert data.train.pixels.shape[1:] == (3, 8, 8)


def test_given_parts_stay_whole():
    data = from_arrays(
        "mine", train=labeled(30), validation=labeled(7), test=labeled(5)
    )
    sizes = [len(data.train), len(data.validation), len(data.test)]
    assert sizes == [30, 7, 5]


def test_what_is_held_out_is_in_proportion():
    data = from_arrays("mine", train=labeled(400, (2, 2)))
    for split in (data.validation, data.test):
        counts = torch.bincount(split.labels)
        assert counts.max() - counts.min() <= 1
    assert len(data.train) + len(data.validation) + len(data.test) == 400


def test_arrays_are_copied_and_kept():
    images, labels = labeled(20)
    before = images.copy()
    data = from_arrays("mine", train=(images, labels))
    kept = data.train.pixels.clone()
    assert (images == before).all()
    images[:] = 0
    assert torch.equal(data.train.pixels, kept)


def test_the_seed_and_the_images_decide_the_checksum():
    def checksum(seed=0, **changes):
        parts = {"train": labeled(20), "test": labeled(5), **changes}
        return from_arrays("mine", seed=seed, **parts).sha256

    assert checksum() == checksum()
    others = checksum(seed=1), checksum(test=labeled(5, seed=1))
    assert len({checksum(), *others}) == 3


def test_a_network_learns_from_it():
    images = np.zeros((200, 28, 28), np.uint8)
    labels = np.arange(200) % 10
    images[np.arange(200), labels] = 255  # one row, bright
    data = from_arrays("points", train=(images, labels.astype(np.int32)))
    done = training.train(
        models.build("LeNet300"),
        data,
        epochs=10,
        batch_size=32,
        progress=False,
    )
    assert done.model.trained_on == "points"
    assert training.evaluate(done.model, data.test).accuracy == 100


IMAGES, LABELS = labeled(20)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"name": ""}, ValueError, "name must not be empty"),
        ({"name": "mnist"}, ValueError, "name must be your own, none of mnist"),
        ({"seed": -1}, ValueError, "seed must be >= 0"),
        ({"train": IMAGES}, TypeError, r"train must be \(images, labels\)"),
        (
            {"train": (IMAGES / 255, LABELS)},
            TypeError,
            "images of train must be uint8, 0..255, got float64",
        ),
        (
            {"train": (IMAGES[:, 0, 0], LABELS)},
            ValueError,
            r"images of train must be .* got shape \(20, 8\)",
        ),
        (
            {"test": (IMAGES[:0], LABELS[:0])},
            ValueError,
            r"images of test must .* not empty, got shape \(0, 3, 8, 8\)",
        ),
        (
            {"train": (IMAGES.tolist(), LABELS)},
            TypeError,
            "images of train must be an array or a tensor, got list",
        ),
        (
            {"train": (np.ma.masked_array(IMAGES), LABELS)},
            TypeError,
            "images of train must be an array or a tensor, got MaskedArray",
        ),
        (
            {"train": (IMAGES, LABELS / np.nan)},
            TypeError,
            "labels of train must be whole numbers, got float64",
        ),
        (
            {"train": (IMAGES, LABELS > 0)},
            TypeError,
            "labels of train must be whole numbers, got bool",
        ),
        (
            {"test": (IMAGES, LABELS[1:])},
            ValueError,
            r"shape of labels of test must be \(20,\), got \(19,\)",
        ),
        (
            {"validation": (IMAGES, LABELS - 1)},
            ValueError,
            "labels of validation must be >= 0, got -1",
        ),
        (
            {"test": (IMAGES[:, :1], LABELS)},
            ValueError,
            r"shape of an image of test must be \(3, 8, 8\), got \(1, 8, 8\)",
        ),
        (
            {"train": (IMAGES[:1], LABELS[:1])},
            ValueError,
            "number of images of train must be >= 2, got 1",
        ),
    ],
)
def test_what_is_refused(changes, error, message):
    given = {"name": "mine", "train": (IMAGES, LABELS), **changes}
    with pytest.raises(error, match=message):
        from_arrays(given.pop("name"), **given)


PIXELS = torch.zeros(2, 1, 4, 4, dtype=torch.uint8)
CLASSES = torch.tensor([0, 1])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"dataset": ""}, ValueError, "dataset must not be empty"),
        ({"part": "dev"}, ValueError, "part must be one of train, validation"),
        ({"pixels": PIXELS / 255}, TypeError, "got torch.float32"),
        ({"pixels": PIXELS.numpy()}, TypeError, "tensor, got ndarray"),
        ({"labels": CLASSES[:1]}, ValueError, "labels must be 2, got 1"),
        ({"labels": CLASSES.int()}, TypeError, "labels must be torch.int64"),
        ({"labels": CLASSES - 1}, ValueError, "labels must be >= 0, got -1"),
    ],
)
def test_a_split_checks_itself(changes, error, message):
    split = Split("mine", "train", PIXELS, CLASSES)
    with pytest.raises(error, match=message):
        dataclasses.replace(split, **changes)


def test_a_data_set_checks_itself():
    split = Split("mine", "train", PIXELS, CLASSES)
    Dataset("mine", split, split, split, "0" * 64)
    with pytest.raises(TypeError, match="test must be a Split, got tuple"):
        Dataset("mine", split, split, (PIXELS, CLASSES), "0" * 64)
    with pytest.raises(TypeError, match="sha256 must be a string"):
        Dataset("mine", split, split, split, None)
    assert "from_arrays" in datasets.__all__
