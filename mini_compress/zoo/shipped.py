"""The shipped files: reading them, checking them, replacing them."""

import hashlib
import json
from pathlib import Path
from typing import Any

from torch import nn

from .. import artifact
from .._files import write_beside
from .recipes import find_recipe

FOLDER = Path(__file__).parent


def load(network: str, dataset: str) -> nn.Module:
    """Return a trained network in evaluation mode.

    network : "LeNet300", "LeNet5", "ConvNet" or "ResNet8"
    dataset : what it was trained on: "mnist5k"; "mnist" for LeNet300 and
        LeNet5; "fashion_mnist" for all four

    A file that is not the one in the record is a ValueError.

    >>> load("ConvNet", "mnist5k").trained_on
    'mnist5k'
    """
    expected = record(network, dataset)["sha256"]
    path = weights_path(network, dataset)
    content = path.read_bytes()
    got = hashlib.sha256(content).hexdigest()
    if got != expected:
        raise ValueError(
            f"{path.name} must have sha256 {expected} as its record says, "
            f"got {got}"
        )
    return artifact.from_bytes(content, name=path.name)


def record(network: str, dataset: str) -> dict[str, Any]:
    """Return what is known about a shipped network.

    Its keys: network, dataset, recipe, command, best_epoch, validation and
    test ({n, correct}), seconds (of one processor), threads, machine, versions,
    dataset_sha256, num_bytes and sha256 (of the file).

    >>> known = record("LeNet300", "mnist5k")
    >>> known["num_bytes"] == weights_path("LeNet300", "mnist5k").stat().st_size
    True
    """
    find_recipe(network, dataset)
    return json.loads(record_path(network, dataset).read_text())


def replace(model: nn.Module, facts: dict[str, Any]) -> None:
    """Write a network and its record over the shipped ones."""
    names = facts["network"], facts["dataset"]
    artifact.save(model, weights_path(*names))
    with write_beside(record_path(*names)) as unfinished:
        unfinished.write_text(json.dumps(facts, indent=1) + "\n")


def weights_path(network: str, dataset: str) -> Path:
    """Return where a network's weights are."""
    return FOLDER / f"{network.lower()}-{dataset}.safetensors"


def record_path(network: str, dataset: str) -> Path:
    """Return where a network's record is."""
    return weights_path(network, dataset).with_suffix(".json")
