"""The rank of each layer by a rule for all, ready for `factorize`.

A layer that the rule would not make smaller is left out: it stays whole.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, nn

from .._require import require_int
from ..graph.moments import second_moments
from ..kernels.low_rank import energy_rank, evbmf
from .layers import TWO_NAMES, Treated, find_layers
from .methods import METHODS, Rank, method_for, num_weights, share_rank
from .spectra import matrices, spectra

Ranks = dict[str, Rank]


def share_ranks(
    model: nn.Module,
    share: float,
    *,
    method: str | None = None,
    layers: Sequence[str] | None = None,
) -> Ranks:
    """Give every layer the same share of its weights.

    share : of the weights, in (0, 1). A layer has the largest rank with at
        most that share, 1 at least; for tucker the ranks of outputs and
        inputs are in proportion to their numbers.
    method : of convolutions: "channel" (None too), "spatial" or "tucker"; the
        same goes to `factorize`
    layers : names; None for every linear layer and convolution

    >>> from mini_compress.models import build
    >>> share_ranks(build("LeNet300"), 0.25)
    {'classifier.1': 54, 'classifier.3': 18, 'classifier.5': 2}
    """
    found = find_layers(model, layers, method)
    ranks = {
        name: share_rank(one.geometry, one.method, share)
        for name, one in found.items()
    }
    return {name: rank for name, rank in ranks.items() if rank is not None}


def energy_ranks(
    model: nn.Module,
    share: float,
    *,
    method: str | None = None,
    layers: Sequence[str] | None = None,
    images: Tensor | None = None,
) -> Ranks:
    """Give every layer the smallest rank that keeps a share of its energy.

    share : of the sum of the squared singular values, in (0, 1]. For tucker
        each of the two unfoldings keeps that share, and their product may
        miss up to the sum of what both miss.
    method, layers : as for `share_ranks`
    images : (n, ...) float32 training images, or int64 token ids: with them
        the energy is that of the outputs, of linear layers and of convolutions
        by channel

    >>> from mini_compress import zoo
    >>> energy_ranks(zoo.load("LeNet300", "mnist5k"), 0.9)
    {'classifier.1': 61, 'classifier.3': 34, 'classifier.5': 8}
    """
    found = find_layers(model, layers, method)
    geometries = {name: one.geometry for name, one in found.items()}
    moments = (
        {} if images is None else second_moments(model, geometries, images)
    )

    def choose(name: str, one: Treated) -> list[int]:
        values = spectra(one, moments.get(name))
        return [max(1, energy_rank(x, share)) for x in values]

    return _paying(found, choose)


def evbmf_ranks(
    model: nn.Module,
    *,
    floor: int = 1,
    method: str | None = None,
    layers: Sequence[str] | None = None,
) -> Ranks:
    """Give every layer as many terms as stand out of what looks like noise.

    floor : the smallest rank given, >= 1. A trained layer may be called all
        noise: `kernels.low_rank.evbmf` says when it falls to 0.
    method, layers : as for `share_ranks`; for tucker each of the unfoldings
        has its rank, and of several groups the largest counts

    >>> from mini_compress import zoo
    >>> evbmf_ranks(zoo.load("LeNet300", "mnist5k"), floor=4)
    {'classifier.1': 74, 'classifier.3': 16, 'classifier.5': 4}

    See [nakajima2013global]; for tucker [kim2016compression].
    """
    floor = require_int("floor", floor, 1)
    found = find_layers(model, layers, method)

    def choose(_: str, one: Treated) -> list[int]:
        largest = METHODS[one.method].largest_ranks(one.geometry)
        return [
            min(most, max(floor, *map(evbmf, groups)))
            for groups, most in zip(matrices(one), largest, strict=True)
        ]

    return _paying(found, choose)


def count_weights(
    model: nn.Module, ranks: Mapping[str, Rank], *, method: str | None = None
) -> int:
    """Count the weights that layers would have, biases left out.

    ranks, method : as for `factorize`; None for a layer that stays whole

    >>> from mini_compress.models import build
    >>> count_weights(build("LeNet300"), {"classifier.1": 20})
    21680
    """
    found = find_layers(model, list(ranks), method)
    if len(found) < len(ranks):
        raise ValueError(TWO_NAMES)
    return sum(
        math.prod(one.geometry.weight_shape)
        if rank is None
        else num_weights(
            one.geometry, method_for(one.geometry, method, rank), rank
        )
        for one, rank in zip(found.values(), ranks.values(), strict=True)
    )


def _paying(
    found: Mapping[str, Treated], choose: Callable[[str, Treated], list[int]]
) -> Ranks:
    """Return the ranks that are chosen and make their layers smaller."""
    ranks: Ranks = {}
    for name, one in found.items():
        first, *rest = choose(name, one)
        rank = (first, *rest) if rest else first
        after = num_weights(one.geometry, one.method, rank)  # type: ignore[arg-type]
        if after < math.prod(one.geometry.weight_shape):
            ranks[name] = rank  # type: ignore[assignment]
    return ranks
