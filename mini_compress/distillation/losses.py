"""Losses that pull a student towards what its teacher answers.

The same as in `kernels.soft_targets`, on tensors, with gradients for the
student. What the teacher said is taken as given: no gradient flows into it.
"""

import torch
from torch import Tensor
from torch.nn import functional

from .._require import require_equal, require_number
from ..kernels.soft_targets import require_temperature


def soft_target_loss(
    student_logits: Tensor, teacher_logits: Tensor, *, temperature: float
) -> Tensor:
    """Say how far a student is from its teacher's soft targets, in nats.

    student_logits, teacher_logits : (n, classes) floats on one device, n >= 1
    temperature : of both, above 0
    returns : T**2 times the mean over the n images of KL(teacher, student),
        which sums over the classes

    >>> teacher = torch.tensor([[6.0, 3.0, 0.0, 0.0]])
    >>> student = torch.tensor([[2.0, 2.0, 1.0, 0.0]])
    >>> loss = soft_target_loss(student, teacher, temperature=4)
    >>> round(loss.item(), 4)
    1.9444

    See [hinton2015distilling], section 2, and
    `kernels.soft_targets.soft_target_loss`.
    """
    log_q, log_p = _log_softmax(student_logits, teacher_logits, temperature)
    # "mean" would divide by the number of classes, too
    divergence = functional.kl_div(
        log_q, log_p, reduction="batchmean", log_target=True
    )
    return temperature**2 * divergence


def decoupled_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    labels: Tensor,
    *,
    temperature: float,
    others_weight: float = 8.0,
) -> Tensor:
    """Weigh apart what is said of the target class, and of the others.

    student_logits, teacher_logits : (n, classes) floats, two classes or more
    labels : (n,) int64, the target class of each image
    others_weight : of the other classes among themselves, >= 0. In
        `soft_target_loss` each image has a weight of its own there, which is
        1 minus what the teacher gives to its target class.
    returns : T**2 times the mean over images of target + others_weight *
        others, as `kernels.soft_targets.decouple` splits them

    >>> teacher = torch.tensor([[6.0, 3.0, 0.0, 0.0]])
    >>> student = torch.tensor([[2.0, 2.0, 1.0, 0.0]])
    >>> labels = torch.tensor([0])
    >>> p = torch.softmax(teacher / 4, dim=1)[0, 0].item()
    >>> loss = decoupled_loss(
    ...     student, teacher, labels, temperature=4, others_weight=1 - p
    ... )
    >>> round(loss.item(), 4)  # soft_target_loss
    1.9444

    See [zhao2022decoupled], equation 7, where this weight is beta, and alpha
    is 1.
    """
    log_q, log_p = _log_softmax(student_logits, teacher_logits, temperature)
    require_equal("shape of labels", (len(log_q),), tuple(labels.shape))
    others_weight = require_number("others_weight", others_weight, 0)
    columns = labels.unsqueeze(1)  # (n, 1)
    target = _divergence(
        _target_or_not(log_p, columns), _target_or_not(log_q, columns)
    )
    others = _divergence(_others(log_p, columns), _others(log_q, columns))
    return temperature**2 * (target + others_weight * others).mean()


def _log_softmax(
    student_logits: Tensor, teacher_logits: Tensor, temperature: float
) -> tuple[Tensor, Tensor]:
    """Return the logarithms of both softmaxes; refuse what does not fit."""
    require_temperature(temperature)
    require_logits(student_logits, teacher_logits)
    return (
        functional.log_softmax(student_logits / temperature, dim=1),
        functional.log_softmax(teacher_logits.detach() / temperature, dim=1),
    )


def require_logits(student: Tensor, teacher: Tensor) -> None:
    """Refuse logits of different classes, images or devices, and NaN.

    >>> require_logits(torch.zeros(8, 10), torch.zeros(8, 100))
    Traceback (most recent call last):
    ValueError: teacher must have the student's 10 classes, got 100
    """
    if student.ndim != 2 or student.numel() == 0:
        shape = tuple(student.shape)
        raise ValueError(f"student's logits must be (n, classes), got {shape}")
    if teacher.ndim == 2 and teacher.shape[1] != student.shape[1]:
        raise ValueError(
            f"teacher must have the student's {student.shape[1]} classes, "
            f"got {teacher.shape[1]}"
        )
    require_equal(
        "shape of the teacher's logits",
        tuple(student.shape),
        tuple(teacher.shape),
    )
    require_equal("device of the teacher", student.device, teacher.device)
    require_finite_logits("teacher", teacher)


def require_finite_logits(who: str, logits: Tensor) -> None:
    """Refuse NaN and infinity in what the teacher or the student says.

    >>> require_finite_logits("student", torch.tensor([[1.0, torch.nan]]))
    Traceback (most recent call last):
    ValueError: student's logits must be finite, got NaN
    """
    if not logits.isfinite().all():
        got = "NaN" if logits.isnan().any() else "infinity"
        raise ValueError(f"{who}'s logits must be finite, got {got}")


def _target_or_not(log_p: Tensor, columns: Tensor) -> Tensor:
    """Return (n, 2) logarithms: of the target class, of all others."""
    others = log_p.scatter(1, columns, -torch.inf)
    # log(1 - p) would lose all digits where p is near 1
    return torch.cat(
        [log_p.gather(1, columns), others.logsumexp(dim=1, keepdim=True)], dim=1
    )


def _others(log_p: Tensor, columns: Tensor) -> Tensor:
    """Return (n, classes - 1) logarithms that add up to 1 by themselves."""
    n, classes = log_p.shape
    is_other = torch.ones_like(log_p, dtype=torch.bool)
    is_other.scatter_(1, columns, False)
    others = log_p[is_other].reshape(n, classes - 1)  # row by row, in order
    return functional.log_softmax(others, dim=1)


def _divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return KL(p, q) of each row, (n,)."""
    return functional.kl_div(
        log_q, log_p, reduction="none", log_target=True
    ).sum(dim=1)
