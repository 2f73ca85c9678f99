"""Levels that learn: networks trained with the rounding they will have.

gradients   rounding with a gradient: straight-through, learned steps and clips
weights     how a weight is rounded while it learns
clusters    levels that are re-clustered
outputs     how what a step gives is
methods     which method does what
layer       a layer with its numbers rounded
making      layers of a float network as such
network     `prepare`: a whole network to train
conversion  `to_integer`: the network of integers that it has become
tuning      `train_quantized`: all of it
"""

from .clusters import ClusteredWeight
from .conversion import to_integer
from .gradients import (
    clip_and_round,
    give_instead,
    gradient_factor,
    round_learned_step,
    round_straight_through,
)
from .methods import METHODS
from .network import TrainableNetwork, prepare
from .outputs import (
    KeptGrid,
    LearnedClip,
    LearnedOutputStep,
    MovingRange,
    OutputRounding,
    Seen,
)
from .tuning import TrainedQuantization, penalized, train_quantized
from .weights import (
    BinaryWeight,
    KeptWeight,
    LargestStep,
    LearnedWeightStep,
    Levels,
    TernaryWeight,
    WeightRounding,
)

__all__ = [
    "METHODS",
    "BinaryWeight",
    "ClusteredWeight",
    "KeptGrid",
    "KeptWeight",
    "LargestStep",
    "LearnedClip",
    "LearnedOutputStep",
    "LearnedWeightStep",
    "Levels",
    "MovingRange",
    "OutputRounding",
    "Seen",
    "TernaryWeight",
    "TrainableNetwork",
    "TrainedQuantization",
    "WeightRounding",
    "clip_and_round",
    "give_instead",
    "gradient_factor",
    "penalized",
    "prepare",
    "round_learned_step",
    "round_straight_through",
    "to_integer",
    "train_quantized",
]
