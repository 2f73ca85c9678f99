"""Pruning: weights, neurons and filters, during and after training.

What computes at once gives the smaller network. What has more to tell, since
it trains or reports, gives it as `.model` beside the rest; ledger, save and
evaluate take either. One name means one thing throughout:

sparsity      share of weights to remove; channel_ratio: of channels
scope         "layer", each by itself, or "global", all together
layers        names of the layers to treat, None for all
images        float32 examples; after the model and what the method cannot do
              without, by position or by name
seed          of what is drawn, 0 unless it is said
"""

from ..allocation import Sensitivity
from .channels.criteria import CRITERIA, score_channels
from .channels.filters import choose_channels, prune_filters
from .channels.groups import PruningGroup, find_groups
from .channels.recalibration import recalibrate_norms
from .channels.report import Pruned, PruningReport
from .channels.slimming import scale_penalty, slimming_loss
from .channels.thinning import mask_channels, thin
from .weights.fine_tuning import (
    Round,
    Rounds,
    fine_tune,
    keep_masked,
    prune_iteratively,
    round_sparsities,
)
from .weights.gradual import prune_gradually
from .weights.lottery import climb_ladder
from .weights.masks import (
    apply_masks,
    magnitude_masks,
    masks_of,
    random_masks,
    sparsity_of,
    taylor_masks,
)
from .weights.regrowth import prune_and_regrow
from .weights.schedules import CubicSchedule
from .weights.sensitivity import scan_sensitivity
from .weights.storage import store_sparse

__all__ = [
    "CRITERIA",
    "CubicSchedule",
    "Pruned",
    "PruningGroup",
    "PruningReport",
    "Round",
    "Rounds",
    "Sensitivity",
    "apply_masks",
    "choose_channels",
    "climb_ladder",
    "find_groups",
    "fine_tune",
    "keep_masked",
    "magnitude_masks",
    "mask_channels",
    "masks_of",
    "prune_and_regrow",
    "prune_filters",
    "prune_gradually",
    "prune_iteratively",
    "random_masks",
    "recalibrate_norms",
    "round_sparsities",
    "scale_penalty",
    "scan_sensitivity",
    "score_channels",
    "slimming_loss",
    "sparsity_of",
    "store_sparse",
    "taylor_masks",
    "thin",
]
