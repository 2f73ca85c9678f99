"""Distillation: a small network learns from what a large one answers.

What trains gives its result as `.model` beside the rest; ledger, save and
evaluate take either. One name means one thing throughout:

temperature   what logits are divided by before the softmax
weight        of the soft targets, in [0, 1]; the labels have the rest
terms         what else of the teacher is to be matched, with weights of their
              own
"""

from .attention import attention_loss, attention_map, mass_on_ink, matrix_loss
from .distilling import DistillationLoss, distill
from .losses import decoupled_loss, soft_target_loss
from .paths import DistillationPath, Lessons
from .teachers import CachedLogits, Ensemble, ask, cache_logits
from .terms import AttentionTransfer, Hint, MatrixTransfer, Term

__all__ = [
    "AttentionTransfer",
    "CachedLogits",
    "DistillationLoss",
    "DistillationPath",
    "Ensemble",
    "Hint",
    "Lessons",
    "MatrixTransfer",
    "Term",
    "ask",
    "attention_loss",
    "attention_map",
    "cache_logits",
    "decoupled_loss",
    "distill",
    "mass_on_ink",
    "matrix_loss",
    "soft_target_loss",
]
