"""The images that the networks learn from: mnist5k, mnist, fashion_mnist."""

from .arrays import from_arrays, unlabeled
from .sets import NAMES, Dataset, Split, load, to_images

__all__ = [
    "NAMES",
    "Dataset",
    "Split",
    "from_arrays",
    "load",
    "to_images",
    "unlabeled",
]
