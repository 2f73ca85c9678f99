"""Which sparsity, rank or number of bits each layer gets under one budget.

Every layer offers options: each has a cost (bytes, MACs) and does some harm
(an error, a drop of accuracy). The sum of the costs must stay within the
budget, the sum of the harm be small. Harm is taken to add up over layers,
which is never quite true: what is chosen has to be measured.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._require import require_number, require_real


@dataclass(frozen=True)
class Option:
    """One way to treat a layer.

    choice : what is done: a sparsity, a rank, a number of bits
    cost : what the layer then costs, in the unit of the budget
    harm : what it does to the network; less is better
    """

    choice: Any
    cost: float
    harm: float

    def __post_init__(self) -> None:
        require_number("cost", self.cost, 0)
        require_real("harm", self.harm)


def allocate(
    options: Mapping[str, Sequence[Option]], budget: float
) -> dict[str, Option]:
    """Choose one option for each layer, greedily, within a budget.

    options : layer -> what it can be given, in any order
    budget : largest sum of the costs that is allowed
    returns : layer -> the option it gets

    All layers start with their cheapest option. Then the step that takes
    away the most harm for its cost is taken, again and again, among those
    that the budget still allows. Options that no mixture of a layer's other
    options can replace (the lower convex hull) are the only ones looked at,
    so that each step of a layer is worth less than the one before; the result
    is then at most one step of one layer away from the best sum of harm.

    >>> layers = {
    ...     "small": [Option(8, 100, 0.0), Option(4, 50, 0.1)],
    ...     "large": [Option(8, 900, 0.0), Option(4, 450, 3.0)],
    ... }
    >>> chosen = allocate(layers, budget=950)
    >>> {name: option.choice for name, option in chosen.items()}
    {'small': 4, 'large': 8}

    See [fox1966discrete].
    """
    require_number("budget", budget, 0)
    hulls = {
        name: _lower_hull(offered, name) for name, offered in options.items()
    }
    chosen = {name: hull[0] for name, hull in hulls.items()}
    spent = sum(option.cost for option in chosen.values())
    if spent > budget:
        raise ValueError(
            f"budget must allow the cheapest options, {spent:g} together, "
            f"got {budget:g}"
        )
    steps = [
        (_worth(before, after), name, after)
        for name, hull in hulls.items()
        for before, after in itertools.pairwise(hull)
    ]
    # a stable sort keeps the steps of one layer in their order
    steps.sort(key=lambda step: step[0], reverse=True)
    closed = set()  # layers whose next step was too dear
    for _, name, after in steps:
        more = after.cost - chosen[name].cost
        if name in closed or spent + more > budget:
            closed.add(name)
            continue
        chosen[name], spent = after, spent + more
    return chosen


def _lower_hull(options: Iterable[Option], name: str) -> list[Option]:
    """Return the options worth having, from the cheapest, each less harmful."""
    hull: list[Option] = []
    least = math.inf
    for option in sorted(options, key=lambda x: (x.cost, x.harm)):
        if option.harm >= least:
            continue  # a cheaper one does no more harm
        least = option.harm
        while len(hull) > 1 and (
            _worth(hull[-2], hull[-1]) <= _worth(hull[-1], option)
        ):
            hull.pop()
        hull.append(option)
    if not hull:
        raise ValueError(f"options of {name!r} must not be empty, got none")
    return hull


def _worth(before: Option, after: Option) -> float:
    """Return the harm that a step takes away for each unit of its cost."""
    return (before.harm - after.harm) / (after.cost - before.cost)
