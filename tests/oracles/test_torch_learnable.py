"""Rounding with a learned step against torch's, as it was recorded.

torch asks whether the *rounded* quotient is inside of the grid, the paper
whether the quotient is. So up to half a step beyond either end the two differ,
and nowhere else.
"""

import json
from pathlib import Path

import pytest
import torch

from mini_compress.quantization.trained import round_learned_step

RECORD = json.loads(
    Path(__file__).with_name("torch_learnable.json").read_text()
)


@pytest.mark.parametrize("grid", RECORD["grids"])
def test_values_and_gradients_are_torchs_but_at_the_ends(grid):
    lowest, highest = grid["lowest"], grid["highest"]
    x = torch.tensor(grid["x"], requires_grad=True)
    values, of_x, of_step, plain = torch.tensor(grid["found"]).T
    # a step for each number, to see each one's share
    steps = torch.full_like(x, grid["step"]).requires_grad_()
    rounded = round_learned_step(x, steps, lowest=lowest, highest=highest)
    rounded.sum().backward()
    assert torch.equal(rounded, values)
    quotient = (x / grid["step"]).detach()
    codes = quotient.round()
    inside = (lowest < quotient) & (quotient < highest)
    near = (lowest <= codes) & (codes <= highest) & ~inside
    assert near.sum() >= 3
    torch.testing.assert_close(steps.grad[~near], of_step[~near])
    assert torch.equal(x.grad[~near], of_x[~near])
    assert torch.equal(of_x, plain)
    # there torch passes gradients on, and takes the residue for the step's
    assert (of_x[near] == 1).all()
    assert (x.grad[near] == 0).all()
    torch.testing.assert_close(of_step[near], (codes - quotient)[near])
    ends = quotient.clamp(lowest, highest)
    assert torch.equal(steps.grad[near], ends[near])
