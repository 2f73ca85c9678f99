"""A network and a data set that are nobody's but a user's."""

import numpy as np
import pytest
import torch
from torch import nn

from mini_compress import datasets, training

SIDE = 8


class Mine(nn.Module):
    """A network that this package has never seen, one part of it frozen."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.pool = nn.MaxPool2d(2)
        self.hidden = nn.Linear(8 * SIDE * SIDE // 4, 12)
        self.head = nn.Linear(12, classes)
        self.norm.bias.requires_grad_(False)

    def forward(self, x):
        x = self.pool(self.norm(self.conv(x)).relu())
        return self.head(self.hidden(x.flatten(1)).relu())


@pytest.fixture(scope="session")
def mine():
    """A trained network, and images of three classes, bright in other rows."""
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    images = rng.integers(0, 120, (300, SIDE, SIDE))
    for row, label in enumerate(labels):
        images[row, 2 * label : 2 * label + 2] += 40
    data = datasets.from_arrays(
        "mine", train=(images.astype(np.uint8), labels), seed=0
    )
    torch.manual_seed(0)
    done = training.train(Mine(3), data, epochs=4, progress=False)
    return done.model, data
