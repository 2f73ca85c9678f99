"""Checks for the exercises of the book: `checks.<name>(your_function)`.

A check prints the properties that an answer has, and raises `CheckFailed` at
the first that it lacks. There is one file per chapter.

uniform_quantization   `quantize`, `row_scales`, `integer_linear`, `int8_rows`,
    `small_model`
why_compress           `conv_macs`, `linear_intensity`, `network_time_ms`,
    `break_even_batch`, `fitting_devices`
core, budgets          what a new check is made of
"""

from .core import CheckFailed
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
    "break_even_batch",
    "conv_macs",
    "fitting_devices",
    "int8_rows",
    "integer_linear",
    "linear_intensity",
    "network_time_ms",
    "quantize",
    "row_scales",
    "small_model",
]
