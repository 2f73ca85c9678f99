"""How a weight is rounded while it learns.

Each module here maps a weight to scale * code, one scale per output or one for
all, and tells both: the layer of integers is made of them.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...layers import PackedWeight
from .gradients import give_instead, gradient_factor, round_learned_step
from .outputs import first_step

TERNARY_SHARE = 0.7  # of the mean size: what lies below becomes 0


class Levels(NamedTuple):
    """A weight as the layer of integers has it.

    codes : (outputs, ...) float32, whole numbers, of the weight's shape
    scale : (outputs,) or (1,) float32
    bits : of a code, 2 to 8
    """

    codes: Tensor
    scale: Tensor
    bits: int

    def weight(self) -> Tensor:
        """Return scale * code."""
        return self.codes * along_outputs(self.scale, self.codes)


class WeightRounding(nn.Module):
    """Rounds a weight of (outputs, ...); what is written here passes straight.

    weight : (outputs, ...) float32, as it is before it learns
    bits : asked for
    least : (outputs,) float32; smaller a scale must not be, for the bias to
        fit int32
    per_tensor : one scale for all outputs
    """

    least: Tensor

    def __init__(
        self, weight: Tensor, bits: int, least: Tensor, *, per_tensor: bool
    ) -> None:
        super().__init__()
        self.bits, self.per_tensor = bits, per_tensor
        least = least.max()[None] if per_tensor else least
        self.register_buffer("least", least)
        self.begin(weight.detach())

    def begin(self, weight: Tensor) -> None:
        """Make what learns along, of the weight as it is before."""

    def levels(self, weight: Tensor) -> Levels:
        """Return the codes of a weight, and their scale as it is now."""
        raise NotImplementedError

    def forward(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rounded weight and its scale, (outputs,) or (1,)."""
        levels = self.levels(weight.detach())
        return give_instead(weight, levels.weight()), levels.scale

    def means(self, weight: Tensor) -> Tensor:
        """Return the mean of what shares a scale, (outputs,) or (1,)."""
        return weight.mean()[None] if self.per_tensor else row_means(weight)

    def extra_repr(self) -> str:
        """Show the bits when the module is printed."""
        return f"bits={self.bits}, per_tensor={self.per_tensor}"


class LargestStep(WeightRounding):
    """The scale is that of the largest weight, at every step anew.

    Codes are symmetric, in the narrow range, as `quantize_network` has them.
    See [jacob2018quantization], section 3.
    """

    def levels(self, weight: Tensor) -> Levels:
        """Return codes up to 2**(bits-1) - 1."""
        highest = 2 ** (self.bits - 1) - 1
        sizes = weight.abs()
        largest = sizes.amax()[None] if self.per_tensor else row_largest(sizes)
        scale = torch.maximum(largest / highest, self.least)
        codes = (weight / along_outputs(scale, weight)).round()
        return Levels(codes.clamp(-highest, highest), scale, self.bits)


class LearnedWeightStep(WeightRounding):
    """The scale is learned by its own gradient (LSQ).

    It starts at 2 mean|w| / sqrt(2**(bits-1) - 1). The parameter is the
    scale's logarithm, as in `LearnedOutputStep`. Codes are those of the paper,
    -2**(bits-1) among them: with 2 bits there are four. See
    [esser2020learned].
    """

    def begin(self, weight: Tensor) -> None:
        """Make the scale a parameter."""
        self.ends = -(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1
        start = first_step(self.means(weight.abs()), self.ends[1])
        self.log_step = nn.Parameter(torch.maximum(start, self.least).log())
        count = weight.numel() // len(start)
        self.factor = gradient_factor(count, self.ends[1])

    def levels(self, weight: Tensor) -> Levels:
        """Return the codes at the step as it is now."""
        scale = self.log_step.detach().exp()
        codes = (weight / along_outputs(scale, weight)).round()
        return Levels(codes.clamp(*self.ends), scale, self.bits)

    def forward(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rounded weight and its scale, which learns too."""
        scale = self.log_step.exp()
        rounded = round_learned_step(
            weight,
            along_outputs(scale, weight),
            lowest=self.ends[0],
            highest=self.ends[1],
            factor=self.factor,
            name="a weight's step",
        )
        return rounded, scale


class TernaryWeight(WeightRounding):
    """-scale, 0 or scale: what is small becomes 0, the rest its mean size.

    >>> weight = torch.tensor([[0.9, -0.7, 0.1, 0.3]])
    >>> rounding = TernaryWeight(weight, 2, torch.zeros(1), per_tensor=False)
    >>> rounded, scale = rounding(weight)
    >>> rounded
    tensor([[ 0.8000, -0.8000,  0.0000,  0.0000]])

    See [li2016ternary], section 2: the threshold is .7 of the mean size.
    """

    def levels(self, weight: Tensor) -> Levels:
        """Return codes -1, 0 and 1."""
        sizes = weight.abs()
        threshold = TERNARY_SHARE * self.means(sizes)
        kept = (sizes > along_outputs(threshold, weight)).float()
        scale = self.means(sizes * kept) / self.means(kept).clamp_min(1e-12)
        codes = weight.sign() * kept
        return Levels(codes, torch.maximum(scale, self.least), self.bits)


class BinaryWeight(WeightRounding):
    """The sign of a weight, times the mean size; the sign of 0 is 1.

    The layer of integers keeps the two codes in 2 bits. See
    [rastegari2016xnor], section 3.1.

    >>> weight = torch.tensor([[0.5, -0.25, 0.0, 0.25]])
    >>> rounding = BinaryWeight(weight, 1, torch.zeros(1), per_tensor=False)
    >>> rounding(weight)[0]
    tensor([[ 0.2500, -0.2500,  0.2500,  0.2500]])
    """

    def levels(self, weight: Tensor) -> Levels:
        """Return codes -1 and 1."""
        codes = torch.where(weight < 0, -1.0, 1.0)
        scale = torch.maximum(self.means(weight.abs()), self.least)
        return Levels(codes, scale, max(2, self.bits))


class KeptWeight(WeightRounding):
    """Codes that were chosen before, and stay: those of a weight-only layer.

    kept : has one scale for each output, or for all
    """

    codes: Tensor
    scale: Tensor

    def __init__(self, kept: PackedWeight) -> None:
        nn.Module.__init__(self)
        self.bits, self.per_tensor = kept.bits, kept.per_tensor
        self.register_buffer("codes", kept.codes().float())
        self.register_buffer("scale", kept.scale.flatten().clone())

    def levels(self, weight: Tensor) -> Levels:
        """Return the codes."""
        return Levels(self.codes, self.scale, self.bits)


def along_outputs(values: Tensor, weight: Tensor) -> Tensor:
    """Shape (outputs,) values so that they broadcast over a weight's rows."""
    return values.reshape(-1, *[1] * (weight.ndim - 1))


def row_means(weight: Tensor) -> Tensor:
    """Return the mean of each output's weights, (outputs,)."""
    return weight.flatten(1).mean(dim=1)


def row_largest(weight: Tensor) -> Tensor:
    """Return the largest of each output's weights, (outputs,)."""
    return weight.flatten(1).amax(dim=1)
