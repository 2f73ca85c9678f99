"""What all studies found, put together: points, their costs, and a choice."""

from .choice import Choice, Constraints, choose, undominated
from .costs import Costs, costs
from .front import pareto
from .pairs import Pair, pair_table, pairs_of
from .points import Point, collect
from .tables import effort_table, front_table, step_table, winner_table

__all__ = [
    "Choice",
    "Constraints",
    "Costs",
    "Pair",
    "Point",
    "choose",
    "collect",
    "costs",
    "effort_table",
    "front_table",
    "pair_table",
    "pairs_of",
    "pareto",
    "step_table",
    "undominated",
    "winner_table",
]
