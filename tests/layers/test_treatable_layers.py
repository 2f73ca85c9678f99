"""Which layers a method treats, and what it says of the others."""

import pytest
import torch
from torch import nn

from mini_compress import pruning
from mini_compress.layers.selection import (
    treatable_layers,
    with_layers_replaced,
)
from mini_compress.quantization import quantize_weights


def sparse(model: nn.Module) -> nn.Module:
    masks = pruning.magnitude_masks(model, 0.95)
    return pruning.store_sparse(pruning.apply_masks(model, masks))


def test_all_that_cannot_be_treated_are_named_in_the_networks_order():
    own = type("Linear", (nn.Linear,), {"__module__": "some.library"})
    model = nn.Sequential(nn.Linear(9, 9), own(9, 9), nn.PReLU(), nn.GRU(9, 9))
    with pytest.raises(ValueError, match="got Linear at '1'") as caught:
        treatable_layers(model, None)
    message = str(caught.value)
    places = ["Linear at '1' (a subclass of Linear, from some.library)", "GRU"]
    found = [message.index(place) for place in places]
    assert found == sorted(found)
    assert "PReLU" not in message  # its weight has one axis
    with pytest.raises(ValueError, match=r"'1' \(a subclass of Linear"):
        treatable_layers(model, ["1"])
    assert list(treatable_layers(model, ["0"])) == ["0"]


def test_what_is_compressed_already_is_said():
    compressed = sparse(nn.Sequential(nn.Linear(30, 30), nn.Linear(30, 30)))
    with pytest.raises(
        ValueError,
        match="compressed already: SparseLayer at '0', SparseLayer at '1'",
    ):
        quantize_weights(compressed)
    with pytest.raises(ValueError, match="already, got SparseLayer at '1'"):
        quantize_weights(compressed, layers=["1"])
    partly = nn.Sequential(compressed[0], nn.Linear(30, 30))
    assert list(treatable_layers(partly, None)) == ["1"]


def test_a_layer_under_two_names_is_replaced_under_both():
    layer = nn.Linear(4, 4)
    model = nn.Sequential(layer, nn.ReLU(), nn.Sequential(layer))
    assert list(treatable_layers(model, None)) == ["0"]
    assert list(treatable_layers(model, ["2.0"])) == ["0"]
    new = with_layers_replaced(model, {"0": nn.Identity()})
    assert new[0] is new[2][0]
    assert type(new[0]) is nn.Identity
    assert model[0] is layer
    x = torch.rand(2, 4)
    assert torch.equal(new(x), x)
