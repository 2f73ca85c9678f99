"""Recipes: several methods in a row, on one network.

recipes   what a recipe is, and its TOML file
steps     the table of steps: which function each is, what it works on
planning  whether a recipe can be followed, before any work
running   following it, with progress and a folder to go on from
grids     many of them, side by side or on many machines

Each step is a method of the book, with the settings that its function has
under the same names.

>>> print(", ".join(STEPS))  # doctest: +ELLIPSIS
prune_weights, prune_gradually, prune_iteratively, prune_filters, ...
"""

from .grid_results import GridResult
from .grids import cross, grid
from .listing import list_steps
from .outcomes import Outcome
from .planning import require_possible
from .recipes import Recipe, Step, shipped
from .results import Result
from .running import run
from .steps import STEPS

__all__ = [
    "STEPS",
    "GridResult",
    "Outcome",
    "Recipe",
    "Result",
    "Step",
    "cross",
    "grid",
    "list_steps",
    "require_possible",
    "run",
    "shipped",
]
