"""The methods by name: how each rounds weights, and what steps give."""

from typing import NamedTuple

from torch import Tensor

from ..._require import require_int
from .outputs import (
    LearnedClip,
    LearnedOutputStep,
    MovingRange,
    OutputRounding,
    Seen,
)
from .weights import (
    BinaryWeight,
    ClusteredWeight,
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

    def weight_rounding(
        self,
        name: str,
        weight: Tensor,
        least: Tensor,
        *,
        bits: int,
        mixed: bool,
        per_tensor: bool,
    ) -> WeightRounding:
        """Return the rounding of a layer's weight.

        name : of the layer
        weight, least : see `WeightRounding`
        mixed : the bits are those of this layer alone; then others than
            `only_bits` are allowed, and its step is learned
        """
        kind = self.weight
        if self.only_bits is None or (mixed and bits != self.only_bits):
            require_int(f"weight bits of {name!r}", bits, 2, 8)
        elif bits != self.only_bits:
            raise ValueError(
                f"weight_bits must be {self.only_bits} for "
                f"{self.weight.__name__}, got {bits}"
            )
        if self.only_bits is not None and bits != self.only_bits:
            kind = LearnedWeightStep
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
