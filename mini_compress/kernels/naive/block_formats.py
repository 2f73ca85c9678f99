"""Block formats, decoded bit by bit."""

import numpy as np

from ..block_formats.normal_float import LEVELS as NF4
from ..floats import E2M1, E4M3FN, E5M2, E8M0
from .block_layouts import LAYOUTS, read
from .floats import decode_float

__all__ = ["decode_blocks"]

ELEMENTS = {
    "mxfp4": E2M1,
    "mxfp8_e4m3": E4M3FN,
    "mxfp8_e5m2": E5M2,
    "nvfp4": E2M1,
}
f32 = np.float32


def decode_blocks(data, format, count) -> np.ndarray:
    """Read scale, minimum and code of each value."""
    layout, head = LAYOUTS[format], head_bytes(format, count)
    shared = [f32(x) for x in np.frombuffer(data[:head].tobytes(), "<f4")]
    values = np.empty(count, f32)
    for i in range(count):
        number, place = divmod(i, layout.size)
        start = head + number * layout.num_bytes
        block = data[start : start + layout.num_bytes]
        values[i] = value_at(block, place, format, shared, number)
    return values


def value_at(block, i, format, shared, number) -> np.float32:
    """Return value i of a block; shared is what the head holds."""
    layout, group = LAYOUTS[format], i // LAYOUTS[format].group
    code = read(block, layout.code(i))
    if format in ELEMENTS:
        # adding 0 makes 0 of -0, as GGUF has it
        element = number_of(code, ELEMENTS[format]) + f32(0)
        power = E4M3FN if format == "nvfp4" else E8M0
        scaled = element * number_of(read(block, layout.scale(group)), power)
        return scaled * shared[0] if shared else scaled
    if format == "nf4":
        return NF4[code] * np.frombuffer(block[:4].tobytes(), "<f4")[0]
    if format == "nf4_double":
        step = shared[1 + number // 256]
        scale = signed(read(block, layout.scale(0)), 8, None) * step
        return NF4[code] * (f32(scale) + shared[0])
    step = half_at(block, layout.unit)
    if layout.scale_bits:
        scale = read(block, layout.scale(group))
        step *= f32(signed(scale, layout.scale_bits, layout.scale_zero))
    value = step * f32(signed(code, layout.bits, layout.zero))
    if layout.minimum_unit is not None:
        minimum = f32(read(block, layout.minimum(group)))
        value -= half_at(block, layout.minimum_unit) * minimum
    return value


def head_bytes(format, count) -> int:
    """Count the bytes in front of all blocks."""
    blocks = -(-count // LAYOUTS[format].size)
    heads = {"nvfp4": 4, "nf4_double": 4 + 4 * -(-blocks // 256)}
    return heads.get(format, 0)


def number_of(code, format) -> np.float32:
    """Return the number that a code of a float format stands for."""
    return decode_float(np.array([code], format.dtype), format)[0]


def signed(code, bits, zero) -> int:
    """Take off the code of 0, or read two's complement."""
    if zero is not None:
        return code - zero
    return code - 2**bits if code >= 2 ** (bits - 1) else code


def half_at(block, start) -> np.float32:
    """Read a float16."""
    return f32(np.frombuffer(block[start : start + 2].tobytes(), "<f2")[0])
