"""The step that factorizes: ranks by one of several rules, then the layers."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from .. import low_rank

# settings of which each is a rule by which ranks are chosen
RULES = ("share", "energy", "budget", "floor", "ranks")


def factorize(
    model: nn.Module,
    images: Tensor,
    *,
    share: float | None = None,
    energy: float | None = None,
    budget: float | None = None,
    unit: str = "weights",
    floor: int | None = None,
    ranks: Mapping[str, Any] | None = None,
    method: str | None = None,
    output_aware: bool = False,
    layers: Sequence[str] | None = None,
) -> low_rank.Factorized | nn.Module:
    """Put chains of smaller layers in the place of layers.

    share, energy, budget (with its unit), floor (of EVBMF), ranks : exactly
        one, the rule by which ranks are chosen; a layer that would not have
        fewer weights stays as it is, unless its rank is given
    output_aware : keep the outputs on the images, and not the weights
    """
    shown = images if output_aware else None
    shape = tuple(images.shape[1:])
    where: dict[str, Any] = {"method": method, "layers": layers}
    chosen: Mapping[str, Any]
    if ranks is not None:
        # a pair, of Tucker, is a list in a file
        pairs = {x: y for x, y in ranks.items() if isinstance(y, list)}
        chosen = {**ranks, **{x: tuple(y) for x, y in pairs.items()}}
    elif budget is not None:
        chosen = low_rank.budget_ranks(
            model, budget, unit=unit, images=shown, input_shape=shape, **where
        )
        if not chosen:
            return model  # it is met already
    elif share is not None:
        chosen = low_rank.share_ranks(model, share, **where)
    elif energy is not None:
        chosen = low_rank.energy_ranks(model, energy, images=shown, **where)
    else:
        chosen = low_rank.evbmf_ranks(model, floor=floor or 1, **where)
    if ranks is None:
        chosen = _smaller(model, chosen, method)
    return low_rank.factorize(
        model, chosen, method=method, images=shown, input_shape=shape
    )


def _smaller(
    model: nn.Module, ranks: Mapping[str, Any], method: str | None
) -> dict[str, Any]:
    """Leave out layers that would not have fewer weights."""

    def count(name: str, rank: Any) -> int:
        return low_rank.count_weights(model, {name: rank}, method=method)

    found = {
        name: rank
        for name, rank in ranks.items()
        if count(name, rank) < count(name, None)
    }
    if not found:
        raise ValueError(
            "ranks must make some layer smaller, got none that does: "
            f"{dict(ranks)}"
        )
    return found
