"""Bits by layer under a budget of bytes, against every possible choice."""

import itertools

import pytest
import torch
from torch import nn

from mini_compress import artifact, datasets, zoo
from mini_compress.quantization import (
    allocate_bits,
    prepare,
    quantize_network,
    scan_bits,
    to_integer,
)

DATA = datasets.load("mnist5k")
IMAGES = DATA.train.take(100).images


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return zoo.load("LeNet300", "mnist5k")


@pytest.fixture(scope="module")
def scan(network):
    return scan_bits(network, IMAGES, choices=[8, 2, 4])


def file_of(network: nn.Module, bits: dict[str, int]) -> int:
    return len(artifact.to_bytes(quantize_network(network, IMAGES, bits=bits)))


def test_harm_and_bytes_are_those_of_one_layer(network, scan):
    assert scan.num_bytes == file_of(network, {})
    assert list(scan.harms) == list(scan.num_weights)
    for name, harms in scan.harms.items():
        assert list(harms) == [2, 4, 8]
        assert harms[8] == 0 == scan.saved[name][8]
        assert harms[2] > harms[4] >= 0
        weights = scan.num_weights[name]
        # three quarters of a byte a weight, but for the header's length
        assert abs(scan.saved[name][2] - 0.75 * weights) <= 64


@pytest.mark.parametrize("budget", [75_000, 90_000, 130_000, 150_000, 280_000])
def test_the_file_keeps_to_the_budget_and_harm_is_small(network, scan, budget):
    bits = scan.allocate(budget)
    assert file_of(network, bits) <= budget
    harm = sum(scan.harms[name][count] for name, count in bits.items())
    names, choices = list(scan.harms), [2, 4, 8]
    fits = [
        sum(scan.harms[name][b] for name, b in zip(names, chosen, strict=True))
        for chosen in itertools.product(choices, repeat=len(names))
        if scan.num_bytes
        - sum(
            scan.saved[name][b] for name, b in zip(names, chosen, strict=True)
        )
        <= budget
    ]
    largest_step = max(harms[2] for harms in scan.harms.values())
    assert min(fits) <= harm <= min(fits) + largest_step
    if budget == 280_000:
        assert set(bits.values()) == {8}


def test_fewer_bytes_are_refused_by_the_least_there_can_be(network, scan):
    with pytest.raises(ValueError, match="max_bytes must be at least"):
        scan.allocate(1000)
    with pytest.raises(ValueError, match="max_bytes"):
        allocate_bits(network, IMAGES, max_bytes=0)


def test_choices_are_checked(network):
    for choices in ([1, 4], [4, 9]):
        with pytest.raises(ValueError, match="choices must be in"):
            scan_bits(network, IMAGES, choices=choices)
    with pytest.raises(ValueError, match="choices must not be empty"):
        scan_bits(network, IMAGES, choices=[])
    with pytest.raises(ValueError, match="choices must differ"):
        scan_bits(network, IMAGES, choices=[4, 4])


def test_what_is_chosen_is_what_networks_get(network):
    bits = allocate_bits(network, IMAGES, max_bytes=120_000)
    assert len(set(bits.values())) > 1
    for made in (
        quantize_network(network, IMAGES, bits=bits),
        to_integer(prepare(network, IMAGES, bits=bits)),
    ):
        got = {
            step.name: step.operation.weight.bits
            for step in made.steps
            if step.name in bits
        }
        assert got == bits
        assert len(artifact.to_bytes(made)) <= 120_000


def test_the_table_has_a_row_for_each_layer(scan):
    text = str(scan)
    assert "Divergence (nats) by bits of one layer" in text
    assert all(name in text for name in scan.harms)


def test_networks_with_branches_are_scanned():
    model = zoo.load("ResNet8", "mnist5k")
    found = scan_bits(model, IMAGES[:20], choices=[2, 8])
    layers = [
        x for x in model.modules() if isinstance(x, nn.Conv2d | nn.Linear)
    ]
    assert len(found.harms) == len(layers)
    assert torch.tensor([x[2] for x in found.harms.values()]).gt(0).all()
