"""What a recipe has come to, as a report."""

from dataclasses import dataclass

from torch import nn

from ..measuring import Comparison, Score, compare
from ..tables import Cell, Table, Tables
from ..writing import significant
from .outcomes import Outcome
from .recipes import Recipe


@dataclass(frozen=True, repr=False)
class Result(Tables):
    """A recipe, and the network after each of its steps.

    outcomes : before the first step, and after each
    model : the network after the last step, in evaluation mode
    test : scores of the network before and after on test images, if asked for
    """

    recipe: Recipe
    outcomes: tuple[Outcome, ...]
    model: nn.Module
    test: tuple[Score, Score] | None = None

    @property
    def final(self) -> Outcome:
        """What the last step came to."""
        return self.outcomes[-1]

    @property
    def compression_ratio(self) -> float:
        """Bytes of the original file / bytes of the last one."""
        return self.outcomes[0].num_bytes / self.final.num_bytes

    @property
    def seconds(self) -> float:
        """What all steps have taken, whenever that was."""
        return sum(outcome.seconds for outcome in self.outcomes)

    @property
    def comparison(self) -> Comparison | None:
        """Before and after, paired image by image, on the test images."""
        return None if self.test is None else compare(*self.test)

    def tables(self) -> tuple[Table, ...]:
        """Show every step, then the test if there was one."""
        steps = Table(
            f"{self.recipe.name}: {self.seconds:.1f} seconds",
            (
                *("step", "validation accuracy (%)", "KB"),
                *("compression ratio", "sparsity", "MACs", "seconds"),
            ),
            tuple(self._row(x) for x in self.outcomes),
        )
        return (steps,) if self.test is None else (steps, self._tested())

    def _row(self, outcome: Outcome) -> tuple[str, ...]:
        ratio = self.outcomes[0].num_bytes / outcome.num_bytes
        return (
            str(outcome.step or "original"),
            Cell(
                outcome.accuracy,
                f"{outcome.accuracy:.2f}",
                interval=outcome.interval,
            ),
            Cell(outcome.num_bytes / 1000, f"{outcome.num_bytes / 1000:,.1f}"),
            Cell(ratio, significant(ratio)),
            Cell(outcome.sparsity, f"{outcome.sparsity:.4f}"),
            Cell.of(outcome.macs),
            Cell(outcome.seconds, f"{outcome.seconds:.1f}"),
        )

    def _tested(self) -> Table:
        """Show both scores, and the drop with its interval."""
        assert self.test is not None  # noqa: S101, `tables` has asked
        before, after = self.test
        pair = compare(before, after)
        low, high = pair.interval()
        rows = [
            (
                name,
                Cell(
                    score.accuracy,
                    f"{score.accuracy:.2f}",
                    interval=score.interval(),
                ),
            )
            for name, score in (("original", before), ("compressed", after))
        ]
        drop = Cell(pair.drop, f"{pair.drop:.2f}", interval=(low, high))
        return Table(
            f"{len(before):,} test images: a drop of {pair.drop:.2f} pp, 95 % "
            f"interval {low:.2f} to {high:.2f} pp",
            ("network", "test accuracy (%)", "drop (pp)"),
            ((*rows[0], Cell(None, "-")), (*rows[1], drop)),
        )
