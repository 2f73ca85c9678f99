"""One setting of a study: all of its seeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._require import require_equal
from .gains import Gain
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
    def errors(self) -> Values:
        """Number of test images classified wrongly."""
        return Values(tuple(row.n - row.correct for row in self.rows))

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
    def seconds(self) -> Values:
        """What making and scoring it took, see `Row`."""
        return Values(tuple(row.seconds for row in self.rows))

    @property
    def total_epochs(self) -> int:
        """All that was trained, the baseline included."""
        return self.rows[0].total_epochs

    @property
    def verdict(self) -> Verdict | None:
        """That of the study which claims it, its home; None for a control."""
        return find_verdict(claim_key(self.rows[0]), self.claims)

    def against(self, other: "Setting") -> Gain:
        """Pair with another setting, seed by seed; `self - other` is short.

        other : of the same study or of another one, on the same images
        """
        require_equal("dataset", self.dataset, other.dataset)
        require_equal("images", self.checksum, other.checksum)
        ours = {row.seed: row for row in self.rows}
        others = {row.seed: row for row in other.rows}
        seeds = [seed for seed in ours if seed in others]
        if not seeds:
            raise ValueError(
                f"settings must share a seed, got {self.seeds} and "
                f"{other.seeds}"
            )
        return Gain(
            tuple(ours[seed] for seed in seeds),
            tuple(others[seed] for seed in seeds),
        )

    def __sub__(self, other: "Setting") -> Gain:
        return self.against(other)

    def __repr__(self) -> str:
        options = "".join(f", {k}={v!r}" for k, v in self.settings.items())
        where = f"{self.network}, {self.dataset}"
        return f"Setting({where}, {self.method}{options}, seeds {self.seeds})"
