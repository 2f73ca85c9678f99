"""LeNet300 and the digits of mnist5k in numpy alone, to try things on.

What is done to its weights is judged on real images, where neither torch nor
the data set is at hand too: in a page of the built book. Each layer gives

    outputs = inputs @ weight.T + bias

and a ReLU follows it, unless it is the last one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ._files import write_beside
from ._require import (
    require_dtype,
    require_equal,
    require_extra,
    require_finite,
    require_one_of,
)
from .measuring import Score

__all__ = ["DigitClassifier", "load_digits", "write_digits"]

DATASET = "mnist5k"
PARTS = ("validation", "test")
# A built book carries it for its pages; see `write_digits`
FILE = Path(__file__).with_name("digits.npz")


@dataclass(frozen=True, eq=False, repr=False)
class DigitClassifier:
    """LeNet300, trained on mnist5k, and the images of one part of it.

    weights : layer -> (outputs, inputs) float32, in the order of the layers:
        "classifier.1", "classifier.3" and "classifier.5"
    biases : layer -> (outputs,) float32
    images : (n, 784) float32 in [0, 1]
    labels : (n,) int64, 0..9
    part : "validation" or "test"

    >>> digits = load_digits()
    >>> digits
    DigitClassifier(784-300-100-10, 1,000 mnist5k test images)
    >>> digits.count_right()
    939
    """

    weights: dict[str, np.ndarray]
    biases: dict[str, np.ndarray]
    images: np.ndarray
    labels: np.ndarray
    part: str

    def __repr__(self) -> str:
        widths = [str(self.images.shape[1])]
        widths += [str(len(bias)) for bias in self.biases.values()]
        images = f"{len(self.images):,} {DATASET} {self.part} images"
        return f"DigitClassifier({'-'.join(widths)}, {images})"

    def count_right(
        self, weights: Mapping[str, np.ndarray] | None = None
    ) -> int:
        """Count the images that are classified correctly.

        weights : layer -> (outputs, inputs) float32 or float64, in place of
            the layer's own; other layers keep theirs

        >>> digits = load_digits("validation")
        >>> last = np.zeros((10, 100), np.float32)  # the biases alone decide
        >>> digits.count_right({"classifier.5": last})
        50
        """
        return self.score(weights).num_correct

    def score(self, weights: Mapping[str, np.ndarray] | None = None) -> Score:
        """Say which images are classified correctly; weights as above."""
        *_, (_, logits) = self._run(weights)
        correct = logits.argmax(axis=1) == self.labels
        return Score(correct, f"{DATASET} {self.part}")

    def inputs_of(self, layer: str) -> np.ndarray:
        """Return what a layer sees of each image, (n, inputs) float32.

        >>> load_digits("validation").inputs_of("classifier.3").shape
        (500, 300)
        """
        require_one_of("layer", layer, self.weights)
        inputs = self.images
        for name, outputs in self._run():
            if name == layer:
                break
            inputs = _relu(outputs)
        return inputs

    def _run(
        self, weights: Mapping[str, np.ndarray] | None = None
    ) -> Iterator[tuple[str, np.ndarray]]:
        """Give each layer's name and outputs, (n, outputs) float32."""
        used = self.weights | self._read({} if weights is None else weights)
        inputs = self.images
        for name, weight in used.items():
            outputs = inputs @ weight.T + self.biases[name]
            yield name, outputs
            inputs = _relu(outputs)

    def _read(self, weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return weights as float32; refuse what is none of a layer's."""
        if not isinstance(weights, Mapping):
            got = type(weights).__name__
            raise TypeError(f"weights must be layer -> array, got {got}")
        read = {}
        for name, weight in weights.items():
            require_one_of("layer", name, self.weights)
            says = f"weight of {name!r}"
            require_dtype(says, weight, np.float32, np.float64)
            shape = self.weights[name].shape
            require_equal(f"shape of {says}", shape, weight.shape)
            read[name] = weight.astype(np.float32)
            require_finite(says, read[name])
        return read


def load_digits(part: str = "test") -> DigitClassifier:
    """Return LeNet300 with images that it has not learned from.

    part : "test", 1,000 images, or "validation", 500, on which to choose

    It is what `zoo.load` and `datasets.load` give; without torch it is read
    from the file that a built book carries.

    >>> load_digits("validation")
    DigitClassifier(784-300-100-10, 500 mnist5k validation images)
    """
    require_one_of("part", part, PARTS)
    arrays = _read_file() if FILE.exists() else _shipped_arrays()
    names = [x.removesuffix(".weight") for x in arrays if x.endswith("weight")]
    return DigitClassifier(
        {name: arrays[f"{name}.weight"] for name in names},
        {name: arrays[f"{name}.bias"] for name in names},
        arrays[f"{part}.pixels"].astype(np.float32) / np.float32(255),
        arrays[f"{part}.labels"].astype(np.int64),
        part,
    )


def write_digits(path: Path) -> None:
    """Write the .npz that `load_digits` reads where torch is missing.

    path : of the file; beside this module of a package that a page unpacks
    """
    arrays = _shipped_arrays()
    with write_beside(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _read_file() -> dict[str, np.ndarray]:
    with np.load(FILE) as arrays:
        return dict(arrays)


def _shipped_arrays() -> dict[str, np.ndarray]:
    """Return weights and biases, and the pixels and labels as uint8."""
    require_extra("torch", "lab")
    from . import datasets, zoo

    model, data = zoo.load("LeNet300", DATASET), datasets.load(DATASET)
    arrays = {
        name: parameter.detach().numpy()
        for name, parameter in model.named_parameters()
    }
    for part in PARTS:
        split = getattr(data, part)
        arrays[f"{part}.pixels"] = split.pixels.flatten(1).numpy()
        arrays[f"{part}.labels"] = split.labels.numpy().astype(np.uint8)
    return arrays


def _relu(outputs: np.ndarray) -> np.ndarray:
    return np.maximum(outputs, 0)
