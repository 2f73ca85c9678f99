"""The trained networks of the book as integer networks: score, file, ledger."""

import pytest
import torch

import mini_compress as mc
from mini_compress import artifact, datasets, zoo
from mini_compress.hardware import layer_costs, measure_model_ms
from mini_compress.quantization import quantize_network
from mini_compress.training import evaluate

NETWORKS = ("LeNet300", "LeNet5", "ConvNet", "ResNet8")


@pytest.fixture(scope="module")
def data():
    return datasets.load("mnist5k")


def integer(name, data, **options):
    model = zoo.load(name, "mnist5k")
    images = data.train.take(200).images
    return model, quantize_network(model, images, **options)


@pytest.mark.parametrize("rounding", ["float32_half_even", "fixed_double"])
@pytest.mark.parametrize("name", NETWORKS)
def test_eight_bits_cost_next_to_nothing(name, rounding, data):
    model, network = integer(name, data, rounding=rounding)
    lost = evaluate(model, data.test).accuracy
    lost -= evaluate(network, data.test).accuracy
    assert abs(lost) <= 0.3
    assert network.trained_on == "mnist5k"


@pytest.mark.parametrize(
    ("weight_bits", "activation_bits"), [(4, 8), (4, 4), (2, 8), (2, 2)]
)
def test_fewer_bits_run(weight_bits, activation_bits, data):
    _, network = integer(
        "ResNet8",
        data,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
    )
    score = evaluate(network, data.test.take(300)).accuracy
    assert score > (90 if weight_bits == 4 else 5)
    back = artifact.from_bytes(artifact.to_bytes(network))
    images = data.test.take(50).images
    assert torch.equal(back(images), network(images))
    assert back.trained_on == "mnist5k"


def test_the_ledger_counts_products_bytes_and_bits(data):
    model, network = integer("ResNet8", data, activation_bits=4)
    float_costs = {x.name: x for x in layer_costs(model).layers}
    costs = layer_costs(network)
    assert costs.macs == layer_costs(model).macs
    layers = {x.name: x for x in costs.layers}
    assert list(layers) == [step.name for step in network.steps]
    for name, cost in layers.items():
        if cost.kind == "RequantizedLayer":
            assert cost.macs == float_costs[name].macs
            assert cost.output_shape == float_costs[name].output_shape
    first, last = layers["features.0"], layers["classifier.2"]
    assert layers["input"].input_bytes == 4 * 28 * 28
    assert (first.activation_bits, first.output_bits) == (8, 4)
    assert first.input_bytes == 28 * 28
    assert first.output_bytes == 16 * 14 * 14 // 2
    assert first.weight_bytes == 16 * 9 + 16 * (4 + 4) + 2 * (4 + 4)
    assert (last.activation_bits, last.output_bits) == (4, 8)
    assert (last.input_bytes, last.output_bytes) == (32, 10)
    added = layers["features.3.add"]
    assert added.macs == 0
    assert added.input_bytes == 2 * added.output_bytes == 16 * 14 * 14
    assert layers["classifier.1"].input_bytes == 0  # a view
    assert {x.arithmetic for x in layers.values() if x.macs} == {"int8"}


def test_the_ledger_of_an_integer_network(data):
    model, network = integer("LeNet5", data)
    costs = mc.ledger(network, baseline=model)
    assert costs.parameters == 431_080
    assert costs.num_bytes == len(artifact.to_bytes(network))
    assert costs.compression_ratio > 3.9
    timing = measure_model_ms(network, data.test.take(10).images, repeats=1)
    assert "8-bit activations x 8-bit weights" in timing.kernel
