"""Training a network, and telling how good it is."""

from .evaluation import evaluate, predict, require_unseen
from .loop import Epoch, Training, count_steps, train
from .steps import Step, warm_cosine

__all__ = [
    "Epoch",
    "Step",
    "Training",
    "count_steps",
    "evaluate",
    "predict",
    "require_unseen",
    "train",
    "warm_cosine",
]
