"""All studies, by name."""

from . import (
    filter_criteria,
    lottery,
    post_training_quantization,
    pruning_during_training,
    slimming,
    sparse_timing,
    timing,
    weight_pruning,
)
from .grid import Study

STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        post_training_quantization.STUDY,
        weight_pruning.STUDY,
        filter_criteria.STUDY,
        pruning_during_training.STUDY,
        slimming.STUDY,
        lottery.STUDY,
        timing.STUDY,
        sparse_timing.STUDY,
    )
}
