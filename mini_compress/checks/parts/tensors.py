"""What checks of answers that are tensors of torch share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .attempt import Attempt, show

if TYPE_CHECKING:
    import torch


def as_array(tensor: torch.Tensor) -> np.ndarray:
    """Return a tensor of any type of numbers as an array of float64."""
    return tensor.detach().double().numpy()


def require_tensor(
    attempt: Attempt,
    name: str,
    got: Any,
    shape: tuple[int, ...],
    dtype: torch.dtype,
) -> None:
    """Refuse anything but a tensor of that shape and type."""
    import torch

    expected = f"{name}: {dtype} of shape {tuple(shape)}"
    if not isinstance(got, torch.Tensor):
        attempt.fail(expected, f"{name}: {type(got).__name__}")
    if got.shape != shape or got.dtype != dtype:
        form = f"{got.dtype} of shape {tuple(got.shape)}"
        attempt.fail(expected, f"{name}: {form}")


def leaf_gradients(attempt: Attempt, penalty: torch.Tensor) -> np.ndarray:
    """Return the gradients of all parameters behind a scalar, in a row.

    Scalars are no parameters: a sum may have begun with one.
    """
    import torch

    if penalty.grad_fn is None:
        attempt.fail("a tensor with a gradient", show(penalty))
    leaves: dict[int, torch.Tensor] = {}
    nodes, seen = [penalty.grad_fn], set()
    while nodes:
        node = nodes.pop()
        if node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable") and node.variable.ndim:
            leaves[id(node.variable)] = node.variable
        nodes += [before for before, _ in node.next_functions if before]
    gradients = torch.autograd.grad(penalty, list(leaves.values()))
    return as_array(torch.cat([g.flatten() for g in gradients]))
