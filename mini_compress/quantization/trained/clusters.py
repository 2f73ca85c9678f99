"""Levels that move to where the weights lie: re-clustered while they learn."""

import torch
from torch import Tensor

from .weights import Levels, WeightRounding

LEVEL_BITS = 8  # in which the levels of a codebook are kept
EVERY = 100  # steps between two looks at how the weights lie
ROUNDS = 5  # of Lloyd's, at each look
FIRST_ROUNDS = 50  # and before the first step


class ClusteredWeight(WeightRounding):
    """One of 2**bits levels, which move to where the weights lie.

    They start evenly from the smallest to the largest weight, then by Lloyd's
    algorithm. At every 100th step each level becomes the mean of the weights
    that are nearest to it, a few times over.

    The levels of a weight are multiples of a 127th of its largest, so that
    the layer of integers has them: it keeps 8-bit codes, of which only
    2**bits occur. See [han2016deep], section 3.
    """

    codebook: Tensor

    def begin(self, weight: Tensor) -> None:
        """Find the first levels; all outputs share them."""
        self.per_tensor, self.least = True, self.least.max()[None]
        self.taken = 0
        ends = float(weight.min()), float(weight.max())
        codebook = torch.linspace(*ends, 2**self.bits)
        self.register_buffer("codebook", codebook)
        self._follow(weight, FIRST_ROUNDS)

    def levels(self, weight: Tensor) -> Levels:
        """Return the 8-bit codes of the levels nearest to the weights."""
        highest = 2 ** (LEVEL_BITS - 1) - 1
        largest = self.codebook.abs().max()[None]
        scale = torch.maximum(largest / highest, self.least)
        codes = (self.codebook / scale).round()[self.nearest(weight)]
        return Levels(codes, scale, LEVEL_BITS)

    def nearest(self, weight: Tensor) -> Tensor:
        """Return which level is nearest to each weight, int64."""
        between = (self.codebook[1:] + self.codebook[:-1]) / 2
        return torch.bucketize(weight.contiguous(), between)

    def forward(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rounded weight and its scale; look when it is time."""
        if self.training:
            if self.taken and self.taken % EVERY == 0:
                self._follow(weight.detach(), ROUNDS)
            self.taken += 1
        return super().forward(weight)

    def _follow(self, weight: Tensor, rounds: int) -> None:
        """Let each level become the mean of its weights; some have none."""
        values, codebook = weight.flatten(), self.codebook
        for _ in range(rounds):
            nearest = self.nearest(values)
            sums = torch.zeros_like(codebook).index_add_(0, nearest, values)
            counts = torch.bincount(nearest, minlength=len(codebook))
            means = sums / counts.clamp_min(1)
            codebook.copy_(means.where(counts > 0, codebook).sort().values)
