"""Soft targets: what a teacher says of all classes, and how far a student is.

A network gives a logit z to each class. Divided by a temperature T before the
softmax, they become probabilities that also say which mistakes are small:

    p = softmax(z / T)
    loss = T**2 * mean over images of KL(p of the teacher, p of the student)

Logarithms are natural, so a loss is in nats. All is computed in float64.
"""

import numpy as np

from .._require import (
    require_dtype,
    require_equal,
    require_finite,
    require_int,
    require_kind,
    require_ndim,
    require_number,
)
from .attention_maps import attention_map

__all__ = [
    "attention_map",
    "decouple",
    "log_softmax",
    "soft_target_gradient",
    "soft_target_loss",
    "softmax",
]


def softmax(logits: np.ndarray, *, temperature: float = 1.0) -> np.ndarray:
    """Turn logits into probabilities, softer at a higher temperature.

    logits : (..., classes) float32 or float64, finite
    temperature : above 0; at 1 these are the network's own probabilities
    returns : (..., classes), of the dtype of the logits; each row adds up to 1

    >>> logits = np.array([6.0, 3.0, 0.0, 0.0])
    >>> softmax(logits).round(3)
    array([0.948, 0.047, 0.002, 0.002])
    >>> softmax(logits, temperature=4).round(3)
    array([0.521, 0.246, 0.116, 0.116])

    See [hinton2015distilling], equation 1; loops in `naive.softmax`.
    """
    log_p = _log_softmax("logits", logits, temperature)
    return np.exp(log_p).astype(logits.dtype)


def log_softmax(logits: np.ndarray, *, temperature: float = 1.0) -> np.ndarray:
    """Return the natural logarithms of `softmax`, also where that is 0.

    logits : (..., classes) float32 or float64, finite
    returns : (..., classes), of the dtype of the logits

    >>> log_softmax(np.array([0.0, 10_000.0]))
    array([-10000.,      0.])
    """
    log_p = _log_softmax("logits", logits, temperature)
    with np.errstate(over="ignore"):  # a float32 may be too small for it
        return log_p.astype(logits.dtype)


def soft_target_loss(
    student_logits: np.ndarray,
    teacher_logits: np.ndarray,
    *,
    temperature: float,
) -> float:
    """Say how far a student is from its teacher's soft targets, in nats.

    student_logits, teacher_logits : (n, classes) float32 or float64, finite,
        n >= 1
    temperature : of both, above 0
    returns : T**2 times the mean over the n images of KL(teacher, student),
        which sums over the classes; infinite where the student rules out
        what the teacher does not

    Gradients fall as 1 / T**2 with the temperature; the factor keeps their
    size beside that of the labels' cross-entropy.

    >>> teacher = np.array([[6.0, 3.0, 0.0, 0.0]])
    >>> student = np.array([[2.0, 2.0, 1.0, 0.0]])
    >>> loss = soft_target_loss(student, teacher, temperature=4)
    >>> round(loss, 4)
    1.9444

    See [hinton2015distilling], section 2; loops in `naive.soft_target_loss`.
    torch.nn.functional.kl_div gives the same with reduction="batchmean";
    its "mean" divides by the number of classes once more.
    """
    student, teacher = _both(student_logits, teacher_logits, temperature)
    return float(temperature**2 * _divergence(teacher, student).mean())


def soft_target_gradient(
    student_logits: np.ndarray,
    teacher_logits: np.ndarray,
    *,
    temperature: float,
) -> np.ndarray:
    """Return the gradient of `soft_target_loss` by the student's logits.

    returns : (n, classes) float64: T * (p of the student - p of the teacher)
        / n. For a high temperature it tends to the difference of the logits,
        both centered, over n * classes.

    >>> teacher = np.array([[6.0, 3.0, 0.0, 0.0]])
    >>> student = np.array([[2.0, 2.0, 1.0, 0.0]])
    >>> for temperature in (1, 4, 10_000):
    ...     print(soft_target_gradient(
    ...         student, teacher, temperature=temperature
    ...     ).round(3) + 0.0)
    [[-0.549  0.352  0.145  0.052]]
    [[-0.903  0.197  0.455  0.251]]
    [[-0.75  0.    0.5   0.25]]

    See [hinton2015distilling], equations 2 to 4.
    """
    student, teacher = _both(student_logits, teacher_logits, temperature)
    return temperature * (np.exp(student) - np.exp(teacher)) / len(student)


def decouple(
    student_logits: np.ndarray,
    teacher_logits: np.ndarray,
    labels: np.ndarray,
    *,
    temperature: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Split the divergence of each image: the target class, and the others.

    student_logits, teacher_logits : (n, classes) float32 or float64, finite,
        with two classes at least
    labels : (n,) whole numbers, the target class of each image
    returns : target (n,), the divergence of "target or not", and others (n,),
        that of the other classes among themselves; float64, in nats

    With p, what the teacher gives to the target class, image by image
    KL(teacher, student) = target + (1 - p) * others. So a sure teacher
    silences the others, which decoupled distillation weighs by itself.

    >>> teacher = np.array([[6.0, 3.0, 0.0, 0.0]])
    >>> student = np.array([[2.0, 2.0, 1.0, 0.0]])
    >>> target, others = decouple(student, teacher, [0], temperature=4)
    >>> p = softmax(teacher, temperature=4)[:, 0]
    >>> (4**2 * (target + (1 - p) * others)).round(4)  # soft_target_loss
    array([1.9444])

    See [zhao2022decoupled], equation 7; loops in `naive.decouple`.
    """
    student, teacher = _both(student_logits, teacher_logits, temperature)
    labels = require_kind("labels", labels, "iu", "whole numbers")
    n, classes = student.shape
    require_int("number of classes", classes, 2)
    require_equal("shape of labels", (n,), labels.shape)
    require_int("smallest label", int(labels.min()), 0)
    require_int("largest label", int(labels.max()), 0, classes - 1)
    is_target = np.arange(classes) == labels[:, np.newaxis]  # (n, classes)
    target = _divergence(
        _target_or_not(teacher, is_target), _target_or_not(student, is_target)
    )
    others = [
        log_softmax(
            logits[~is_target].reshape(n, classes - 1).astype(np.float64),
            temperature=temperature,
        )
        for logits in (teacher_logits, student_logits)
    ]
    return target, _divergence(*others)


def require_temperature(temperature: float) -> None:
    """Refuse anything but a number above 0.

    >>> require_temperature(0)
    Traceback (most recent call last):
    ValueError: temperature must be above 0, got 0
    """
    if require_number("temperature", temperature, 0) == 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")


def _both(
    student: np.ndarray, teacher: np.ndarray, temperature: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithms of both; refuse logits that do not fit together.

    student, teacher : (n, classes)
    """
    log_q = _log_softmax("student_logits", student, temperature)
    log_p = _log_softmax("teacher_logits", teacher, temperature)
    require_ndim("student_logits", student, 2)
    require_int("number of images", len(student), 1)
    require_equal("shape of teacher_logits", student.shape, teacher.shape)
    return log_q, log_p


def _log_softmax(
    name: str, logits: np.ndarray, temperature: float
) -> np.ndarray:
    """Return logarithms of probabilities in float64.

    logits : (..., classes)

    The largest logit becomes 0 first: exp of a large one would overflow.
    """
    require_temperature(temperature)
    require_dtype(name, logits, np.float32, np.float64)
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(
            f"{name} must have a last axis of classes, got {logits.shape}"
        )
    require_finite(name, logits)
    wide = logits.astype(np.float64)
    with np.errstate(over="ignore"):  # a logit may be infinitely far behind
        scaled = (wide - wide.max(axis=-1, keepdims=True)) / temperature
    return scaled - np.log(np.exp(scaled).sum(axis=-1, keepdims=True))


def _divergence(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    """Return KL(p, q) of each row; what p rules out adds nothing.

    log_p, log_q : (n, classes) logarithms, also -infinity
    returns : (n,)
    """
    possible = np.exp(log_p) > 0
    difference = np.subtract(
        log_p, log_q, out=np.zeros_like(log_p), where=possible
    )
    return (np.exp(log_p) * difference).sum(axis=1)


def _target_or_not(log_p: np.ndarray, is_target: np.ndarray) -> np.ndarray:
    """Return (n, 2) logarithms: of the target class, of all others.

    log_p, is_target : (n, classes)
    """
    others = np.where(is_target, -np.inf, log_p)
    rest = np.logaddexp.reduce(others, axis=1)  # log(1 - p), without loss
    return np.stack([log_p[is_target], rest], axis=1)
