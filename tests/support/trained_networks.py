"""Networks that have learned a little with rounded numbers."""

import torch
from torch import nn

from mini_compress import datasets, training
from mini_compress.layers import IntegerNetwork
from mini_compress.quantization import prepare
from mini_compress.quantization.trained import penalized

DATA = datasets.load("mnist5k")
IMAGES = DATA.train.take(200).images
BITS = {"ternary": 2, "binary": 1}  # of weights; other methods get 3


def prepared(model: nn.Module, method: str, **given):
    bits = BITS.get(method, 3)
    chosen = {"weight_bits": bits, "activation_bits": 3, **given}
    return prepare(model, IMAGES, method=method, **chosen)


def learned(network: nn.Module, steps: int = 3) -> nn.Module:
    """Take a few steps down the gradient, so that all that learns moves."""
    network.train()
    adam = torch.optim.Adam(
        [x for x in network.parameters() if x.requires_grad], lr=0.01
    )
    for start in range(0, 64 * steps, 64):
        images = DATA.train.images[start : start + 64]
        labels = DATA.train.labels[start : start + 64]
        batch = training.Batch(images, labels, torch.arange(64), 1)
        adam.zero_grad()
        penalized(network, batch).backward()
        adam.step()
    return network.eval()


def assert_same(network: nn.Module, integer: IntegerNetwork) -> None:
    """Check that both give one class, and logits as near as ties allow."""
    images = DATA.test.take(500).images
    with torch.no_grad():
        expected = network(images)
    got = integer(images)
    step = integer.grids()[integer.steps[-1].name].scale
    assert (got.argmax(1) == expected.argmax(1)).float().mean() >= 0.999
    assert ((got - expected).abs() > step / 2).float().mean() < 0.01
