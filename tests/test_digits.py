"""LeNet300 in numpy alone is LeNet300: on the same images, wherever read."""

import re

import numpy as np
import pytest
import torch

from mini_compress import datasets, digits, training, zoo
from mini_compress.kernels import affine
from tests.test_imports import BLOCK, run_python

FIRST, *_, LAST = LAYERS = ("classifier.1", "classifier.3", "classifier.5")


@pytest.fixture(scope="module")
def reader() -> digits.DigitClassifier:
    return digits.load_digits()


def round_to(bits: int, weight: np.ndarray) -> np.ndarray:
    params = affine.choose_affine(weight, bits=bits, symmetric=True, axis=1)
    return affine.dequantize(affine.quantize(weight, params), params)


def in_torch(weights: dict[str, np.ndarray], part: str = "test") -> np.ndarray:
    """Return which images are right, (n,) bool, with weights replaced."""
    model = zoo.load("LeNet300", "mnist5k")
    with torch.no_grad():
        for layer, weight in weights.items():
            model.get_submodule(layer).weight.copy_(torch.from_numpy(weight))
    split = getattr(datasets.load("mnist5k"), part)
    return training.evaluate(model, split).correct


@pytest.mark.parametrize("part", digits.PARTS)
def test_the_same_images_are_right_as_in_torch(part):
    score = digits.load_digits(part).score()
    np.testing.assert_array_equal(score.correct, in_torch({}, part))


# Sums differ by their order, about 1e-6; the two largest logits by 5e-4 or more
@pytest.mark.parametrize("bits", [8, 4, 3, 2])
def test_the_same_images_are_right_when_quantized(reader, bits):
    rounded = {k: round_to(bits, x) for k, x in reader.weights.items()}
    np.testing.assert_array_equal(
        reader.score(rounded).correct, in_torch(rounded)
    )


@pytest.mark.parametrize("layer", LAYERS)
def test_one_layer_is_replaced_the_others_stay(reader, layer):
    before = {k: x.copy() for k, x in reader.weights.items()}
    coarse = {layer: round_to(2, reader.weights[layer])}
    count = reader.count_right(coarse)
    assert count == np.count_nonzero(in_torch(coarse)) != reader.count_right()
    for name, weight in before.items():
        np.testing.assert_array_equal(reader.weights[name], weight)


def test_float64_counts_as_the_float32_that_it_becomes(reader):
    doubles = {k: x.astype(np.float64) for k, x in reader.weights.items()}
    assert reader.count_right(doubles) == reader.count_right()


def test_inputs_are_what_the_layers_of_torch_see(reader):
    model = zoo.load("LeNet300", "mnist5k")
    seen = {}
    for layer in LAYERS:
        model.get_submodule(layer).register_forward_pre_hook(
            lambda _, inputs, layer=layer: seen.update({layer: inputs[0]})
        )
    with torch.no_grad():
        model(datasets.load("mnist5k").test.images)
    for layer in LAYERS:
        inputs = reader.inputs_of(layer)
        assert inputs.dtype == np.float32
        # sums of up to 784 products, in another order
        limit = 784 * np.finfo(np.float32).eps * np.abs(inputs).max()
        np.testing.assert_allclose(inputs, seen[layer].numpy(), 0, limit)


@pytest.mark.parametrize("part", digits.PARTS)
def test_the_file_of_a_built_book_gives_the_same(part, tmp_path, monkeypatch):
    expected = digits.load_digits(part)
    monkeypatch.setattr(digits, "FILE", tmp_path / "digits.npz")
    digits.write_digits(digits.FILE)
    monkeypatch.setattr(zoo, "load", None)  # nothing but the file is read
    got = digits.load_digits(part)
    assert list(got.weights) == list(expected.weights) == list(LAYERS)
    for layer in LAYERS:
        same = np.testing.assert_array_equal
        same(got.weights[layer], expected.weights[layer], strict=True)
        same(got.biases[layer], expected.biases[layer], strict=True)
    np.testing.assert_array_equal(got.images, expected.images, strict=True)
    np.testing.assert_array_equal(got.labels, expected.labels, strict=True)
    assert repr(got) == repr(expected)


def test_two_builds_write_the_same_bytes(tmp_path):
    paths = tmp_path / "one.npz", tmp_path / "two.npz"
    for path in paths:
        digits.write_digits(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_numpy_alone_reads_the_file(reader, tmp_path):
    path = tmp_path / "digits.npz"
    digits.write_digits(path)
    code = (
        "import pathlib\nfrom mini_compress import digits\n"
        f"digits.FILE = pathlib.Path({str(path)!r})\n"
        "print(digits.load_digits().count_right())"
    )
    done = run_python(BLOCK + code)
    assert done.stdout == f"{reader.count_right()}\n", done.stderr


def test_the_package_does_not_bring_the_file():
    assert not digits.FILE.exists()


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([1.0], TypeError, "weights must be layer -> array, got list"),
        (
            {"classifier.2": np.zeros((300, 784), np.float32)},
            ValueError,
            "layer must be one of classifier.1, classifier.3, classifier.5; "
            "got 'classifier.2'",
        ),
        (
            {FIRST: np.zeros((300, 784), np.int8)},
            TypeError,
            "weight of 'classifier.1' must be float32 or float64, got int8",
        ),
        (
            {LAST: np.zeros((100, 10), np.float32)},
            ValueError,
            "shape of weight of 'classifier.5' must be (10, 100), "
            "got (100, 10)",
        ),
        (
            {LAST: np.full((10, 100), np.nan, np.float32)},
            ValueError,
            "weight of 'classifier.5' must be finite, got NaN",
        ),
    ],
)
def test_bad_weights_are_refused(reader, weights, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        reader.count_right(weights)


def test_names_that_do_not_exist_are_refused(reader):
    with pytest.raises(ValueError, match=r"^layer must be one of .* 'fc1'$"):
        reader.inputs_of("fc1")
    with pytest.raises(ValueError, match=r"^part must be .* got 'train'$"):
        digits.load_digits("train")
