"""How each shipped network was trained.

Learning rate and weight decay were chosen by the accuracy on the validation
images, among 0.001, 0.003, 0.006, 0.01 and 0, 0.05, 0.1, in shorter runs for
the large data sets. The test images had no part in it.
"""

from dataclasses import dataclass

from .._require import require_one_of


@dataclass(frozen=True)
class Recipe:
    """The arguments of `training.train`; `seed` also initializes weights."""

    epochs: int
    learning_rate: float
    weight_decay: float = 0.0
    batch_size: int = 128
    seed: int = 0


RECIPES = {
    ("LeNet300", "mnist5k"): Recipe(30, learning_rate=0.01),
    ("LeNet5", "mnist5k"): Recipe(30, learning_rate=0.006),
    ("ConvNet", "mnist5k"): Recipe(40, learning_rate=0.01, weight_decay=0.05),
    ("ResNet8", "mnist5k"): Recipe(40, learning_rate=0.01, weight_decay=0.05),
    ("LeNet300", "mnist"): Recipe(20, learning_rate=0.003),
    ("LeNet5", "mnist"): Recipe(10, learning_rate=0.003),
    ("LeNet300", "fashion_mnist"): Recipe(20, learning_rate=0.003),
    ("LeNet5", "fashion_mnist"): Recipe(10, learning_rate=0.003),
    ("ConvNet", "fashion_mnist"): Recipe(
        15, learning_rate=0.01, weight_decay=0.05
    ),
    ("ResNet8", "fashion_mnist"): Recipe(
        15, learning_rate=0.01, weight_decay=0.05
    ),
}


def find_recipe(network: str, dataset: str) -> Recipe:
    """Return the recipe of a shipped network, or say which ones there are.

    >>> find_recipe("ConvNet", "mnist")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: dataset of ConvNet must be one of mnist5k, fashion_mnist; ...
    """
    require_one_of("network", network, dict.fromkeys(n for n, _ in RECIPES))
    datasets = [d for n, d in RECIPES if n == network]
    require_one_of(f"dataset of {network}", dataset, datasets)
    return RECIPES[network, dataset]
