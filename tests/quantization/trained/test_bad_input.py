"""What cannot be trained, or become integers, is refused by name."""

import pytest
from torch import nn

from mini_compress import datasets, models
from mini_compress.quantization import prepare, to_integer

IMAGES = datasets.load("mnist5k").train.take(20).images


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"method": "best"}, "method must be one of"),
        ({"weight_bits": 1}, "weight_bits of 'lsq' must be in"),
        ({"weight_bits": 9}, "weight_bits of 'lsq' must be in"),
        ({"method": "ternary"}, "'ternary' must be in"),
        ({"method": "binary", "weight_bits": 2}, "'binary' must be in"),
        ({"activation_bits": 1}, "activation_bits must be in"),
        ({"activation_bits": 16}, "activation_bits must be in"),
        ({"granularity": "group"}, "granularity must be one of"),
        ({"bits": {"classifier.2": 8}}, "layers' names must be one of"),
        ({"bits": {"classifier.1": 1}}, "bits of 'classifier.1'"),
    ],
)
def test_what_cannot_be_is_refused(given, says):
    with pytest.raises(ValueError, match=says):
        prepare(models.build("LeNet300"), IMAGES, **given)


def test_only_prepared_networks_become_integers():
    with pytest.raises(TypeError, match="must be a TrainableNetwork"):
        to_integer(models.build("LeNet300"))


def test_a_network_without_an_integer_form_is_named():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Softmax(1))
    with pytest.raises(ValueError, match="Softmax"):
        prepare(model, IMAGES)
