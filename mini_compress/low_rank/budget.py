"""Ranks that share a budget among layers: more where they do more."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, nn

from .._examples import example_shape, one_example, run_example
from .._inference import inference
from .._require import require_one_of
from ..allocation import Option, allocate
from ..graph.moments import second_moments
from ..layers import Conv2dGeometry
from ..layers.geometry import Geometry
from .file_length import file_length
from .layers import Treated, find_layers
from .methods import METHODS
from .ranks import Ranks
from .spectra import missed_shares

UNITS = ("weights", "macs", "bytes")
REST = "the rest of the file"
# of a layer's input for one example, whose axes may be merged or in any
# order, for each time that the layer runs
Shapes = list[tuple[int, ...]]


def budget_ranks(
    model: nn.Module,
    budget: float,
    *,
    unit: str = "weights",
    method: str | None = None,
    layers: Sequence[str] | None = None,
    images: Tensor | None = None,
    input_shape: tuple[int, ...] | None = None,
) -> Ranks:
    """Choose ranks that cost no more than a budget and miss little.

    budget : what the layers may cost together, those that stay whole too; in
        bytes, what the whole network may
    unit : "weights", biases left out (4 bytes each in a file of float32),
        "macs", multiply-accumulates for one example, or "bytes", the length
        of the file that `artifact.save` writes, as the ledger has it: biases,
        header and the layers that are not to be factorized count, too
    method, layers : as for `share_ranks`; the layers that share the budget
    images : as for `energy_ranks`
    input_shape : of one example, without the batch axis, for MACs; None for
        that of images, and without images for (1, 28, 28)
    returns : name -> rank; a layer that is left out stays whole

    What is made small is the sum over the layers of the share of the energy
    that each misses, by `allocation.allocate`: one percent of a layer counts
    as much as one percent of another. That is no accuracy yet: measure it.

    >>> from mini_compress import zoo
    >>> from mini_compress.low_rank import count_weights
    >>> net = zoo.load("LeNet300", "mnist5k")
    >>> ranks = budget_ranks(net, 40_000)
    >>> ranks, count_weights(net, ranks)  # and 1,000 of the whole last layer
    ({'classifier.1': 21, 'classifier.3': 40}, 38764)
    >>> budget_ranks(net, 70_000, unit="bytes")
    {'classifier.1': 9, 'classifier.3': 14}
    """
    require_one_of("unit", unit, UNITS)
    input_shape = example_shape(images, input_shape)
    found = find_layers(model, layers, method)
    geometries = {name: one.geometry for name, one in found.items()}
    moments = (
        {} if images is None else second_moments(model, geometries, images)
    )
    shapes: dict[str, Shapes] = {}
    if unit == "macs":
        shapes = _input_shapes(model, found, images, input_shape)
    options = {
        name: _options(one, moments.get(name), shapes.get(name))
        for name, one in found.items()
    }
    if unit == "bytes":
        return _within_file(model, found, options, budget)
    return _ranks(allocate(options, budget))


def _within_file(
    model: nn.Module,
    found: Mapping[str, Treated],
    options: Mapping[str, list[Option]],
    budget: float,
) -> Ranks:
    """Choose ranks with which the network's file is no longer than a budget.

    options : for each layer, their costs in weights
    """
    in_bytes = {
        name: [
            replace(x, cost=x.cost * found[name].layer.weight.element_size())
            for x in offered
        ]
        for name, offered in options.items()
    }
    least = {
        name: min(offered, key=lambda x: x.cost)
        for name, offered in in_bytes.items()
    }
    rest = file_length(model, found, _ranks(least))
    rest -= sum(int(x.cost) for x in least.values())
    if file_length(model, found, {}) <= budget:
        return {}
    while True:
        fixed = {REST: [Option(None, rest, 0.0)]}
        ranks = _ranks(allocate(in_bytes | fixed, budget))
        over = file_length(model, found, ranks) - budget
        if over <= 0:
            return ranks
        rest += math.ceil(over)  # a larger rank has more digits in the header


def _ranks(chosen: Mapping[str, Option]) -> Ranks:
    """Return the ranks of the layers that do not stay whole."""
    return {
        name: option.choice
        for name, option in chosen.items()
        if option.choice is not None
    }


def _options(
    one: Treated, moment: np.ndarray | None, shapes: Shapes | None
) -> list[Option]:
    """List the ranks that pay and are worth their cost, and the layer whole."""
    missed = missed_shares(one, moment)
    cost, whole = _costs(one, missed.shape, shapes)
    weights, all_weights = _costs(one, missed.shape, None)
    pays = weights < all_weights  # `factorize` takes no others
    ranks = np.argwhere(pays) + 1  # (options, 1 or 2)
    cost, missed = cost[pays], missed[pays]
    order = np.lexsort((missed, cost))  # by cost, then by what is missed
    least = np.minimum.accumulate(missed[order])
    # a dearer rank must miss less than all cheaper ones
    better = np.ones(len(order), bool)
    better[1:] = missed[order][1:] < least[:-1]
    options = [
        Option(_rank(ranks[i]), float(cost[i]), float(missed[i]))
        for i in order[better]
    ]
    return [*options, Option(None, whole, 0.0)]


def _rank(ranks: np.ndarray) -> int | tuple[int, ...]:
    first, *rest = (int(rank) for rank in ranks)
    return (first, *rest) if rest else first


def _costs(
    one: Treated, ranks: tuple[int, ...], shapes: Shapes | None
) -> tuple[np.ndarray, float]:
    """Return what each rank costs, from 1 on, and what the whole layer does.

    ranks : the largest
    shapes : count MACs on inputs of these; None: count weights
    """
    kind = METHODS[one.method]
    parts = kind.part_geometries(one.geometry, (1,) * len(ranks)).values()
    units = _products(parts, shapes)  # of each part at rank 1
    [whole] = _products([one.geometry], shapes)
    if len(ranks) == 1:
        return sum(units) * np.arange(1.0, ranks[0] + 1), float(whole)
    outputs = np.arange(1.0, ranks[0] + 1)[:, np.newaxis]
    inputs = np.arange(1.0, ranks[1] + 1)
    first, core, last = units
    cost = first * inputs + core * outputs * inputs + last * outputs
    return cost, float(whole)


def _products(chain: Iterable[Geometry], shapes: Shapes | None) -> list[int]:
    """Count the weights, or the MACs, of each layer of a chain."""
    weights = [math.prod(geometry.weight_shape) for geometry in chain]
    if shapes is None:
        return weights
    places = np.zeros(len(weights), int)
    for shape in shapes:
        places += _places(chain, shape)
    return [int(x) for x in weights * places]


def _places(chain: Iterable[Geometry], shape: tuple[int, ...]) -> list[int]:
    """Count how often each layer of a chain applies its weight.

    shape : of the input of the first, for one example, all axes
    """
    places = []
    for geometry in chain:
        if isinstance(geometry, Conv2dGeometry):
            *merged, _, height, width = shape
            sides = geometry.output_size(height, width)
            places.append(math.prod((*merged, *sides)))
            shape = (*merged, geometry.out_channels, *sides)
        else:
            places.append(math.prod(shape[:-1]))
    return places


def _input_shapes(
    model: nn.Module,
    names: Iterable[str],
    images: Tensor | None,
    input_shape: tuple[int, ...],
) -> dict[str, Shapes]:
    """Run one example and note what each layer is given."""
    shapes: dict[str, Shapes] = {name: [] for name in names}

    def note(
        name: str, _: nn.Module, given: tuple[Any, ...], named: dict[str, Any]
    ) -> None:
        [x] = [*given, *named.values()]
        shapes[name].append(tuple(x.shape))

    with ExitStack() as hooks, inference(model):
        example = one_example(model, images, input_shape)
        for name in shapes:
            hooks.enter_context(
                model.get_submodule(name).register_forward_pre_hook(
                    partial(note, name), with_kwargs=True
                )
            )
        run_example(model, example, blank=images is None)
    return shapes
