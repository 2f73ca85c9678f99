"""AdaRound: each weight goes up or down, and gradient descent learns which.

With a step s, a weight w becomes s * (floor(w / s) + h). Plain rounding sets h
to 0 or 1 by what is nearer; here h is learned for outputs that are nearest to
those of the float layer.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from .._inference import with_gradients
from ..graph.moments import relative_root

ZETA, GAMMA = 1.1, -0.1  # a sigmoid stretched beyond 0 and 1 reaches them
BETA_START, BETA_END = 20.0, 2.0
WARM_START = 0.2  # of the steps, without the regularizer
REGULARIZER_WEIGHT = 0.01  # and the learning rate: those of AIMET
LEARNING_RATE = 0.01
# of the inputs that are there, in each step: as 32 of 1,024 images would be
BATCH_SHARE = 1 / 32
FEWEST_PLACES = 128


class Problem(NamedTuple):
    """One layer's inputs, and the outputs that it should give for them.

    inputs : (groups, n, d) float32, from the rounded network
    targets : (groups, n, outputs of a group), of the float network, without
        the bias
    below : (groups, outputs of a group, d), the codes of weights that go down
    share : (groups, outputs of a group, d), of a step from there to the
        weight, in [0, 1]
    steps : (groups, outputs of a group, d)
    bias : (groups, 1, outputs of a group)
    relu : outputs are compared after it
    """

    inputs: Tensor
    targets: Tensor
    below: Tensor
    share: Tensor
    steps: Tensor
    bias: Tensor
    relu: bool

    def missed(self, h: Tensor, chosen: Tensor | slice) -> Tensor:
        """Return the errors of the outputs, (groups, chosen, outputs)."""
        y = self.inputs[:, chosen] @ (self.steps * (self.below + h)).mT
        return self._act(y) - self._act(self.targets[:, chosen])

    def relative_error(self, codes: Tensor) -> float:
        """Return the error of all outputs, relative to their size."""
        every = slice(None)
        whole = float(self._act(self.targets).square().sum())
        missed = self.missed(codes - self.below, every)
        return relative_root(float(missed.square().sum()), whole)

    def _act(self, y: Tensor) -> Tensor:
        y = y + self.bias
        return y.relu() if self.relu else y


def split_codes(
    weight: Tensor, steps: Tensor, bits: int
) -> tuple[Tensor, Tensor]:
    """Return the code below each weight, and the share of a step from there.

    weight : within the codes' range, steps broadcasts against it

    The largest weight is a code itself, and has none above: it counts as the
    whole step above the code below.

    >>> split_codes(torch.tensor([0.25, -1.5, 3.0]), torch.tensor(1.0), bits=3)
    (tensor([ 0., -2.,  2.]), tensor([0.2500, 0.5000, 1.0000]))
    """
    largest = 2 ** (bits - 1) - 1
    quotient = weight / steps
    below = quotient.floor().clamp(-largest, largest - 1)
    return below, (quotient - below).clamp(0, 1)


def learn_rounding(
    problem: Problem, steps: int, seed: int
) -> tuple[Tensor, float]:
    """Learn which weights go up: h, 0 or 1; also return what had settled.

    At the end h is set to the nearer of 0 and 1, whether or not the
    regularizer has brought it there; the second is the share that it had.
    """
    places = problem.inputs.shape[1]
    batch = min(places, max(FEWEST_PLACES, round(places * BATCH_SHARE)))
    generator = torch.Generator().manual_seed(seed)
    with with_gradients(*problem[:-1]) as tensors:
        problem = Problem._make([*tensors, problem.relu])
        v = start_of(problem.share).requires_grad_()
        adam = torch.optim.Adam([v], lr=LEARNING_RATE, fused=True)
        for step in range(steps):
            chosen = torch.randint(places, (batch,), generator=generator)
            h = rectified_sigmoid(v)
            loss = problem.missed(h, chosen).square().sum() / batch
            done = step / steps
            if done >= WARM_START:
                loss = loss + REGULARIZER_WEIGHT * regularizer(h, beta_at(done))
            adam.zero_grad()
            loss.backward()
            adam.step()
        h = rectified_sigmoid(v.detach())
    settled = float(((h == 0) | (h == 1)).float().mean())
    return (h >= 0.5).float(), settled


def rectified_sigmoid(v: Tensor) -> Tensor:
    """Return h in [0, 1]: a sigmoid stretched to [-0.1, 1.1], then cut.

    >>> rectified_sigmoid(torch.tensor([-9.0, 0.0, 9.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    return (v.sigmoid() * (ZETA - GAMMA) + GAMMA).clamp(0, 1)


def start_of(share: Tensor) -> Tensor:
    """Return the v from which h is a share.

    >>> rectified_sigmoid(start_of(torch.tensor([0.0, 0.25, 1.0])))
    tensor([0.0000, 0.2500, 1.0000])
    """
    return ((share - GAMMA) / (ZETA - GAMMA)).logit()


def regularizer(h: Tensor, beta: float) -> Tensor:
    """Return the sum of 1 - |2h - 1|^beta: 0 where every h is 0 or 1.

    >>> regularizer(torch.tensor([0.0, 0.5, 1.0]), beta=2)
    tensor(1.)
    """
    return (1 - (2 * h - 1).abs() ** beta).sum()


def beta_at(done: float) -> float:
    """Return the exponent after a share of the steps: from 20 to 2.

    >>> beta_at(0.2), round(beta_at(0.6), 6), beta_at(1.0)
    (20.0, 11.0, 2.0)
    """
    rest = (done - WARM_START) / (1 - WARM_START)
    cosine = (1 + math.cos(math.pi * rest)) / 2
    return BETA_END + (BETA_START - BETA_END) * cosine
