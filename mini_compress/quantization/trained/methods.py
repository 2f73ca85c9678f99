"""The methods by name: how each rounds weights, and what steps give."""

from typing import NamedTuple

from torch import Tensor

from ..._require import require_int
from .clusters import ClusteredWeight
from .outputs import (
    LearnedClip,
    LearnedOutputStep,
    MovingRange,
    OutputRounding,
    Seen,
)
from .weights import (
    BinaryWeight,
    LargestStep,
    LearnedWeightStep,
    TernaryWeight,
    WeightRounding,
)


class Method(NamedTuple):
    """How a method rounds while a network learns.

    weight : how a weight
    output : how what a step gives
    only_bits : of a weight, where the method knows no others
    """

    weight: type[WeightRounding]
    output: type[OutputRounding]
    only_bits: int | None = None

    def require_bits(self, name: str, bits: int) -> None:
        """Refuse bits of all weights that the method does not know."""
        if self.only_bits is None:
            require_int(name, bits, 2, 8)
        else:
            require_int(name, bits, self.only_bits, self.only_bits)

    def weight_rounding(
        self, weight: Tensor, least: Tensor, *, bits: int, per_tensor: bool
    ) -> WeightRounding:
        """Return the rounding of a layer's weight.

        weight, least, bits, per_tensor : see `WeightRounding`. With bits that
            the method does not know, the layer learns a step.
        """
        known = self.only_bits in (None, bits)
        kind = self.weight if known else LearnedWeightStep
        return kind(weight, bits, least, per_tensor=per_tensor)

    def output_rounding(
        self, name: str, bits: int, seen: Seen
    ) -> OutputRounding:
        """Return the rounding of what a step gives.

        seen : of calibration images. A clip from above is of what is never
            below 0; other steps of such a method learn a step.
        """
        kind = self.output
        if kind is LearnedClip and seen.low < 0:
            kind = LearnedOutputStep
        return kind(name, bits, seen)  # type: ignore[call-arg,arg-type]


METHODS: dict[str, Method] = {
    "moving_range": Method(LargestStep, MovingRange),
    "lsq": Method(LearnedWeightStep, LearnedOutputStep),
    "pact": Method(LearnedWeightStep, LearnedClip),
    "ternary": Method(TernaryWeight, LearnedOutputStep, only_bits=2),
    "binary": Method(BinaryWeight, LearnedOutputStep, only_bits=1),
    "clustered": Method(ClusteredWeight, LearnedOutputStep),
}
