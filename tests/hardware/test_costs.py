"""MACs and bytes by hand, and against torch's own counter."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mini_compress import models
from mini_compress.hardware import layer_costs
from mini_compress.layers import (
    Conv2dGeometry,
    IntegerLayer,
    LinearGeometry,
    PackedWeight,
    WeightOnlyLayer,
)


def macs_of_torch(model, input_shape):
    """Half of the FLOPs that torch itself counts (torch 2.13)."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model.eval()(torch.zeros(1, *input_shape))
    flops = counter.get_total_flops()
    assert flops % 2 == 0
    return flops // 2


@pytest.mark.parametrize(
    ("layer", "input_shape", "macs"),
    [
        (nn.Linear(784, 300), (784,), 784 * 300),
        (nn.Conv2d(1, 20, 5), (1, 28, 28), 20 * 24 * 24 * 25),
        (
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
            (8, 28, 28),
            16 * 14 * 14 * 8 * 9,
        ),
        (nn.Conv2d(8, 16, 3, groups=4), (8, 10, 10), 16 * 8 * 8 * 2 * 9),
        (nn.Conv2d(6, 6, 3, groups=6), (6, 10, 10), 6 * 8 * 8 * 9),
        (nn.Conv2d(2, 4, 3, dilation=2), (2, 10, 10), 4 * 6 * 6 * 2 * 9),
        (nn.Conv2d(3, 5, (1, 3)), (3, 7, 9), 5 * 7 * 7 * 3 * 3),
    ],
)
def test_macs_by_hand_and_by_torch(layer, input_shape, macs):
    assert layer_costs(layer, input_shape=input_shape).macs == macs
    assert macs_of_torch(layer, input_shape) == macs


@pytest.mark.parametrize("name", sorted(models.NETWORKS))
def test_macs_of_networks_equal_torch(name):
    model = models.build(name, seed=0)
    assert layer_costs(model).macs == macs_of_torch(model, (1, 28, 28))


def test_each_layer_of_lenet300():
    cost = layer_costs(models.build("LeNet300", seed=0))
    linear = [x for x in cost.layers if x.kind == "Linear"]
    assert [x.macs for x in linear] == [784 * 300, 300 * 100, 100 * 10]
    assert [x.output_shape for x in linear] == [(300,), (100,), (10,)]
    assert cost.macs == sum(x.macs for x in linear)
    assert cost.num_bytes == sum(x.num_bytes for x in cost.layers)


def test_bytes_of_a_convolution():
    (layer,) = layer_costs(nn.Conv2d(1, 8, 3)).layers
    assert layer.weight_bytes == 4 * (8 * 9 + 8)
    assert layer.input_bytes == 4 * 28 * 28
    assert layer.output_bytes == 4 * 8 * 26 * 26
    assert layer.num_bytes == 320 + 3136 + 21632
    assert layer.intensity == layer.macs / layer.num_bytes
    assert (layer.weight_bits, layer.activation_bits) == (32, 32)


def test_layers_without_macs_move_bytes_and_views_none():
    model = nn.Sequential(
        nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
    )
    norm, relu, pool, flatten = layer_costs(model, input_shape=(2, 4, 4)).layers
    assert [x.macs for x in (norm, relu, pool, flatten)] == [0, 0, 0, 0]
    assert norm.weight_bytes == 4 * 4 * 2  # scale, shift, mean, variance
    assert relu.num_bytes == 2 * 4 * 32
    assert pool.num_bytes == 4 * 32 + 4 * 8
    assert flatten.num_bytes == 0
    assert flatten.intensity == 0


def test_layers_with_packed_weights_move_fewer_bytes():
    geometry = Conv2dGeometry(8, 16, (3, 3), stride=(2, 2), groups=2)
    packed = WeightOnlyLayer(geometry, bias=True, bits=4, group_size=36)
    floats = nn.Conv2d(8, 16, 3, stride=2, groups=2)
    (cost,) = layer_costs(packed, input_shape=(8, 9, 9)).layers
    (expected,) = layer_costs(floats, input_shape=(8, 9, 9)).layers
    assert cost.macs == expected.macs == 16 * 4 * 4 * 4 * 9
    assert cost.weight_bytes == 16 * 36 // 2 + 4 * 16 + 4 * 16
    assert cost.input_bytes == expected.input_bytes
    assert cost.output_bytes == expected.output_bytes
    assert (cost.weight_bits, cost.activation_bits) == (4, 32)
    assert cost.arithmetic == "float32"


def test_integer_layers_move_codes_and_so_do_layers_after_them():
    model = nn.Sequential(
        IntegerLayer(LinearGeometry(6, 5), bias=True),
        nn.ReLU(),
        nn.Linear(5, 2),
        nn.ReLU(),
    )
    integer, relu, linear, last = layer_costs(model, input_shape=(6,)).layers
    assert integer.macs == 30
    assert integer.weight_bytes == 30 + 4 * 5 + 4 * 5 + 4 + 4
    assert (integer.input_bytes, integer.output_bytes) == (6, 5)
    assert (relu.input_bytes, relu.output_bytes) == (5, 5)
    assert (linear.input_bytes, linear.output_bytes) == (20, 8)
    assert (last.input_bytes, last.output_bytes) == (8, 8)
    assert [integer.arithmetic, linear.arithmetic] == ["int8", "float32"]


def test_a_layer_called_twice_costs_twice():
    layer = nn.Linear(4, 4)
    shared = nn.Sequential(layer, nn.Sequential(layer))
    cost = layer_costs(shared, input_shape=(4,))
    assert [x.macs for x in cost.layers] == [16, 16]


def test_a_batch_moves_its_weights_once():
    cost = layer_costs(models.build("LeNet5", seed=0))
    batch = cost.for_batch(8)
    assert batch.macs == 8 * cost.macs
    weights = sum(x.weight_bytes for x in cost.layers)
    assert batch.num_bytes - weights == 8 * (cost.num_bytes - weights)
    assert cost.for_batch(1) == cost
    with pytest.raises(ValueError, match=r"num_examples must be >= 1, got 0"):
        cost.for_batch(0)


def test_model_stays_as_it_was():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout())
    model[2].eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    layer_costs(model)
    after = model.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)
    assert [m.training for m in model.modules()] == [True, True, True, False]
    assert not any(m._forward_hooks for m in model.modules())


def test_hooks_are_removed_when_the_run_fails():
    model = nn.Sequential(nn.Linear(784, 10), nn.Linear(11, 10))
    with pytest.raises(ValueError, match=r"input_shape must fit the model"):
        layer_costs(model, input_shape=(784,))
    assert not any(m._forward_hooks for m in model.modules())
    assert all(m.training for m in model.modules())


def test_layer_with_numbers_that_cannot_be_counted_is_named():
    model = nn.Sequential(nn.Linear(4, 4), nn.LSTM(4, 4))
    with pytest.raises(ValueError, match=r"got LSTM at '1'"):
        layer_costs(model, input_shape=(4,))
    loose = nn.ModuleDict({"codes": PackedWeight((2, 2), bits=8, group_size=2)})
    with pytest.raises(ValueError, match=r"got PackedWeight at 'codes'"):
        layer_costs(loose)


def test_refused_input():
    with pytest.raises(TypeError, match=r"model must be a torch.nn.Module"):
        layer_costs([nn.Linear(2, 2)])
    with pytest.raises(ValueError, match=r"got \(1, 14, 14\)"):
        layer_costs(models.build("LeNet5", seed=0), input_shape=(1, 14, 14))
    with pytest.raises(ValueError, match=r"input_shape must be >= 1, got 0"):
        layer_costs(nn.ReLU(), input_shape=(0,))


def test_table_has_a_row_for_each_layer_and_the_total():
    cost = layer_costs(nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU()))
    html = cost._repr_html_()
    assert html.count("<tr>") == 1 + 2 + 1
    assert 'class="dataframe"' in html
    assert f"{cost.macs:,}" in repr(cost).splitlines()[-1]
    assert cost._repr_markdown_().count("\n| ") == 1 + 1 + 2 + 1
