"""What a grid of recipes has come to."""

from collections.abc import Mapping
from dataclasses import dataclass

from .._require import require_int, require_number
from ..tables import Cell, Table, Tables
from ..writing import significant
from .results import Result


@dataclass(frozen=True, repr=False)
class GridResult(Tables):
    """Results by the recipe's name, and why others have none."""

    results: Mapping[str, Result]
    failed: Mapping[str, str]

    def best(
        self,
        *,
        max_bytes: int | None = None,
        max_macs: int | None = None,
        min_accuracy: float | None = None,
    ) -> Result:
        """Return the most accurate result within a budget.

        max_bytes : of the file
        max_macs : multiply-accumulates for one example
        min_accuracy : on the validation images, in percent; then it is the
            one with the fewest bytes

        Among equals the smaller file wins. That none is within the budget is
        a ValueError that says how close the closest one is.
        """
        limits: dict[str, float] = {}
        if max_bytes is not None:
            limits["bytes"] = require_int("max_bytes", max_bytes, 1)
        if max_macs is not None:
            limits["MACs"] = require_int("max_macs", max_macs, 1)
        found = list(self.results.values())
        if not found:
            raise ValueError("results must hold at least one, got none")
        if min_accuracy is not None:
            lowest = require_number("min_accuracy", min_accuracy, 0, 100)
            limits["% wrong"] = 100 - lowest
        fits = [x for x in found if _excess(x, limits) <= 1]
        if not fits:
            raise ValueError(_nothing_fits(found, limits))

        def order(result: Result) -> tuple[float, ...]:
            final = result.final
            if min_accuracy is not None:
                return final.num_bytes, -final.num_correct
            return -final.num_correct, final.num_bytes

        return min(fits, key=order)

    def tables(self) -> tuple[Table, ...]:
        """Show a row for each recipe; then those that have no result."""
        header = (
            *("recipe", "validation accuracy (%)", "KB"),
            *("compression ratio", "sparsity", "MACs", "seconds"),
        )
        rows = [(name, *_cells(x)) for name, x in self.results.items()]
        shown = Table(f"{len(rows)} recipes", header, tuple(rows))
        if not self.failed:
            return (shown,)
        reasons = tuple(self.failed.items())
        return shown, Table("Refused", ("recipe", "reason"), reasons)


def _cells(result: Result) -> tuple[Cell, ...]:
    final, ratio = result.final, result.compression_ratio
    return (
        Cell(final.accuracy, f"{final.accuracy:.2f}", interval=final.interval),
        Cell(final.num_bytes / 1000, f"{final.num_bytes / 1000:,.1f}"),
        Cell(ratio, significant(ratio)),
        Cell(final.sparsity, f"{final.sparsity:.4f}"),
        Cell.of(final.macs),
        Cell(result.seconds, f"{result.seconds:.1f}"),
    )


def _figures(result: Result) -> dict[str, float]:
    final = result.final
    return {
        "bytes": final.num_bytes,
        "MACs": final.macs,
        "% wrong": 100 - final.accuracy,
    }


def _excess(result: Result, limits: Mapping[str, float]) -> float:
    """Return the largest of figure / limit: at most 1 if all are kept."""
    figures = _figures(result)
    shares = [
        # a limit of 0 % wrong is kept by 0 alone
        figures[x] / limit if limit else (0.0 if not figures[x] else 1e9)
        for x, limit in limits.items()
    ]
    return max(shares, default=0.0)


def _nothing_fits(found: list[Result], limits: Mapping[str, float]) -> str:
    closest = min(found, key=lambda x: _excess(x, limits))
    figures = _figures(closest)
    asked = " and ".join(f"{y:,g} {x}" for x, y in limits.items())
    got = " and ".join(f"{figures[x]:,g} {x}" for x in limits)
    return (
        f"some recipe must need at most {asked}, got none: the closest is "
        f"{closest.recipe.name!r} with {got}"
    )
