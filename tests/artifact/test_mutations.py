"""Files changed at random whose checksum fits.

Each must be refused with the file's name, or load as the network that it was.
"""

import copy
import random

import pytest
import torch

from mini_compress import artifact
from tests.support.signed_files import (
    IMAGES,
    NAME,
    put_together,
    take_apart,
)

VALUES = [
    *(None, True, False, 0, 1, -1, 3, 255, 2**31, 2**40, 2**64, 10**400),
    *(0.5, -1.5, 1e300, float("nan"), float("inf"), "", "x", "linear", "same"),
    *([], [1], [3, 3], [0, 0], [9, 1], [-1, 2], {}, {"x": 1}, "F16", "I8"),
    *("F32", "cuda", "\x1b[2J", "\ud800", "a" * 3000, [[[[]]]], "Identity"),
]
KEYS = ["x", "", "device", "dtype", "stride", "momentum", "tied", "features"]


def places(value: object, path: tuple = ()) -> list[tuple]:
    """List the paths of everything that a JSON value holds."""
    held = []
    if isinstance(value, dict):
        held = list(value.items())
    elif isinstance(value, list):
        held = list(enumerate(value))
    return [
        found
        for key, part in held
        for found in ((*path, key), *places(part, (*path, key)))
    ]


def mutate(value: dict, rng: random.Random) -> dict:
    """Return a copy with one place changed, renamed, added to or taken out."""
    value = copy.deepcopy(value)
    *path, last = rng.choice(places(value))
    holder = value
    for key in path:
        holder = holder[key]
    way = rng.choice(["replace", "replace", "shift", "drop", "rename", "add"])
    if way == "drop":
        del holder[last]
    elif way == "shift" and type(holder[last]) is int:
        holder[last] += rng.choice([-8, -1, 1, 8])
    elif way == "rename" and isinstance(holder, dict):
        holder[rng.choice(KEYS)] = holder.pop(last)
    elif way == "add" and isinstance(holder, dict):
        holder[rng.choice(KEYS)] = rng.choice(VALUES)
    else:
        holder[last] = rng.choice(VALUES)
    return value


@pytest.mark.parametrize("seed", range(5))
def test_five_hundred_signed_mutations(files, seed):
    rng = random.Random(seed)
    refused = 0
    for _ in range(100):
        data, expected = rng.choice(files)
        outer, ours, tensors = take_apart(data)
        if rng.random() < 0.6:
            changed = put_together(outer, mutate(ours, rng), tensors)
        else:
            changed = put_together(mutate(outer, rng), ours, tensors)
        try:
            network = artifact.from_bytes(changed, name=NAME)
        except ValueError as error:
            refused += 1
            assert NAME in str(error)
            assert len(str(error)) <= 500
        else:
            assert torch.equal(network(IMAGES), expected)
    assert refused > 80  # the changes are felt
