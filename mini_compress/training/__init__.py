"""Training a network, and telling how good it is."""

from .augmentation import random_shifts
from .evaluation import evaluate, predict, require_unseen
from .loop import Epoch, Training, count_steps, train
from .steps import (
    Batch,
    Loss,
    Step,
    Transform,
    cross_entropy,
    warm_cosine,
)

__all__ = [
    "Batch",
    "Epoch",
    "Loss",
    "Step",
    "Training",
    "Transform",
    "count_steps",
    "cross_entropy",
    "evaluate",
    "predict",
    "random_shifts",
    "require_unseen",
    "train",
    "warm_cosine",
]
