"""One setting of a study minus another, seed by seed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._require import require_equal
from ...measuring import Comparison
from ...measuring.seeds import MIN_SEEDS, paired_t_interval
from ...writing import signed
from .rows import Row
from .values import Values


@dataclass(frozen=True, eq=False, repr=False)
class Gain:
    """What one setting has over another, the seeds that both have in pairs.

    first, second : their rows, seed by seed

    As Markdown it is the mean, the lowest and the highest gain in pp, in how
    many seeds the first is ahead, and whether it is **better**.

    >>> from mini_compress import studies
    >>> study = studies.load("slimming")
    >>> penalized, plain = (
    ...     study.one(method="slimming", scope="global", strength=strength)
    ...     for strength in (0.003, 0.0)
    ... )
    >>> gain = penalized - plain
    >>> gain.ahead, gain.better
    ('3 of 3', None)
    >>> print(gain)
    +12.23 (+11.34 to +13.63), 3 of 3
    >>> gain.in_words
    '+12.23 pp (95 % interval +9.19 to +15.28)'
    """

    first: tuple[Row, ...]
    second: tuple[Row, ...]

    @property
    def values(self) -> Values:
        """The gains in accuracy, in pp."""
        return Values(tuple(self._pairs(lambda a, b: a.accuracy - b.accuracy)))

    @property
    def ahead(self) -> str:
        """In how many seeds the first is ahead: "3 of 3"."""
        return f"{sum(gain > 0 for gain in self.values)} of {len(self.first)}"

    @property
    def interval(self) -> tuple[float, float]:
        """Student's 95 % interval for the mean gain, in pp."""
        return paired_t_interval(self.values.by_seed)

    @property
    def between(self) -> str:
        """The ends of the interval, as text; empty for a single seed."""
        if len(self.first) < 2:
            return ""
        return " to ".join(signed(end) for end in self.interval)

    @property
    def in_words(self) -> str:
        """The mean and, if there is one, its interval, for a sentence."""
        interval = f" (95 % interval {self.between})" * bool(self.between)
        return f"{signed(self.values.mean)} pp{interval}"

    @property
    def marked(self) -> str:
        """The mean in pp, for a cell of a table: bold if it is better."""
        mean = signed(self.values.mean)
        return f"**{mean}**" if self.better else mean

    @property
    def better(self) -> bool | None:
        """Whether the interval is above 0; None with fewer than 5 seeds."""
        if len(self.first) < MIN_SEEDS:
            return None
        return self.interval[0] > 0

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The first against the second, image by image, for each seed."""
        return tuple(self._pairs(compare_rows))

    @property
    def bound(self) -> float:
        """Largest one-sided upper 95 % bound of what the first loses, in pp."""
        return max(pair.upper_bound() for pair in self.comparisons)

    def _pairs(self, function: Callable[[Row, Row], Any]) -> list[Any]:
        return list(map(function, self.first, self.second))

    def __format__(self, spec: str) -> str:
        return format(self.values, spec) if spec else str(self)

    def __str__(self) -> str:
        sure = ", **better**" if self.better else ""
        return f"{self:+.2f}, {self.ahead}{sure}"

    def __repr__(self) -> str:
        return f"Gain({self:+.2f} pp, ahead in {self.ahead} seeds)"


def compare_rows(first: Row, second: Row) -> Comparison:
    """Compare two rows on the same images: what does the first lose?

    >>> from mini_compress.studies import Row
    >>> facts = dict(network="A", dataset="B", method="float", settings={},
    ...     seed=0, n=4, b=0, c=0, num_bytes=1, macs=1, total_epochs=1,
    ...     seconds=0)
    >>> first = Row(**facts, correct=3, wrong=bytes([0b1000_0000]))
    >>> second = Row(**facts, correct=2, wrong=bytes([0b0110_0000]))
    >>> compare_rows(first, second)
    Comparison(lost=1, gained=2, n=4)
    """
    require_equal("dataset", first.dataset, second.dataset)
    require_equal("n", first.n, second.n)
    ours, theirs = first.unpack(), second.unpack()
    return Comparison(
        lost=int(np.count_nonzero(ours & ~theirs)),
        gained=int(np.count_nonzero(theirs & ~ours)),
        n=first.n,
    )
