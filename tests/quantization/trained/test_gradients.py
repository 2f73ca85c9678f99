"""Gradients of rounding against finite differences of what they stand for.

A staircase has no slope to compare with. LSQ's gradients are those of the
function that holds each number's rounding residue fixed; PACT's are those of
the clipping before anything is rounded.
"""

import numpy as np
import pytest
import torch

from mini_compress.quantization.trained import (
    clip_and_round,
    gradient_factor,
    round_learned_step,
    round_straight_through,
)

SHIFT = 1e-6  # of float64 numbers, for differences


def draw(shape=(40, 3), seed=0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return numbers, inside and outside of most grids, and their gradients."""
    rng = torch.Generator().manual_seed(seed)
    made = [
        torch.randn(shape, generator=rng, dtype=torch.float64) for _ in "xg"
    ]
    return 3 * made[0], made[1]


def difference(function, at: torch.Tensor) -> torch.Tensor:
    """Return the slope of a function of one tensor by central differences."""
    slopes = torch.zeros_like(at)
    for i in range(at.numel()):
        ends = []
        for sign in (1, -1):
            moved = at.clone()
            moved.view(-1)[i] += sign * SHIFT
            ends.append(float(function(moved)))
        slopes.view(-1)[i] = (ends[0] - ends[1]) / (2 * SHIFT)
    return slopes


def held(x, step, at, lowest, highest):
    """Return LSQ's surrogate: step * (clipped x / step + residue of `at`)."""
    x0, step0 = at
    quotient = x0 / step0
    inside = (lowest < quotient) & (quotient < highest)
    residue = torch.where(inside, quotient.round() - quotient, 0.0)
    return step * ((x / step).clamp(lowest, highest) + residue)


@pytest.mark.parametrize(("lowest", "highest"), [(0, 15), (-2, 1), (-3, 3)])
@pytest.mark.parametrize("per_column", [False, True])
def test_learned_steps_have_the_surrogates_gradients(
    lowest, highest, per_column
):
    x, grad = draw()
    step = torch.tensor(0.7, dtype=torch.float64)
    if per_column:
        step = torch.tensor([[0.3, 0.7, 1.1]], dtype=torch.float64)
    one, other = x.clone().requires_grad_(), step.clone().requires_grad_()
    rounded = round_learned_step(one, other, lowest=lowest, highest=highest)
    (rounded * grad).sum().backward()

    def loss(x_, step_):
        return (held(x_, step_, (x, step), lowest, highest) * grad).sum()

    by_step = difference(lambda moved: loss(x, moved), step)
    by_x = difference(lambda moved: loss(moved, step), x)
    torch.testing.assert_close(other.grad, by_step, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(one.grad, by_x, rtol=1e-6, atol=1e-6)


def test_the_step_is_decided_on_what_is_not_rounded():
    """4.3 rounds to the largest code, 4, and lies outside all the same."""
    x = torch.tensor([4.3], requires_grad=True)
    step = torch.tensor(1.0, requires_grad=True)
    round_learned_step(x, step, lowest=0, highest=4).sum().backward()
    assert step.grad == 4  # and not round(4.3) - 4.3
    assert x.grad == 0


@pytest.mark.parametrize("layout", ["contiguous", "channels_last", "expanded"])
def test_gradients_do_not_depend_on_the_layout(layout):
    x, grad = draw((2, 3, 4, 5))
    step = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    if layout == "channels_last":
        x, grad = (t.to(memory_format=torch.channels_last) for t in (x, grad))
    if layout == "expanded":
        grad = grad[:, :, :1, :1].expand(x.shape)
    rounded = round_learned_step(x, step, lowest=-4, highest=3)
    rounded.backward(grad)
    plain = step.detach().clone().requires_grad_()
    again = round_learned_step(x.flatten(), plain, lowest=-4, highest=3)
    again.backward(grad.flatten())
    torch.testing.assert_close(step.grad, plain.grad)


def test_the_factor_shrinks_the_steps_gradient_alone():
    x, grad = draw()
    found = []
    for factor in (1.0, gradient_factor(x.numel(), 7)):
        one = x.clone().requires_grad_()
        step = torch.tensor(0.4, dtype=torch.float64, requires_grad=True)
        rounded = round_learned_step(
            one, step, lowest=-8, highest=7, factor=factor
        )
        rounded.backward(grad)
        found.append((one.grad, step.grad))
    assert torch.equal(found[0][0], found[1][0])
    expected = found[0][1] / np.sqrt(120 * 7)
    torch.testing.assert_close(found[1][1], expected)


def test_learned_clips_have_the_gradients_of_clipping():
    x, grad = draw()
    clip = torch.tensor(2.5, dtype=torch.float64)
    one, other = x.clone().requires_grad_(), clip.clone().requires_grad_()
    rounded = clip_and_round(one, other, levels=3)
    assert set(rounded.detach().unique().tolist()) <= {
        code * 2.5 / 3 for code in range(4)
    }
    (rounded * grad).sum().backward()

    def loss(x_, clip_):  # PACT's equation 1
        clipped = (x_.abs() - (x_ - clip_).abs() + clip_) / 2
        return (clipped * grad).sum()

    by_clip = difference(lambda moved: loss(x, moved), clip)
    by_x = difference(lambda moved: loss(moved, clip), x)
    torch.testing.assert_close(other.grad, by_clip, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(one.grad, by_x, rtol=1e-6, atol=1e-6)


def test_straight_through_rounds_to_even_and_passes_all():
    x = torch.tensor([0.5, 1.5, -2.5, 1e6], requires_grad=True)
    rounded = round_straight_through(x)
    assert rounded.tolist() == [0, 2, -2, 1e6]
    rounded.backward(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert x.grad.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_bad_gradient_is_one_clear_error(bad):
    x = torch.tensor([0.3, 0.6])
    step = torch.tensor(0.5, requires_grad=True)
    clip = torch.tensor(0.5, requires_grad=True)
    grad = torch.tensor([1.0, bad])
    rounded = round_learned_step(
        x, step, lowest=0, highest=3, name="the step of 'fc'"
    )
    with pytest.raises(ValueError, match="the step of 'fc' must be finite"):
        rounded.backward(grad)
    clipped = clip_and_round(x, clip, levels=3, name="the clip of 'fc'")
    with pytest.raises(ValueError, match="the clip of 'fc' must be finite"):
        clipped.backward(grad)
