"""A layer that multiplies with its rounded weight while it learns."""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from .gradients import round_straight_through
from .outputs import OutputRounding
from .weights import Levels, WeightRounding


class RoundedLayer(nn.Module):
    """A linear or convolutional layer whose weight and bias are rounded.

    layer : holds the real weight and bias, which learn
    rounding : of the weight
    reads : rounds what the layer reads: the bias is counted in steps of its
        step times the weight's scale, as the layer of integers does
    kept : of the weight's shape, 0 where a weight was pruned and stays 0;
        None if none was
    """

    kept: Tensor | None

    def __init__(
        self,
        layer: nn.Linear | nn.Conv2d,
        rounding: WeightRounding,
        reads: OutputRounding,
        kept: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.layer, self.rounding = layer, rounding
        self._reads = (reads,)  # in a tuple, it is no part of this module
        self.register_buffer("kept", kept)

    @property
    def reads(self) -> OutputRounding:
        """Rounds what the layer reads."""
        return self._reads[0]

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to x, float32, with what its numbers round to."""
        weight, scale = self.rounding(self.layer.weight)
        if self.kept is not None:
            weight = weight * self.kept
        rounded = {"weight": weight}
        if self.layer.bias is not None:
            steps = (self.reads.step() * scale).detach()
            codes = round_straight_through(self.layer.bias / steps)
            rounded["bias"] = codes * steps
        output: Tensor = functional_call(self.layer, rounded, (x,))
        return output

    @torch.no_grad()
    def levels(self) -> Levels:
        """Return the weight as codes, as it is now."""
        levels = self.rounding.levels(self.layer.weight)
        if self.kept is None:
            return levels
        return levels._replace(codes=levels.codes * self.kept)
