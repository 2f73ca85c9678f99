"""Bits for each layer: fewer where they do least harm, under a byte budget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import artifact
from .._require import require_int
from ..allocation import Option, allocate
from ..allocation.sensitivity import require_levels
from ..layers import IntegerNetwork
from ..tables import Cell, Table, Tables
from .integer_network import quantize_network
from .planning import plan_steps

MOST_BITS = 8  # the network that others are compared with has as many


@dataclass(frozen=True, repr=False)
class BitSensitivity(Tables):
    """What fewer bits of one layer's weight do to a network of integers.

    num_bytes : of the file of the network with 8 bits everywhere
    num_weights : layer -> how many weights it has
    harms : layer -> bits -> mean Kullback-Leibler divergence, in nats, of the
        classes' probabilities from those of that network
    saved : layer -> bits -> bytes by which the file becomes shorter
    """

    num_bytes: int
    num_weights: dict[str, int]
    harms: dict[str, dict[int, float]]
    saved: dict[str, dict[int, int]]

    def allocate(self, max_bytes: int) -> dict[str, int]:
        """Choose bits for each layer; the file is at most as long as that.

        returns : layer -> bits, as `quantize_network` and `prepare` take them
        """
        require_int("max_bytes", max_bytes, 1)
        most = {x: max(saved.values()) for x, saved in self.saved.items()}
        shortest = self.num_bytes - sum(most.values())
        if shortest > max_bytes:
            raise ValueError(
                f"max_bytes must be at least {shortest}, the file with the "
                f"fewest bits, got {max_bytes}"
            )
        options = {
            name: [
                Option(bits, most[name] - self.saved[name][bits], harm)
                for bits, harm in harms.items()
            ]
            for name, harms in self.harms.items()
        }
        chosen = allocate(options, max_bytes - shortest)
        return {name: option.choice for name, option in chosen.items()}

    def tables(self) -> tuple[Table, ...]:
        """Show one row for each layer."""
        [first, *_] = self.harms.values()
        header = ("layer", "weights", *(f"{bits} bits" for bits in first))
        rows = tuple(
            (
                name,
                Cell.of(self.num_weights[name]),
                *(Cell(x, f"{x:.4f}") for x in harms.values()),
            )
            for name, harms in self.harms.items()
        )
        return (Table("Divergence (nats) by bits of one layer", header, rows),)


def scan_bits(
    model: nn.Module,
    images: Tensor,
    *,
    choices: Sequence[int] = (2, 3, 4, 8),
    granularity: str = "channel",
) -> BitSensitivity:
    """Give one layer after the other fewer bits, and look at the outputs.

    model : is not changed; what `quantize_network` takes
    images : (n, ...) float32 training images; no labels are needed
    choices : bits that a layer may get, each 2 to 8
    granularity : of the weights, see `quantize_network`

    >>> from mini_compress import datasets, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> scan = scan_bits(net, data.train.take(100).images, choices=[2, 8])
    >>> harms = scan.harms["classifier.1"]
    >>> harms[2] > harms[8], harms[8]
    (True, 0.0)

    See [dong2019hawq] for another measure of harm.
    """
    levels = require_levels("choices", choices)
    bits = sorted(require_int("choices", x, 2, MOST_BITS) for x in levels)

    def build(given: Mapping[str, int]) -> IntegerNetwork:
        return quantize_network(
            model, images, granularity=granularity, bits=given
        )

    whole = build({})
    expected = whole(images).log_softmax(dim=1)
    plan = plan_steps(model, tuple(images.shape[1:]))
    names = [step.name for step in plan.steps if step.made.weighted]
    length = len(artifact.to_bytes(whole))
    harms: dict[str, dict[int, float]] = {name: {} for name in names}
    saved: dict[str, dict[int, int]] = {name: {} for name in names}
    for name in names:
        for count in bits:
            one = build({name: count})
            harms[name][count] = _divergence(expected, one(images))
            saved[name][count] = length - len(artifact.to_bytes(one))
    weights: dict[str, int] = {}
    for step in whole.steps:
        if step.name in harms:
            operation: Any = step.operation
            weights[step.name] = operation.weight.num_weights
    return BitSensitivity(length, weights, harms, saved)


def allocate_bits(
    model: nn.Module,
    images: Tensor,
    *,
    max_bytes: int,
    choices: Sequence[int] = (2, 3, 4, 8),
    granularity: str = "channel",
) -> dict[str, int]:
    """Choose the bits of each layer's weight under a byte budget.

    max_bytes : of the whole file of the network of integers
    model, images, choices, granularity : see `scan_bits`
    returns : layer -> bits, as `quantize_network` and `prepare` take them.
        Harm is taken to add up over layers; what is chosen is to be measured.

    >>> from mini_compress import artifact, datasets, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> images = data.train.take(100).images
    >>> bits = allocate_bits(net, images, max_bytes=110_000)
    >>> bits
    {'classifier.1': 3, 'classifier.3': 3, 'classifier.5': 8}
    >>> small = quantize_network(net, images, bits=bits)
    >>> len(artifact.to_bytes(small)) <= 110_000
    True
    """
    scan = scan_bits(model, images, choices=choices, granularity=granularity)
    return scan.allocate(max_bytes)


def _divergence(expected: Tensor, logits: Tensor) -> float:
    """Return the mean KL divergence from log probabilities, in nats."""
    with torch.no_grad():
        return functional.kl_div(
            logits.log_softmax(dim=1),
            expected,
            reduction="batchmean",
            log_target=True,
        ).item()
