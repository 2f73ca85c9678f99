"""All studies, by name."""

from .combined import combinations, deep_compression
from .distillation import (
    attention_distillation,
    distillation,
    hinton,
    multi_step_distillation,
    narrow_networks,
    teacher_size,
    without_a_teacher,
)
from .engine.grid import Study
from .low_rank import factorization, overfitting
from .pruning import (
    filter_criteria,
    lottery,
    pruning_during_training,
    slimming,
    weight_pruning,
)
from .quantization import (
    calibration,
    codebooks,
    number_formats,
    post_training_quantization,
    second_order_rounding,
    trained_levels,
)
from .times import (
    deployed_networks,
    factored_networks,
    machine,
    networks,
    sparse_products,
    training_steps,
)

STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        post_training_quantization.STUDY,
        calibration.STUDY,
        second_order_rounding.STUDY,
        number_formats.STUDY,
        codebooks.STUDY,
        trained_levels.STUDY,
        weight_pruning.STUDY,
        filter_criteria.STUDY,
        pruning_during_training.STUDY,
        slimming.STUDY,
        lottery.STUDY,
        distillation.STUDY,
        hinton.STUDY,
        teacher_size.STUDY,
        multi_step_distillation.STUDY,
        attention_distillation.STUDY,
        narrow_networks.STUDY,
        without_a_teacher.STUDY,
        factorization.STUDY,
        overfitting.STUDY,
        deep_compression.STUDY,
        combinations.STUDY,
        machine.STUDY,
        networks.STUDY,
        sparse_products.STUDY,
        factored_networks.STUDY,
        deployed_networks.STUDY,
        training_steps.STUDY,
    )
}
