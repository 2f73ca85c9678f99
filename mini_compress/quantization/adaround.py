"""AdaRound for the layers of a network, each after those before it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from .._require import require_bool, require_int
from ..graph.activations import relu_follows
from ..graph.inputs import capture_inputs
from ..graph.moments import FEW, input_columns
from .learned_rounding import Problem, learn_rounding, split_codes
from .rounding_report import LayerRounding, Rounded
from .turns import Turn, require_inputs, round_in_turn
from .uniform import repeat_steps

PLACES = 16_384  # inputs of a layer that are kept: 19 MB for 288 numbers each


def quantize_adaround(
    model: nn.Module,
    images: Tensor,
    *,
    bits: int = 4,
    granularity: str = "channel",
    group_size: int | None = None,
    steps: int = 2000,
    relu: bool = True,
    seed: int = 0,
    layers: Sequence[str] | None = None,
) -> Rounded:
    """Return a copy whose weights are rounded up or down as learned.

    model : is not changed. Fold batch normalization first (`fold_batchnorm`).
    images : (n, ...) float32 training images. A layer is given what they
        become in the network rounded so far, and learns to give what the
        float network gives.
    bits, granularity, group_size, layers : as for `quantize_weights`; the
        steps of the grid are the same
    steps : of Adam for each layer
    relu : compare outputs after the ReLU, where one follows directly. The
        model must be one that `graph.trace` can follow.
    seed : of the choice of inputs: up to 16,384 places of the images, and a
        32nd of these, at least 128, in each step. The same seed gives the
        same codes.
    returns : `model`, a network in evaluation mode of weight-only layers, and
        `report`, how far the outputs of each layer are from those of the
        float network, and how many weights had settled before the end

    >>> from mini_compress import datasets, zoo
    >>> net, data = zoo.load("LeNet300", "mnist5k"), datasets.load("mnist5k")
    >>> images = data.train.take(500).images
    >>> small, report = quantize_adaround(net, images, bits=2, steps=50)
    >>> all(layer.error < layer.plain_error for layer in report.layers)
    True

    See [nagel2020up], sections 3 and 4.
    """
    steps, seed = require_int("steps", steps, 1), require_int("seed", seed, 0)
    require_bool("relu", relu)
    followed = _followed(model) if relu else set()
    grid = {
        "bits": bits,
        "granularity": granularity,
        "group_size": group_size,
    }
    learner = _Learner(model, images, group_size, bits, steps, followed, seed)
    return round_in_turn(
        model, images, layers, grid, "AdaRound", learner.round_layer
    )


def _followed(model: nn.Module) -> set[str]:
    """Return the layers that a ReLU follows."""
    try:
        return relu_follows(model)
    except ValueError as error:
        raise ValueError(f"{error}; relu=False needs no graph") from error


class _Learner(NamedTuple):
    """What all layers have in common."""

    model: nn.Module
    images: Tensor
    group_size: int | None
    bits: int
    steps: int
    followed: set[str]
    seed: int

    def round_layer(self, turn: Turn) -> tuple[np.ndarray, LayerRounding]:
        """Learn the codes of one layer."""
        inputs, floats = (
            _sampled_inputs(network, turn, self.images, self.seed)
            for network in (turn.network, self.model)
        )  # (groups, n, d)
        require_inputs(turn.name, inputs.numpy())
        rows = torch.from_numpy(turn.weight).reshape(
            len(inputs), -1, inputs.shape[-1]
        )  # (groups, outputs of a group, d)
        shape = (len(turn.weight), rows.shape[-1])
        steps = torch.tensor(
            repeat_steps(turn.scale, shape, self.group_size)
        ).reshape(rows.shape)
        below, share = split_codes(rows, steps, self.bits)
        problem = Problem(
            inputs,
            floats @ rows.mT,
            below,
            share,
            steps,
            _bias(turn, len(rows)),
            turn.name in self.followed,
        )
        up, settled = learn_rounding(problem, self.steps, self.seed)
        codes = below + up
        plain = torch.from_numpy(turn.codes).reshape(codes.shape)
        row = LayerRounding(
            turn.name,
            problem.relative_error(plain),
            problem.relative_error(codes),
            float((codes != plain).float().mean()),
            settled,
        )
        return codes.reshape(shape).to(torch.int8).numpy(), row


def _sampled_inputs(
    network: nn.Module, turn: Turn, images: Tensor, seed: int
) -> Tensor:
    """Return what a layer's weights are multiplied with, (groups, n, d).

    The same seed picks the same places of the same images in any network.
    """
    generator = torch.Generator().manual_seed(seed)
    most = math.ceil(PLACES * FEW / len(images))  # of FEW images
    kept: list[Tensor] = []

    def keep(_: str, x: Tensor) -> None:
        for columns in input_columns(turn.geometry, x):
            found = columns.shape[-1]
            picked = torch.randperm(found, generator=generator)[:most]
            kept.append(columns[..., picked])

    capture_inputs(network, [turn.name], images, keep)
    columns = torch.cat(kept, dim=-1)  # ([groups,] d, n)
    return columns.reshape(-1, *columns.shape[-2:]).mT.contiguous()


def _bias(turn: Turn, groups: int) -> Tensor:
    bias = turn.layer.bias
    if bias is None:
        return torch.zeros(groups, 1, 1)
    return bias.detach().reshape(groups, 1, -1)
