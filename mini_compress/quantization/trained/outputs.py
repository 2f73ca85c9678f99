"""How what a step gives is rounded while a network learns.

Each module here maps real numbers to those of its grid, and says which grid
that is: unsigned codes with one scale and one zero point.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..._require import require_number
from ...kernels.affine import AffineParams
from ...kernels.ranges import grid_of
from .gradients import clip_and_round, gradient_factor, round_learned_step

MOMENTUM = 0.01  # the share of a new batch's range, as torch's observer has it
PENALTY = 0.0002  # of a clip's square: the weight decay of PACT's ResNet-20


class Seen(NamedTuple):
    """What a step has given on calibration images.

    low, high : the smallest and the largest value
    mean_size : mean of |value|
    size : how many values one image gives
    """

    low: float
    high: float
    mean_size: float
    size: int


class OutputRounding(nn.Module):
    """Rounds what a step gives, to a grid that may change while it learns.

    name : of the step
    bits : of the codes
    zero_point : the code of 0
    """

    def __init__(self, name: str, bits: int, zero_point: int = 0) -> None:
        super().__init__()
        self.name, self.bits, self.zero_point = name, bits, zero_point

    @property
    def cuts_below_zero(self) -> bool:
        """Whether a ReLU before it would change nothing, gradients included."""
        return False

    @property
    def ends(self) -> tuple[int, int]:
        """The lowest and the highest code, counted from that of 0."""
        return -self.zero_point, 2**self.bits - 1 - self.zero_point

    def step(self) -> Tensor:
        """Return the grid's step as it is now, () float32."""
        raise NotImplementedError

    def penalty(self) -> Tensor | None:
        """Return what the loss is to be raised by, if by anything."""
        return None

    def grid(self) -> AffineParams:
        """Return the grid as it is now."""
        return AffineParams(
            self.step().item(), self.zero_point, bits=self.bits, signed=False
        )

    def extra_repr(self) -> str:
        """Show the grid when the module is printed."""
        return f"{self.name!r}, bits={self.bits}, step={self.step().item():g}"


class KeptGrid(OutputRounding):
    """A grid that stays as it was found: that of the images.

    seen : of the images
    """

    kept: Tensor

    def __init__(self, name: str, bits: int, seen: Seen) -> None:
        found = grid_of(np.array([seen.low, seen.high]), bits)
        super().__init__(name, bits, int(found.zero_point))
        self.register_buffer("kept", torch.tensor(float(found.scale)))

    def step(self) -> Tensor:
        """Return the grid's step."""
        return self.kept

    def forward(self, x: Tensor) -> Tensor:
        """Round x, (n, ...) float32."""
        low, high = self.ends
        return round_learned_step(x, self.kept, lowest=low, highest=high)


class MovingRange(OutputRounding):
    """The range follows those of the batches, each new one a little.

    seen : where the range starts
    momentum : the share of what is new

    While learning, a batch moves the range and is then rounded by it; in
    evaluation mode the range stays. See [jacob2018quantization], section 3.1.

    >>> rounding = MovingRange("fc", 2, Seen(0.0, 3.0, 1.5, 10), momentum=0.5)
    >>> rounding(torch.tensor([0.2, 6.0])).tolist()  # the range: 0 to 4.5
    [0.0, 4.5]
    >>> rounding.eval()(torch.tensor([0.2, 1.4])).tolist()
    [0.0, 1.5]
    """

    range: Tensor

    def __init__(
        self, name: str, bits: int, seen: Seen, *, momentum: float = MOMENTUM
    ) -> None:
        super().__init__(name, bits)
        self.momentum = require_number("momentum", momentum, 0, 1)
        self.register_buffer("range", torch.tensor([seen.low, seen.high]))

    def step(self) -> Tensor:
        """Return the step of the range as it is now."""
        return torch.tensor(float(self.grid().scale))

    def grid(self) -> AffineParams:
        """Return the grid that covers the range."""
        return grid_of(self.range.cpu().numpy(), self.bits)

    def forward(self, x: Tensor) -> Tensor:
        """Round x, (n, ...) float32."""
        if self.training:
            batch = torch.stack(x.detach().aminmax())
            self.range.lerp_(batch, self.momentum)
        grid = self.grid()
        self.zero_point = int(grid.zero_point)
        low, high = self.ends
        step = torch.tensor(float(grid.scale), device=x.device)
        return round_learned_step(x, step, lowest=low, highest=high)


class LearnedOutputStep(OutputRounding):
    """The step is learned by its own gradient (LSQ).

    seen : of calibration images: the first step is 2 mean|x| / sqrt(highest
        code). Codes below 0 are there where values are: then 0 has the code
        that the range of the images gives it.

    The parameter is the step's logarithm. So the step stays above 0, and a
    learning rate is a share of it, whatever its size. See
    [esser2020learned].
    """

    def __init__(self, name: str, bits: int, seen: Seen) -> None:
        found = grid_of(np.array([seen.low, seen.high]), bits)
        super().__init__(name, bits, int(found.zero_point))
        start = first_step(torch.tensor(seen.mean_size), self.ends[1])
        self.log_step = nn.Parameter(start.log())
        self.factor = gradient_factor(seen.size, max(1, self.ends[1]))

    @property
    def cuts_below_zero(self) -> bool:
        """Whether there are no codes below that of 0."""
        return self.zero_point == 0

    def step(self) -> Tensor:
        """Return the step, which passes a gradient on."""
        return self.log_step.exp()

    def forward(self, x: Tensor) -> Tensor:
        """Round x, (n, ...) float32."""
        low, high = self.ends
        return round_learned_step(
            x,
            self.step(),
            lowest=low,
            highest=high,
            factor=self.factor,
            name=f"the step of {self.name!r}",
        )


class LearnedClip(OutputRounding):
    """The upper end of what a ReLU gives is learned (PACT).

    seen : of calibration images, all >= 0; the clip starts at their largest
        value
    decay : of the loss: decay * clip**2 is added

    The parameter is the clip's logarithm, see `LearnedOutputStep`. See
    [choi2018pact].
    """

    def __init__(
        self, name: str, bits: int, seen: Seen, *, decay: float = PENALTY
    ) -> None:
        super().__init__(name, bits)
        self.decay = require_number("decay", decay, 0)
        self.log_clip = nn.Parameter(torch.tensor(seen.high or 1.0).log())

    cuts_below_zero = True

    def step(self) -> Tensor:
        """Return the clip over the number of steps below it."""
        return self.log_clip.exp() / self.ends[1]

    def penalty(self) -> Tensor:
        """Return what large clips cost."""
        return self.decay * (2 * self.log_clip).exp()

    def forward(self, x: Tensor) -> Tensor:
        """Round x, (n, ...) float32."""
        return clip_and_round(
            x,
            self.log_clip.exp(),
            levels=self.ends[1],
            name=f"the clip of {self.name!r}",
        )


def first_step(mean_size: Tensor, highest: int) -> Tensor:
    """Return the step from which LSQ starts: 2 mean|x| / sqrt(highest code).

    mean_size : (...) mean |x| of what is rounded; where it is 0, 1 instead

    >>> first_step(torch.tensor([0.5, 0.0]), 4)
    tensor([0.5000, 1.0000])
    """
    size = mean_size.where(mean_size > 0, 1.0)
    return 2 * size / math.sqrt(max(1, highest))
