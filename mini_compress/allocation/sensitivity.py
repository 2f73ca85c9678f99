"""How much accuracy each layer costs when it alone is compressed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import nn

from ..datasets import Split
from ..layers.selection import treatable_layers
from ..measuring import Score
from ..tables import Table, Tables
from ..training import evaluate


@dataclass(frozen=True, repr=False)
class Sensitivity(Tables):
    """The accuracy of a network in which one layer at a time is pruned.

    sparsities : that were tried
    num_weights : layer -> how many weights it has
    scores : layer -> one score for each sparsity
    """

    sparsities: tuple[float, ...]
    num_weights: dict[str, int]
    scores: dict[str, tuple[Score, ...]]

    def tables(self) -> tuple[Table, ...]:
        """Show one row for each layer."""
        header = ("layer", "weights", *(f"{x:g}" for x in self.sparsities))
        rows = tuple(
            (
                name,
                f"{self.num_weights[name]:,}",
                *(f"{score.accuracy:.1f}" for score in scores),
            )
            for name, scores in self.scores.items()
        )
        return (Table("Accuracy (%) by sparsity of one layer", header, rows),)

    def highest_sparsities(self, drop: float) -> dict[str, float]:
        """Return the highest sparsity at which each layer costs little.

        drop : in percentage points, below the accuracy at the lowest sparsity
            tried, which should be 0
        """
        return {
            name: max(
                sparsity
                for sparsity, score in zip(self.sparsities, scores, strict=True)
                if scores[0].accuracy - score.accuracy <= drop
            )
            for name, scores in self.scores.items()
        }


def scan_layers(
    model: nn.Module,
    split: Split,
    sparsities: Sequence[float],
    compress: Callable[[nn.Module, str, float], nn.Module],
    *,
    layers: Sequence[str] | None = None,
) -> Sensitivity:
    """Compress one layer after the other, without fine-tuning, and score.

    split : images to score on: the validation part, since the result is used
        to choose
    compress : (model, name of the layer, sparsity) -> a compressed copy; not
        called for sparsity 0
    """
    found = treatable_layers(model, layers)
    untouched = evaluate(model, split)

    def score(name: str, sparsity: float) -> Score:
        if sparsity == 0:
            return untouched
        return evaluate(compress(model, name, sparsity), split)

    scores = {name: tuple(score(name, x) for x in sparsities) for name in found}
    num_weights = {name: found[name].weight.numel() for name in found}
    return Sensitivity(tuple(sparsities), num_weights, scores)
