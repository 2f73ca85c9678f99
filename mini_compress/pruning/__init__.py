"""Pruning: weights, neurons and filters, during and after training."""

from .criteria import CRITERIA, score_channels
from .filters import choose_channels, prune_filters
from .fine_tuning import (
    Round,
    fine_tune,
    keep_masked,
    prune_iteratively,
    round_sparsities,
)
from .gradual import prune_gradually
from .groups import PruningGroup, find_groups
from .lottery import Rung, climb_ladder
from .recalibration import recalibrate_norms
from .regrowth import prune_and_regrow
from .report import PruningReport
from .schedules import CubicSchedule
from .sensitivity import Sensitivity, scan_sensitivity
from .slimming import scale_penalty
from .storage import store_sparse
from .thinning import mask_channels, thin
from .weights import (
    apply_masks,
    magnitude_masks,
    masks_of,
    random_masks,
    sparsity_of,
    taylor_masks,
)

__all__ = [
    "CRITERIA",
    "CubicSchedule",
    "PruningGroup",
    "PruningReport",
    "Round",
    "Rung",
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
    "sparsity_of",
    "store_sparse",
    "taylor_masks",
    "thin",
]
