"""How much accuracy each layer costs when it alone is compressed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._require import require_real
from ..measuring import Score
from ..tables import Cell, Table, Tables

if TYPE_CHECKING:  # budgets can be shared out with numpy alone
    from torch import nn

    from ..datasets import Split

    # (model, name of a layer, level) -> a copy with that layer compressed
    Compress = Callable[[nn.Module, str, float], nn.Module]


@dataclass(frozen=True, repr=False)
class Sensitivity(Tables):
    """The accuracy of a network in which one layer at a time is compressed.

    level_name : what the levels are: "sparsity", "bits", "rank"
    levels : that were tried, from the mildest to the harshest
    num_weights : layer -> how many weights it has
    scores : layer -> one score for each level
    untouched : the score of the network as it is
    """

    level_name: str
    levels: tuple[float, ...]
    num_weights: dict[str, int]
    scores: dict[str, tuple[Score, ...]]
    untouched: Score

    def tables(self) -> tuple[Table, ...]:
        """Show one row for each layer."""
        header = ("layer", "weights", *(f"{x:g}" for x in self.levels))
        rows = tuple(
            (
                name,
                Cell.of(self.num_weights[name]),
                *(Cell(x.accuracy, f"{x.accuracy:.1f}") for x in scores),
            )
            for name, scores in self.scores.items()
        )
        caption = f"Accuracy (%) by {self.level_name} of one layer"
        return (Table(caption, header, rows),)

    def harshest(self, drop: float) -> dict[str, float]:
        """Return for each layer the harshest level that costs little.

        drop : in percentage points, below the untouched network. A layer
            that costs more at every level gets the mildest.
        """
        require_real("drop", drop)
        lowest = self.untouched.accuracy - drop
        return {
            name: next(
                (
                    level
                    for level, score in zip(
                        reversed(self.levels), reversed(scores), strict=True
                    )
                    if score.accuracy >= lowest
                ),
                self.levels[0],
            )
            for name, scores in self.scores.items()
        }


def require_levels(name: str, levels: Any) -> list[float]:
    """Return levels as a list; refuse none, equal ones and what is no number.

    >>> require_levels("shares", 0.5)
    Traceback (most recent call last):
    TypeError: shares must be a list of numbers, got float
    """
    if not isinstance(levels, Iterable) or isinstance(levels, str):
        got = type(levels).__name__
        raise TypeError(f"{name} must be a list of numbers, got {got}")
    own = list(levels)
    if not own:
        raise ValueError(f"{name} must not be empty, got none")
    for level in own:
        require_real(f"each of {name}", level)
    if len(set(own)) < len(own):
        raise ValueError(f"{name} must differ from each other, got {own}")
    return own


def scan_layers(
    model: nn.Module,
    split: Split,
    levels: Sequence[float],
    compress: Compress,
    *,
    level_name: str = "level",
    layers: Sequence[str] | None = None,
) -> Sensitivity:
    """Compress one layer after the other, without fine-tuning, and score.

    split : images to score on: the validation part, since the result is used
        to choose
    levels : how much is done to a layer, from the mildest to the harshest
    compress : (model, name of a layer, level) -> a compressed copy, or the
        model itself where that level changes nothing
    level_name : what the levels are, for the table
    layers : names; None for every linear layer and convolution

    >>> import copy
    >>> from mini_compress import datasets, zoo
    >>> def keep_scaled(model, name, level):
    ...     scaled = copy.deepcopy(model)
    ...     scaled.get_submodule(name).weight.data *= level
    ...     return scaled
    >>> scan = scan_layers(
    ...     zoo.load("LeNet300", "mnist5k"),
    ...     datasets.load("mnist5k").validation,
    ...     [1.0, 0.0],
    ...     keep_scaled,
    ... )
    >>> scan.harshest(drop=5)  # without a layer hardly an image is right
    {'classifier.1': 1.0, 'classifier.3': 1.0, 'classifier.5': 1.0}

    See [han2015learning], section 4.1 and figure 6.
    """
    from ..layers.selection import treatable_layers
    from ..training import evaluate

    levels = require_levels("levels", levels)
    found = treatable_layers(model, layers)
    untouched = evaluate(model, split)

    def score(name: str, level: float) -> Score:
        compressed = compress(model, name, level)
        return untouched if compressed is model else evaluate(compressed, split)

    return Sensitivity(
        level_name,
        tuple(levels),
        {name: layer.weight.numel() for name, layer in found.items()},
        {name: tuple(score(name, x) for x in levels) for name in found},
        untouched,
    )
