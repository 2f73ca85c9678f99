"""How sparse a network should be at each step of its training.

    sparsity = final + (initial - final) * (1 - progress) ** 3

where progress goes from 0 to 1 between the first step of the schedule and the
last: fast at first, when most weights are of no use, and slowly at the end.
"""

from dataclasses import dataclass

from ..._require import require_int, require_number


@dataclass(frozen=True)
class CubicSchedule:
    """The cubic schedule of gradual pruning.

    final : sparsity from the step `end` on, in [0, 1)
    start, end : steps between which it rises, 0 <= start < end
    initial : sparsity up to the step `start`, in [0, 1), at most `final`
    every : steps from one change to the next; the last change is at `end`

    >>> schedule = CubicSchedule(0.8, start=0, end=100, every=25)
    >>> [round(schedule.sparsity(step), 3) for step in (0, 25, 50, 75, 100)]
    [0.0, 0.463, 0.7, 0.788, 0.8]
    >>> schedule.sparsity(49) == schedule.sparsity(25)
    True

    See [zhu2018prune], equation 1.
    """

    final: float
    start: int
    end: int
    initial: float = 0.0
    every: int = 1

    def __post_init__(self) -> None:
        require_number("final", self.final, 0, 1)
        require_number("initial", self.initial, 0, 1)
        require_int("start", self.start, 0)
        require_int("end", self.end, self.start + 1)
        require_int("every", self.every, 1)
        if self.initial > self.final:
            raise ValueError(
                f"initial must be at most final, {self.final}, "
                f"got {self.initial}"
            )

    def sparsity(self, step: int) -> float:
        """Return the sparsity that holds after a step."""
        if step >= self.end:
            return self.final
        passed = max(step - self.start, 0) // self.every * self.every
        progress = passed / (self.end - self.start)
        return self.final + (self.initial - self.final) * (1 - progress) ** 3

    def is_due(self, step: int) -> bool:
        """Say whether the sparsity changes at a step."""
        if not self.start <= step <= self.end:
            return False
        return step == self.end or (step - self.start) % self.every == 0
