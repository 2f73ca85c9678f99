"""Soft targets as plain loops."""

import math

import numpy as np

__all__ = [
    "attention_map",
    "decouple",
    "soft_target_loss",
    "softmax",
]


def softmax(logits, temperature=1.0) -> np.ndarray:
    """Raise e to each logit over T; divide by what they add up to."""
    out = np.empty(logits.shape)
    for row in np.ndindex(*logits.shape[:-1]):
        largest = max(float(z) for z in logits[row])
        powers = [
            math.exp((float(z) - largest) / temperature) for z in logits[row]
        ]
        out[row] = [power / math.fsum(powers) for power in powers]
    return out


def soft_target_loss(student_logits, teacher_logits, temperature) -> float:
    """Add p * log(p / q) over classes; take the mean over images, times T^2."""
    student = softmax(student_logits, temperature)
    teacher = softmax(teacher_logits, temperature)
    divergences = [
        _divergence(p, q) for p, q in zip(teacher, student, strict=True)
    ]
    return temperature**2 * math.fsum(divergences) / len(divergences)


def decouple(
    student_logits, teacher_logits, labels, temperature
) -> tuple[np.ndarray, np.ndarray]:
    """Compare "target or not", then the other classes made to add up to 1."""
    student = softmax(student_logits, temperature)
    teacher = softmax(teacher_logits, temperature)
    target, others = [], []
    for p, q, label in zip(teacher, student, labels, strict=True):
        rest_p, rest_q = np.delete(p, label), np.delete(q, label)
        sum_p, sum_q = math.fsum(rest_p), math.fsum(rest_q)
        target.append(_divergence([p[label], sum_p], [q[label], sum_q]))
        others.append(_divergence(rest_p / sum_p, rest_q / sum_q))
    return np.array(target), np.array(others)


def attention_map(features) -> np.ndarray:
    """Take the mean square at each position; divide by the map's norm."""
    n, channels, h, w = features.shape
    maps = np.zeros((n, h, w))
    for image in range(n):
        for i, j in np.ndindex(h, w):
            squares = [float(x) ** 2 for x in features[image, :, i, j]]
            maps[image, i, j] = math.fsum(squares) / channels
        norm = math.sqrt(math.fsum(x**2 for x in maps[image].flat))
        if norm > 0:
            maps[image] /= norm
    return maps


def _divergence(p, q) -> float:
    """Return KL(p, q) in nats; what p rules out adds nothing."""
    pairs = zip(p, q, strict=True)
    return math.fsum(a * math.log(a / b) for a, b in pairs if a > 0)
