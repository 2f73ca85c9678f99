"""One setting of a study, all of its seeds; and one setting minus another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._require import require_equal
from ...measuring import Comparison
from ...measuring.seeds import MIN_SEEDS, paired_t_interval
from .rows import Row
from .values import Values
from .verdicts import Claims, Verdict, claim_key, find_verdict


@dataclass(frozen=True, eq=False, repr=False)
class Setting:
    """One method with one choice of settings: its rows, seed by seed.

    rows : one for each seed
    baselines : of the same seeds
    checksum : of the data set
    claims : of the study

    >>> from mini_compress import studies
    >>> study = studies.load("post_training_quantization")
    >>> setting = study.one(
    ...     network="LeNet5", method="quantize_weights", bits=8,
    ...     granularity="channel",
    ... )
    >>> setting.seeds, setting.n, bool(setting.verdict)
    ((0, 1, 2), 10000, True)
    >>> f"{setting.compression_ratio:.1f}"
    '3.9'
    """

    rows: tuple[Row, ...]
    baselines: tuple[Row, ...]
    checksum: str
    claims: Claims

    @property
    def network(self) -> str:
        """Of the baseline."""
        return self.rows[0].network

    @property
    def dataset(self) -> str:
        """Whose test images it was scored on."""
        return self.rows[0].dataset

    @property
    def method(self) -> str:
        """What was done; "float" is the baseline."""
        return self.rows[0].method

    @property
    def settings(self) -> Mapping[str, Any]:
        """Of the method."""
        return self.rows[0].settings

    @property
    def seeds(self) -> tuple[int, ...]:
        """In the order of all values."""
        return tuple(row.seed for row in self.rows)

    @property
    def n(self) -> int:
        """Number of test images."""
        return self.rows[0].n

    @property
    def accuracy(self) -> Values:
        """Share of the test images classified correctly, in percent."""
        return Values(tuple(row.accuracy for row in self.rows))

    @property
    def drop(self) -> Values:
        """Loss of accuracy against each seed's baseline, in pp."""
        return Values(tuple(row.comparison.drop for row in self.rows))

    @property
    def num_bytes(self) -> Values:
        """Length of the file."""
        return Values(tuple(row.num_bytes for row in self.rows))

    @property
    def compression_ratio(self) -> Values:
        """Length of the same seed's float32 file, over that of this one."""
        pairs = zip(self.baselines, self.rows, strict=True)
        return Values(
            tuple(base.num_bytes / row.num_bytes for base, row in pairs)
        )

    @property
    def macs(self) -> Values:
        """Multiply-accumulates for one image."""
        return Values(tuple(row.macs for row in self.rows))

    @property
    def total_epochs(self) -> int:
        """All that was trained, the baseline included."""
        return self.rows[0].total_epochs

    @property
    def verdict(self) -> Verdict | None:
        """That of the study which claims it, its home; None for a control."""
        return find_verdict(claim_key(self.rows[0]), self.claims)

    def against(self, other: "Setting") -> "Gain":
        """Pair with another setting, seed by seed; `self - other` is short."""
        return Gain.of(self, other)

    def __sub__(self, other: "Setting") -> "Gain":
        return self.against(other)

    def __repr__(self) -> str:
        options = "".join(f", {k}={v!r}" for k, v in self.settings.items())
        where = f"{self.network}, {self.dataset}"
        return f"Setting({where}, {self.method}{options}, seeds {self.seeds})"


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
    """

    first: tuple[Row, ...]
    second: tuple[Row, ...]

    @classmethod
    def of(cls, first: Setting, second: Setting) -> "Gain":
        """Pair two settings, of the same study or of two."""
        require_equal("dataset", first.dataset, second.dataset)
        require_equal("images", first.checksum, second.checksum)
        ours = {row.seed: row for row in first.rows}
        others = {row.seed: row for row in second.rows}
        seeds = [seed for seed in ours if seed in others]
        if not seeds:
            raise ValueError(
                f"settings must share a seed, got {first.seeds} and "
                f"{second.seeds}"
            )
        return cls(
            tuple(ours[seed] for seed in seeds),
            tuple(others[seed] for seed in seeds),
        )

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
