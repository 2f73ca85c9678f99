"""Checks for the exercises of the book: `checks.<name>(your_function)`.

A check prints the properties that an answer has, and raises `CheckFailed` at
the first that it lacks. There is one file per chapter.

uniform_quantization   `quantize`, `row_scales`, `integer_linear`, `int8_rows`,
    `small_model`
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

__all__ = [
    "CheckFailed",
    "int8_rows",
    "integer_linear",
    "quantize",
    "row_scales",
    "small_model",
]
