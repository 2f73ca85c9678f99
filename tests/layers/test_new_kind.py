"""A new kind of compressed layer: one class, and one line in the list.

The layer here is of the kind that fits the old rules least: a factored one,
whose products and numbers are not those of its dense weight.
"""

import pytest
import torch
from torch import Tensor, nn

import mini_compress as mc
from mini_compress import artifact
from mini_compress.hardware import layer_costs
from mini_compress.layers import (
    CompressedLayer,
    LinearGeometry,
    StoredWeight,
    geometry_of,
)
from mini_compress.layers.kinds import COMPRESSED
from mini_compress.layers.selection import (
    treatable_layers,
    with_layers_replaced,
)
from mini_compress.quantization import quantize_weights


class Factors(StoredWeight):
    def __init__(self, outputs: int, inputs: int, rank: int):
        super().__init__()
        self.register_buffer("left", torch.zeros(outputs, rank))
        self.register_buffer("right", torch.zeros(rank, inputs))


class TwoFactors(CompressedLayer):
    """y = left @ (right @ x) + bias."""

    def __init__(self, geometry: LinearGeometry, *, bias: bool, rank: int):
        weight = Factors(*geometry.weight_shape, rank)
        super().__init__(geometry, weight, bias=bias, rank=rank)

    weight_kind = "weights of low rank"

    def dense_weight(self) -> Tensor:
        return self.weight.left @ self.weight.right

    def numbers(self) -> list[Tensor]:
        return [self.weight.left, self.weight.right, self.bias]

    def macs(self, output: Tensor) -> int:
        outputs, inputs = self.geometry.weight_shape
        return (
            output.numel()
            // outputs
            * self.settings["rank"]
            * (outputs + inputs)
        )

    def forward(self, input: Tensor) -> Tensor:
        return input @ self.weight.right.T @ self.weight.left.T + self.bias


def factored(model: nn.Module, name: str, rank: int) -> nn.Module:
    linear = model.get_submodule(name)
    u, s, v = torch.linalg.svd(linear.weight.detach())
    layer = TwoFactors(geometry_of(linear), bias=True, rank=rank)
    layer.weight.left.copy_(u[:, :rank] * s[:rank])
    layer.weight.right.copy_(v[:rank])
    layer.bias.copy_(linear.bias.detach())
    return with_layers_replaced(model, {name: layer})


@pytest.fixture
def known(monkeypatch):
    monkeypatch.setitem(COMPRESSED, "TwoFactors", TwoFactors)


@pytest.fixture
def small():
    return factored(mc.models.build("LeNet300"), "classifier.1", rank=20)


IMAGES = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def test_is_saved_and_loaded(known, small):
    data = artifact.to_bytes(small)
    back = artifact.from_bytes(data)
    assert type(back.classifier[1]) is TwoFactors
    assert torch.equal(back(IMAGES), small(IMAGES))
    assert artifact.to_bytes(back) == data
    saved = 784 * 300 - 20 * (784 + 300)
    dense = len(artifact.to_bytes(mc.models.build("LeNet300")))
    assert 0 <= len(data) - (dense - 4 * saved) < 400  # the description


def test_is_counted_as_it_multiplies(known, small):
    costs = mc.ledger(small)
    assert costs.macs == 20 * (784 + 300) + 300 * 100 + 100 * 10
    assert costs.parameters == 20 * (784 + 300) + 300 + 30_100 + 1_010
    assert costs.num_bytes == len(artifact.to_bytes(small))
    _, layer, *_ = layer_costs(small).layers
    assert layer.kind == "TwoFactors"
    assert layer.weight_bytes == 4 * (20 * (784 + 300) + 300)
    assert (layer.weight_bits, layer.activation_bits) == (32, 32)
    timing = mc.hardware.measure_model_ms(small, IMAGES, repeats=1)
    assert "float32 x weights of low rank" in timing.kernel


def test_is_left_alone_by_methods_and_named(small):
    assert list(treatable_layers(small, None)) == [
        "classifier.3",
        "classifier.5",
    ]
    with pytest.raises(
        ValueError, match="compressed already, got TwoFactors at 'classifier"
    ):
        treatable_layers(small, ["classifier.1"])
    alone = nn.Sequential(small.classifier[1])
    with pytest.raises(
        ValueError, match="compressed already: TwoFactors at '0'"
    ):
        quantize_weights(alone)


def test_is_refused_by_files_that_do_not_list_it(small):
    with pytest.raises(ValueError, match=r"TwoFactors at 'classifier\.1'"):
        artifact.to_bytes(small)
