"""The Explorer of the bits of each layer tells what the networks are."""

import pytest

from mini_compress import artifact, datasets, quantization, zoo
from mini_compress.quantization.mixed_precision import scan_bits
from mini_compress.training import evaluate
from mini_compress.widgets import explore_layer_bits

CHOICES = {"classifier.1": (2, 8), "classifier.5": (2, 8)}


@pytest.fixture(scope="module")
def given():
    net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    few = data.train.take(50)
    return {
        "model": net,
        "scan": scan_bits(net, few.images, choices=(2, 8)),
        "calibration": few,
        "validation": data.validation.take(100),
    }


def test_each_choice_has_its_own_network(given):
    shown = explore_layer_bits("Bits", choices=CHOICES, **given)
    assert len(shown.values) == 4
    bits = {"classifier.1": 2, "classifier.5": 8}
    small = quantization.quantize_network(
        given["model"], given["calibration"].images, bits=bits
    )
    read, file, harm = (x.value for x in shown.values[2, 8].values())
    assert read == evaluate(small, given["validation"]).num_correct
    assert file == len(artifact.to_bytes(small)) / 1000
    assert harm == given["scan"].harms["classifier.1"][2]


def test_harms_are_summed(given):
    shown = explore_layer_bits("Bits", choices=CHOICES, **given)
    harms = given["scan"].harms
    expected = harms["classifier.1"][2] + harms["classifier.5"][2]
    assert shown.values[2, 2]["predicted harm"].value == expected


def test_a_layer_that_is_not_there_is_refused(given):
    with pytest.raises(ValueError, match="layers' names"):
        explore_layer_bits("Bits", choices={"nowhere": (2, 8)}, **given)
