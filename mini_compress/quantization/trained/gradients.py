"""Rounding with a gradient: what a staircase passes back while it learns.

The slope of a staircase is 0 wherever it has one, and nothing would learn.
Each function here rounds on the way forward, and on the way back gives the
gradient of something smoother: the straight-through estimator.
"""

from typing import Any

import torch
from torch import Tensor


def round_straight_through(x: Tensor) -> Tensor:
    """Round to whole numbers, half to even; the gradient is that of x itself.

    x : (...) floats

    >>> x = torch.tensor([0.4, 2.5], requires_grad=True)
    >>> rounded = round_straight_through(x)
    >>> rounded.tolist()
    [0.0, 2.0]
    >>> rounded.sum().backward()
    >>> x.grad
    tensor([1., 1.])

    See [bengio2013estimating].
    """
    return give_instead(x, x.detach().round())


def give_instead(x: Tensor, other: Tensor) -> Tensor:
    """Return other, which is of x's shape, to the bit; the gradient goes to x.

    >>> x = torch.tensor([0.3], requires_grad=True)
    >>> give_instead(x, torch.tensor([1.0])).backward()
    >>> x.grad
    tensor([1.])
    """
    given: Tensor = _Instead.apply(x, other)
    return given


def round_learned_step(
    x: Tensor,
    step: Tensor,
    *,
    lowest: int,
    highest: int,
    factor: float = 1.0,
    name: str = "step",
) -> Tensor:
    """Round to step * code, lowest <= code <= highest; the step can learn.

    x : (...) floats
    step : () or of a shape that broadcasts against x; > 0
    factor : of the step's gradient, see `gradient_factor`
    name : of the step, for the error where its gradient is NaN or infinite

    With q = x / step, not rounded: the gradient of x is passed where lowest <
    q < highest and is 0 elsewhere; that of the step is the sum of round(q) - q
    there, of lowest below and of highest above. torch's own learnable fake
    quantization asks the rounded q, and so takes what lies up to half a step
    beyond the ends as inside.

    >>> x = torch.tensor([0.3, 1.6, 9.0], requires_grad=True)
    >>> step = torch.tensor(1.0, requires_grad=True)
    >>> rounded = round_learned_step(x, step, lowest=0, highest=3)
    >>> rounded.tolist()
    [0.0, 2.0, 3.0]
    >>> rounded.sum().backward()
    >>> x.grad.tolist(), round(step.grad.item(), 2)  # -0.3 + 0.4 + 3
    ([1.0, 1.0, 0.0], 3.1)

    See [esser2020learned], section 2.1.
    """
    rounded: Tensor = _LearnedStep.apply(
        x, step, float(lowest), float(highest), factor, name
    )
    return rounded


def gradient_factor(count: int, highest: int) -> float:
    """Return 1 / sqrt(count * highest), by which a step's gradient shrinks.

    count : how many numbers share the step: of a weight all, of what a layer
        gives those of one image
    highest : code, >= 1

    A step collects the gradients of all its numbers; so scaled, it moves in
    proportion to its size about as much as they do. Adam, which divides by
    the size of gradients, moves the same with any factor.

    See [esser2020learned], section 2.2.
    """
    return float((count * highest) ** -0.5)


def clip_and_round(
    x: Tensor, clip: Tensor, *, levels: int, name: str = "clip"
) -> Tensor:
    """Cut x to [0, clip] and round it to clip / levels; the clip can learn.

    x : (...) floats
    clip : () > 0
    levels : steps from 0 to clip, such as 2**bits - 1

    The gradient of x is passed where 0 < x < clip; that of the clip is the sum
    where x >= clip, as if nothing were rounded.

    >>> x = torch.tensor([0.3, 1.6, 9.0], requires_grad=True)
    >>> clip = torch.tensor(3.0, requires_grad=True)
    >>> rounded = clip_and_round(x, clip, levels=3)
    >>> rounded.tolist()
    [0.0, 2.0, 3.0]
    >>> rounded.sum().backward()
    >>> x.grad.tolist(), clip.grad.item()
    ([1.0, 1.0, 0.0], 1.0)

    See [choi2018pact], section 3.
    """
    rounded: Tensor = _LearnedClip.apply(x, clip, levels, name)
    return rounded


class _Instead(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, other: Tensor) -> Tensor:
        return other.clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return grad, None


class _LearnedStep(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        step: Tensor,
        lowest: float,
        highest: float,
        factor: float,
        name: str,
    ) -> Tensor:
        codes = (x / step).round_().clamp_(lowest, highest)
        learns = ctx.needs_input_grad[1]
        ctx.save_for_backward(x, step, *([codes] if learns else []))
        ctx.ends, ctx.factor, ctx.name = (lowest, highest), factor, name
        return codes * step

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:  # type: ignore[override]
        x, step, *codes = ctx.saved_tensors
        quotient = x / step  # once more: time is spent on memory, not on this
        # 0 outside of lowest < quotient < highest, in one pass
        inside = torch.ops.aten.hardtanh_backward(grad, quotient, *ctx.ends)
        if not codes:
            return inside, None, None, None, None, None
        # grad * (code - quotient) inside, grad * code outside
        if step.ndim == 0:
            of_step = _dot(grad, codes[0]) - _dot(inside, quotient)
        else:
            each = (grad * codes[0]).addcmul_(inside, quotient, value=-1)
            of_step = each.sum_to_size(step.shape)
        _require_finite_gradient(ctx.name, of_step)
        return inside, of_step * ctx.factor, None, None, None, None


class _LearnedClip(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, clip: Tensor, levels: int, name: str
    ) -> Tensor:
        ctx.save_for_backward(x, clip)
        ctx.name = name
        step = clip / levels
        return (x / step).round_().clamp_(0, levels).mul_(step)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:  # type: ignore[override]
        x, clip = ctx.saved_tensors
        inside = torch.ops.aten.hardtanh_backward(grad, x, 0.0, clip.item())
        of_clip = _dot(grad, (x >= clip).to(grad.dtype))
        _require_finite_gradient(ctx.name, of_clip)
        return inside, of_clip, None, None


def _dot(one: Tensor, other: Tensor) -> Tensor:
    """Sum the products of all numbers; without a pass more if it can be."""
    for layout in (torch.contiguous_format, torch.channels_last):
        if one.ndim != 4 and layout == torch.channels_last:
            break
        both = one, other
        if all(x.is_contiguous(memory_format=layout) for x in both):
            # as they lie in memory, (numbers,)
            flat = [x.as_strided((x.numel(),), (1,)) for x in both]
            return torch.dot(*flat)
    return (one * other).sum()


def _require_finite_gradient(name: str, gradient: Tensor) -> None:
    if not gradient.isfinite().all():
        got = "NaN" if gradient.isnan().any() else "infinity"
        raise ValueError(
            f"gradient of {name} must be finite, got {got}: try a smaller "
            "learning rate"
        )
