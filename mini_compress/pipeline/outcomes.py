"""What a step has come to: the network as a file, its score and its costs."""

from dataclasses import dataclass, field

from torch import nn

from .. import artifact
from ..datasets import Dataset
from ..hardware import ledger
from ..measuring import wilson_interval
from ..training import evaluate
from .recipes import Step


@dataclass(frozen=True)
class Outcome:
    """A network after a step, or before the first one.

    step : None before the first one
    num_correct, n : of the validation images
    parameters, non_zeros, macs : as the ledger counts them
    seconds : that step and score have taken, when they were taken
    data : the file of the network
    reused : whether the outcome was found in a folder
    """

    step: Step | None
    num_correct: int
    n: int
    parameters: int
    non_zeros: int
    macs: int
    seconds: float = field(compare=False)
    data: bytes = field(repr=False)
    reused: bool = field(default=False, compare=False)

    @property
    def accuracy(self) -> float:
        """Share of the validation images classified correctly, in percent."""
        return 100 * self.num_correct / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval for the accuracy, in percent."""
        low, high = wilson_interval(self.num_correct, self.n)
        return 100 * low, 100 * high

    @property
    def num_bytes(self) -> int:
        """Length of the network's file."""
        return len(self.data)

    @property
    def sparsity(self) -> float:
        """Fraction of the parameters that are zero."""
        return 1 - self.non_zeros / self.parameters if self.parameters else 0.0

    def __str__(self) -> str:
        return (
            f"{self.step or 'original'}: {self.accuracy:.2f} % of "
            f"{self.n:,} validation images, {self.num_bytes / 1000:,.1f} KB, "
            f"{self.macs:,} MACs, {self.seconds:.1f} s"
        )


def measure(
    step: Step | None, model: nn.Module, data: Dataset, seconds: float
) -> Outcome:
    """Score a network on validation images and count what it costs."""
    score = evaluate(model, data.validation)
    shape = tuple(data.validation.pixels.shape[1:])
    costs = ledger(model, input_shape=shape, devices=())
    return Outcome(
        step=step,
        num_correct=score.num_correct,
        n=len(score),
        parameters=costs.parameters,
        non_zeros=costs.non_zeros,
        macs=costs.macs,
        seconds=seconds,
        data=artifact.to_bytes(model),
    )
