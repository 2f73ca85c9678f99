"""Block formats, encoded value by value.

Those of small floats follow their definitions, Q4_0 and Q8_0 follow GGUF, and
K-quants take what this package's encoder takes.
"""

import numpy as np

from ..floats import E4M3FN, E8M0
from .block_formats import ELEMENTS, NF4, number_of
from .block_layouts import LAYOUTS, write
from .codes import clamp
from .floats import encode_float

__all__ = ["encode_blocks"]

f32 = np.float32


def encode_blocks(values, format) -> np.ndarray:
    """Choose each block's scales and codes; zeros fill the last one."""
    layout = LAYOUTS[format]
    zeros = [f32(0)] * (-values.size % layout.size)
    flat = [*values.flat, *zeros]
    rows = [
        flat[start : start + layout.size]
        for start in range(0, len(flat), layout.size)
    ]
    if format == "nf4_double":
        return encode_nested(rows)
    head = np.zeros(0, f32)
    if format == "nvfp4":
        peak = max((abs(x) for x in flat), default=f32(0))
        head = np.array([f32(peak / 2688) or 1], f32)
        rows = [[x / head[0] for x in row] for row in rows]
    blocks = []
    for row in rows:
        blocks.append(np.zeros(layout.num_bytes, np.uint8))
        if format in ELEMENTS:
            encode_elements(blocks[-1], row, format)
        elif layout.scale_bits:
            encode_k(blocks[-1], row, layout)
        else:
            encode_even(blocks[-1], row, format)
    return np.concatenate([head.view(np.uint8), *blocks])


def encode_elements(block, row, format) -> None:
    """Fill a block of small floats: per group its scale, then its codes."""
    layout, element = LAYOUTS[format], ELEMENTS[format]
    kind = E4M3FN if format == "nvfp4" else E8M0
    exact = f32 if kind is E4M3FN else float  # in which x / scale is rounded
    for group in range(layout.size // layout.group):
        start = group * layout.group
        own = row[start : start + layout.group]
        peak = max(abs(x) for x in own)
        wanted = peak / f32(6)
        if kind is E8M0:
            power = exponent(peak) - exponent(element.largest)
            wanted = 2.0 ** max(power, -127) if peak else 2.0**-127
        code = int(encode_float(np.array([wanted]), kind)[0])
        write(block, layout.scale(group), code)
        scale = exact(number_of(code, kind))
        for i, x in enumerate(own, start):
            part = np.array([x / scale if scale else 0 * x])
            write(block, layout.code(i), int(encode_float(part, element)[0]))


def encode_even(block, row, format) -> None:
    """Fill a block of Q4_0, Q8_0 or NF4."""
    peak = max(row, key=abs)
    steps = {"q4_0": f32(-8), "q8_0": f32(127), "nf4": f32(1)}[format]
    scale = (peak if format == "q4_0" else abs(peak)) / steps
    inverse = f32(1) / scale if scale else f32(0)
    if format == "q4_0":
        codes = [min(int(x * inverse + f32(8.5)), 15) for x in row]
    elif format == "q8_0":
        codes = [round_away(x * inverse) % 256 for x in row]
    else:
        codes = [nearest_level(x / scale if scale else f32(0)) for x in row]
    number = np.array([scale], "<f4" if format == "nf4" else "<f2")
    block[: number.nbytes] = number.view(np.uint8)
    for i, code in enumerate(codes):
        write(block, LAYOUTS[format].code(i), code)


def encode_k(block, row, layout) -> None:
    """Fill a block of a K-quant: steps, their units, then codes."""
    ends = -layout.zero, 2**layout.bits - 1 - layout.zero
    rows = [
        [float(x) for x in row[start : start + layout.group]]
        for start in range(0, layout.size, layout.group)
    ]
    ranges = layout.minimum_unit is not None
    fitted = [fit(own, ends, ranges) for own in rows]
    half = 2 ** (layout.scale_bits - 1)
    scale_ends = (-half, half - 1)
    if layout.scale_zero == 0:
        scale_ends = 0, 2 * half - 1
    steps = store(block, layout.unit, [x for x, _ in fitted], scale_ends)
    none = [(0, f32(0))] * len(rows)
    minima = none
    if ranges:
        chosen = [x for _, x in fitted]
        minima = store(block, layout.minimum_unit, chosen, scale_ends)
    for group, own in enumerate(rows):
        (code, step), (low_code, low) = steps[group], minima[group]
        write(block, layout.scale(group), code + (layout.scale_zero or 0))
        if ranges:
            write(block, layout.minimum(group), low_code)
        for i, x in enumerate(own, group * layout.group):
            moved = f32(x) + low
            near = clamp(round(float(moved / step)) if step else 0, *ends)
            write(block, layout.code(i), near + layout.zero)


def fit(own, ends, with_minimum) -> tuple[float, float]:
    """Try ranges from all of a group's down to 60 % of it."""
    best, least = (0.0, 0.0), np.inf
    low, high = min(*own, 0.0), max(*own, 0.0)
    peak = max(own, key=abs)
    for percent in range(100, 55, -5):
        part = percent / 100
        step, minimum = peak * part / ends[0] if ends[0] else 0.0, 0.0
        if with_minimum:
            step, minimum = (high - low) * part / ends[1], -low * part
        error = 0.0
        for x in own:
            code = round((x + minimum) / step) if step else 0
            error += (step * clamp(code, *ends) - minimum - x) ** 2
        if error < least:
            best, least = (step, minimum), error
    return best


def store(block, start, numbers, ends) -> list[tuple[int, np.float32]]:
    """Write the unit; return each number's code and what it stands for."""
    furthest = max(ends, key=abs)
    unit = np.array([max(numbers, key=abs) / furthest], "<f2")
    block[start : start + 2] = unit.view(np.uint8)
    real = float(unit[0])
    codes = [clamp(round(x / real) if real else 0, *ends) for x in numbers]
    return [(code, f32(unit[0]) * f32(code)) for code in codes]


def encode_nested(rows) -> np.ndarray:
    """Encode NF4's scales by their distance from the mean, then the values."""
    layout = LAYOUTS["nf4_double"]
    scales = np.array([max(abs(x) for x in row) for row in rows], f32)
    mean, steps, blocks = scales.mean(dtype=f32) if rows else f32(0), [], []
    for start in range(0, len(rows), 256):
        off = scales[start : start + 256] - mean
        steps.append(np.abs(off).max() / f32(128))
        for row, x in zip(rows[start : start + 256], off, strict=True):
            code = round(float(x / steps[-1])) if steps[-1] else 0
            code = clamp(code, -128, 127)
            scale = f32(code) * steps[-1] + mean
            block = np.zeros(layout.num_bytes, np.uint8)
            write(block, layout.scale(0), code)
            for i, value in enumerate(row):
                level = nearest_level(value / scale if scale else f32(0))
                write(block, layout.code(i), level)
            blocks.append(block)
    head = np.array([mean, *steps], "<f4").view(np.uint8)
    return np.concatenate([head, *blocks])


def exponent(number) -> int:
    """Return floor(log2(number))."""
    return int(np.frexp(f32(number))[1]) - 1


def round_away(x) -> int:
    """Round half away from 0."""
    whole = int(x)
    return whole + int(2 * (float(x) - whole))


def nearest_level(x) -> int:
    """Return the nearest of NF4's levels, the lower one of two."""
    return min(range(16), key=lambda i: (abs(NF4[i] - x), i))
