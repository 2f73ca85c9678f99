"""Training a network, and telling how good it is."""

from .evaluation import evaluate, predict, require_unseen
from .loop import Epoch, Training, count_steps, train
from .steps import Batch, Loss, Step, cross_entropy, warm_cosine

__all__ = [
    "Batch",
    "Epoch",
    "Loss",
    "Step",
    "Training",
    "count_steps",
    "cross_entropy",
    "evaluate",
    "predict",
    "require_unseen",
    "train",
    "warm_cosine",
]
