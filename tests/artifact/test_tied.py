"""Weights and layers under two names: stored, loaded and counted once."""

import torch
from torch import nn

import mini_compress as mc
from mini_compress import artifact
from mini_compress.quantization import quantize_weights
from tests.support.signed_files import assert_survives


class Tied(nn.Module):
    """Two layers with one weight, and one layer under two names."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(50, 50)
        self.second = nn.Linear(50, 50)
        self.second.weight = self.first.weight
        self.third = nn.Linear(50, 50)
        self.again = self.third

    def forward(self, x):
        return self.again(self.third(self.second(self.first(x))))


def test_tied_weights_are_stored_once_and_tied_again():
    model = Tied()
    x = torch.rand(2, 50)
    back = assert_survives(model, x)
    assert back.first.weight is back.second.weight
    assert back.third is back.again
    parts = artifact.file_parts(artifact.to_bytes(model))
    assert parts["weights or codes"] == 4 * 2 * 50 * 50
    costs = mc.ledger(model, input_shape=(50,))
    assert costs.parameters == sum(x.numel() for x in model.parameters())
    assert mc.ledger(back, input_shape=(50,)).parameters == costs.parameters
    assert costs.macs == 4 * 50 * 50


def test_a_file_ties_what_the_given_network_has_not():
    class Pair(nn.Sequential):
        pass

    model = Pair(nn.Linear(5, 5), nn.Linear(5, 5))
    model[1].weight = model[0].weight
    given = Pair(nn.Linear(5, 5), nn.Linear(5, 5))
    back = artifact.from_bytes(artifact.to_bytes(model), given)
    assert back[0].weight is back[1].weight
    assert back[0].bias is not back[1].bias


def test_a_compressed_layer_under_two_names_is_stored_once():
    model = Tied()
    model.second = nn.Identity()
    quantized = quantize_weights(model)
    assert quantized.third is quantized.again
    back = artifact.from_bytes(artifact.to_bytes(quantized), Tied())
    assert back.third is back.again
    x = torch.rand(2, 50)
    assert torch.equal(back(x), quantized(x))
    once = mc.ledger(quantized, input_shape=(50,))
    assert once.parameters == 2 * (50 * 50 + 50)
    assert mc.ledger(back, input_shape=(50,)).parameters == once.parameters
