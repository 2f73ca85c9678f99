"""A teacher to ask about, and whether it is as it was."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .attempt import Attempt, show
from .tensors import as_array, require_tensor
from .values import is_same

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

IMAGES, CLASSES = 6, 3


class Asked(NamedTuple):
    """What an answer gave, and the teacher before and after.

    logits : (n, classes) float32, as the answer gave them
    expected : (n, classes) float64, of the evaluation mode
    gradients : whether torch still notes gradients
    """

    logits: Tensor
    expected: np.ndarray
    before: nn.Module
    after: nn.Module
    gradients: bool


def ask_teacher(
    attempt: Attempt, *, training: bool = True, frozen: bool = False
) -> Asked:
    """Call an answer with a teacher of dropout and batch normalization.

    training : its mode
    frozen : whether its batch normalization is in evaluation mode anyhow

    The answer gets the teacher itself, not a copy, or it could do no harm.
    Its random numbers are the same each time, and gradients are noted again
    afterwards, whatever it did.
    """
    import torch

    with torch.random.fork_rng(), torch.enable_grad():
        torch.manual_seed(0)
        teacher = _make_teacher().train(training)
        if frozen:
            teacher[1].eval()
        images = torch.randn(IMAGES, 4)
        before = copy.deepcopy(teacher)
        with torch.no_grad():
            expected = as_array(copy.deepcopy(teacher).eval()(images))
        _hand_over(teacher)
        got = attempt.call(teacher, images)
        noted = torch.is_grad_enabled()
    require_tensor(attempt, "logits", got, (IMAGES, CLASSES), torch.float32)
    return Asked(got, expected, before, teacher, noted)


def require_kept(
    attempt: Attempt, read: Callable[[nn.Module], Any], asked: Asked
) -> None:
    """Refuse a teacher in which something is no longer as it was.

    read : what is to be the same, such as `modes_of`
    """
    before, after = read(asked.before), read(asked.after)
    if not is_same(before, after):
        attempt.fail(show(before), show(after))


def modes_of(teacher: nn.Module) -> dict[str, bool]:
    """Return whether each part is in training mode; "" is the whole."""
    return {name: part.training for name, part in teacher.named_modules()}


def statistics_of(teacher: nn.Module) -> dict[str, Tensor]:
    """Return all that batch normalization keeps of the batches it saw."""
    return dict(teacher.named_buffers())


def trained_parameters(teacher: nn.Module) -> list[str]:
    """Name the parameters that ask for a gradient."""
    return [name for name, x in teacher.named_parameters() if x.requires_grad]


def _make_teacher() -> nn.Sequential:
    from torch import nn

    norm = nn.BatchNorm1d(8)
    # not what a batch of its own would have
    nn.init.constant_(norm.get_buffer("running_mean"), 1.0)
    nn.init.constant_(norm.get_buffer("running_var"), 4.0)
    layers = nn.Linear(4, 8), norm, nn.Dropout(0.5), nn.Linear(8, CLASSES)
    return nn.Sequential(*layers)


def _hand_over(module: nn.Module) -> None:
    """Let the next deep copy be the module itself; later ones are copies."""

    def stay(memo: dict) -> nn.Module:
        del vars(module)["__deepcopy__"]
        return module

    vars(module)["__deepcopy__"] = stay
