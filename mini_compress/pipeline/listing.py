"""What steps there are, as a table."""

from ..tables import Table
from .forms import MEANINGS
from .steps import STEPS


def list_steps() -> Table:
    """Return a row for each step: its settings, what it works on and leaves.

    Settings that must be given come first and bear a star; so do those of
    which exactly one must be. What a step leaves is empty where a network
    stays what it was.

    >>> list_steps().records()[0]["settings"]
    'sparsity*, criterion, scope, seed, layers, num_images'
    """
    rows = []
    for name, kind in STEPS.items():
        needed = [x for x, y in kind.settings.items() if y]
        needed += kind.rules
        others = [x for x in kind.settings if x not in needed]
        rows.append(
            (
                name,
                ", ".join([*(f"{x}*" for x in needed), *others]),
                ", ".join(MEANINGS[x] for x in MEANINGS if x in kind.on),
                MEANINGS[kind.makes] if kind.makes else "",
            )
        )
    header = ("step", "settings", "works on", "leaves")
    return Table("Steps of recipes", header, tuple(rows))
