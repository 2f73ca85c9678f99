"""Checks for the exercises of the book: `checks.<name>(your_function)`.

A check prints the properties that an answer has, and raises `CheckFailed` at
the first that it lacks. There is one file per chapter.

measuring              `accuracy_interval`, `count_disputed`, `rules_out`,
    `adjust_p_values`, `weigh_file`, `honest_accuracy`
pruning_during_training   `cubic_sparsity`, `first_final_epoch`, `next_ticket`,
    `regrow`, `slimming_penalty`, `sparse_model`
sparse_kernels         `csr_product`, `pack_n_of_four`, `break_even_density`,
    `relative_index`, `small_first_layer`
structured_pruning     `remove_channels`, `apoz`, `thinned_parameters`,
    `fold_constant`, `small_lenet5`
uniform_quantization   `quantize`, `row_scales`, `integer_linear`, `int8_rows`,
    `small_model`
weight_pruning         `magnitude_mask`, `global_masks`, `masked_step`,
    `round_sparsities`, `layer_sparsities`, `small_lenet300`
why_compress           `conv_macs`, `linear_intensity`, `network_time_ms`,
    `break_even_batch`, `fitting_devices`
core, budgets, named_numbers   what a new check is made of
"""

from .core import CheckFailed
from .measuring import (
    accuracy_interval,
    adjust_p_values,
    count_disputed,
    honest_accuracy,
    rules_out,
    weigh_file,
)
from .pruning_during_training import (
    cubic_sparsity,
    first_final_epoch,
    next_ticket,
    regrow,
    slimming_penalty,
    sparse_model,
)
from .sparse_kernels import (
    break_even_density,
    csr_product,
    pack_n_of_four,
    relative_index,
    small_first_layer,
)
from .structured_pruning import (
    apoz,
    fold_constant,
    remove_channels,
    small_lenet5,
    thinned_parameters,
)
from .uniform_quantization import (
    int8_rows,
    integer_linear,
    quantize,
    row_scales,
    small_model,
)
from .weight_pruning import (
    global_masks,
    layer_sparsities,
    magnitude_mask,
    masked_step,
    round_sparsities,
    small_lenet300,
)
from .why_compress import (
    break_even_batch,
    conv_macs,
    fitting_devices,
    linear_intensity,
    network_time_ms,
)

__all__ = [
    "CheckFailed",
    "accuracy_interval",
    "adjust_p_values",
    "apoz",
    "break_even_batch",
    "break_even_density",
    "conv_macs",
    "count_disputed",
    "csr_product",
    "cubic_sparsity",
    "first_final_epoch",
    "fitting_devices",
    "fold_constant",
    "global_masks",
    "honest_accuracy",
    "int8_rows",
    "integer_linear",
    "layer_sparsities",
    "linear_intensity",
    "magnitude_mask",
    "masked_step",
    "network_time_ms",
    "next_ticket",
    "pack_n_of_four",
    "quantize",
    "regrow",
    "relative_index",
    "remove_channels",
    "round_sparsities",
    "row_scales",
    "rules_out",
    "slimming_penalty",
    "small_first_layer",
    "small_lenet5",
    "small_lenet300",
    "small_model",
    "sparse_model",
    "thinned_parameters",
    "weigh_file",
]
