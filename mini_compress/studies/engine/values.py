"""One number for each seed, shown as their mean and their ends."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from ...writing import MINUS


@dataclass(frozen=True, order=True)
class Values:
    """A quantity of a setting, seed by seed.

    by_seed : at least one number, in the order of the seeds

    A format applies to mean, lowest and highest alike; what it shows equal for
    all seeds is shown once.

    >>> accuracy = Values((89.12, 89.27, 89.51))
    >>> f"{accuracy:.2f}"
    '89.30 (89.12 to 89.51)'
    >>> f"{accuracy.mean:.1f}", accuracy.highest
    ('89.3', 89.51)
    >>> accuracy.reading
    (89.3, 89.12, 89.51)
    >>> f"{Values((132_694, 132_761)) / 1000:.1f} KB"
    '132.7 (132.7 to 132.8) KB'
    >>> f"{Values((42, 42, 42)):d}"
    '42'
    """

    by_seed: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.by_seed:
            raise ValueError("by_seed must not be empty, got no seeds")

    @property
    def mean(self) -> float:
        """Mean over the seeds; not beyond the highest of them."""
        return statistics.mean(self.by_seed)

    @property
    def lowest(self) -> float:
        """The smallest of the seeds."""
        return min(self.by_seed)

    @property
    def highest(self) -> float:
        """The largest of the seeds."""
        return max(self.by_seed)

    @property
    def reading(self) -> tuple[float, float, float]:
        """Mean, lowest and highest, as an Explorer takes them."""
        return self.mean, self.lowest, self.highest

    def __iter__(self) -> Iterator[float]:
        return iter(self.by_seed)

    def __len__(self) -> int:
        return len(self.by_seed)

    def __truediv__(self, divisor: "float | Values") -> "Values":
        """Divide each seed's value, by a number or by the same seed's."""
        if not isinstance(divisor, Values):
            divisor = Values((divisor,) * len(self))
        pairs = zip(self.by_seed, divisor.by_seed, strict=True)
        return Values(tuple(ours / other for ours, other in pairs))

    def __format__(self, spec: str) -> str:
        mean, low, high = (
            format(value, spec).replace("-", MINUS)
            for value in (self.mean, self.lowest, self.highest)
        )
        return low if low == high else f"{mean} ({low} to {high})"

    def __str__(self) -> str:
        return format(self)
