"""Checks for the exercises of the book: `checks.<name>(your_function)`.

A check prints the properties that an answer has, and raises `CheckFailed` at
the first that it lacks. There is one file per chapter.

measuring              `accuracy_interval`, `count_disputed`, `rules_out`,
    `adjust_p_values`, `weigh_file`, `honest_accuracy`
uniform_quantization   `quantize`, `row_scales`, `integer_linear`, `int8_rows`,
    `small_model`
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
from .uniform_quantization import (
    int8_rows,
    integer_linear,
    quantize,
    row_scales,
    small_model,
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
    "break_even_batch",
    "conv_macs",
    "count_disputed",
    "fitting_devices",
    "honest_accuracy",
    "int8_rows",
    "integer_linear",
    "linear_intensity",
    "network_time_ms",
    "quantize",
    "row_scales",
    "rules_out",
    "small_model",
    "weigh_file",
]
