"""Integer networks as files: rebuilt without any class of the user's."""

import random

import pytest
import torch

from mini_compress import artifact
from mini_compress.layers import IntegerNetwork
from mini_compress.quantization import quantize_network
from tests.artifact.test_mutations import mutate
from tests.support.random_networks import random_images, random_network
from tests.support.signed_files import (
    NAME,
    assert_survives,
    put_together,
    refuse,
    take_apart,
)

IMAGES = random_images(12)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("rounding", ["float32_half_even", "fixed_double"])
def test_a_network_survives(seed, rounding):
    network = quantize_network(
        random_network(seed),
        IMAGES,
        weight_bits=2 + seed % 7,
        activation_bits=3 + seed % 6,
        rounding=rounding,
    )
    back = assert_survives(network, IMAGES)
    assert back.wiring == network.wiring
    alone = artifact.from_bytes(artifact.to_bytes(network))
    assert type(alone) is IntegerNetwork
    assert torch.equal(alone(IMAGES), network(IMAGES))
    for one, other in zip(alone.steps, network.steps, strict=True):
        assert one.operation.settings == other.operation.settings


@pytest.fixture(scope="module")
def data() -> bytes:
    return artifact.to_bytes(quantize_network(random_network(5), IMAGES))


def test_parts_add_up(data):
    parts = artifact.file_parts(data)
    assert sum(parts.values()) == len(data)
    assert parts["scales"] > 0


def step(ours: dict, name: str) -> dict:
    [found] = [x for x in ours["modules"][""]["steps"] if x["name"] == name]
    return found


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("stem", {"reads": [5]}),
        ("stem", {"reads": []}),
        ("stem", {"reads": "0"}),
        ("stem", {"reads": [-1]}),
        ("stem", {"reads": [0.0]}),
        ("stem", {"name": "conv"}),
        ("stem", {"name": 5}),
        ("stem", {"name": ""}),
        ("stem", {"name": "run"}),
        ("stem", {"name": "pool.stem"}),
        ("stem", {"kind": "Conv2d"}),
        ("stem", {"kind": "IntegerNetwork"}),
        ("stem", {"kind": "IntegerFlatten"}),
        ("stem", {"bits": 9}),
        ("stem", {"x_bits": 1}),
        ("stem", {"y_bits": "8"}),
        ("stem", {"activation": "gelu"}),
        ("stem", {"rounding": "up"}),
        ("stem", {"rounding": []}),
        ("stem", {"device": "cuda"}),
        ("input", {"reads": [0]}),
        ("input", {"y_bits": 4}),
        ("branches.cat", {"reads": [5, 7]}),
        ("branches.cat", {"x_bits": [8, 8]}),
        ("branches.cat", {"x_bits": 8}),
        ("branches.cat", {"reads": [5, 7, 2]}),
        ("branches.other.1", {"function": "sin"}),
        ("branches.other.1", {"x_bits": [4]}),
        ("pool", {"kernel_size": [2**40, 1]}),
        ("pool", {"stride": [0, 0]}),
        ("pool", {"padding": [9, 9]}),
    ],
)
def test_steps_made_up(data, name, changes):
    outer, ours, tensors = take_apart(data)
    step(ours, name).update(changes)
    refuse(put_together(outer, ours, tensors))


@pytest.mark.parametrize(
    "steps",
    [None, {}, [], [5], [{}], ["input"], [[]], [{"name": "input"}]],
    ids=str,
)
def test_lists_of_steps_made_up(data, steps):
    outer, ours, tensors = take_apart(data)
    ours["modules"][""]["steps"] = steps
    refuse(put_together(outer, ours, tensors))


def test_networks_within_networks_are_refused(data):
    outer, ours, tensors = take_apart(data)
    inner = ours["modules"][""]
    for _ in range(50):
        inner = {"kind": "IntegerNetwork", "steps": [inner | {"name": "a"}]}
    ours["modules"][""] = inner
    refuse(put_together(outer, ours, tensors))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scale", b"\0\0\0\0"),
        ("scale", b"\0\0\xc0\x7f"),
        ("zero_point", b"\xff"),
    ],
)
def test_grids_made_up(data, name, value):
    """Of the first step, and so other than what the second expects."""
    outer, ours, tensors = take_apart(data)
    begin, _ = outer[f"input.y_{name}"]["data_offsets"]
    changed = tensors[:begin] + value + tensors[begin + len(value) :]
    refuse(put_together(outer, ours, changed))


@pytest.mark.parametrize("seed", range(4))
def test_signed_mutations(data, seed):
    """Refused by name, or a network that runs or says what does not fit."""
    rng = random.Random(seed)
    refused = 0
    for _ in range(60):
        outer, ours, tensors = take_apart(data)
        changed = put_together(outer, mutate(ours, rng), tensors)
        try:
            network = artifact.from_bytes(changed, name=NAME)
        except ValueError as error:
            refused += 1
            assert NAME in str(error)
            assert len(str(error)) <= 500
            continue
        assert isinstance(network, IntegerNetwork)
        try:
            network(IMAGES)
        except ValueError as error:
            assert "step '" in str(error)
    assert refused > 40
